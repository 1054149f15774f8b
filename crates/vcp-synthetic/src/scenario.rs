//! The scenarios: the eight that the specification's seeder publishes, and those that go wrong.

use crate::named::named;

named! {
    "scenario",
    /// A story that a call follows.
    ///
    /// The first eight are those of the specification's seeder (`seeder-usage-v0.3.md`).
    Scenario;
    /// A caller books a repair.
    BookedService = "booked_service",
    /// A caller is handed over to a dispatcher.
    LiveTransfer = "live_transfer",
    /// A caller wants to be called back.
    ScheduledCallback = "scheduled_callback",
    /// A caller asks for a price.
    QuoteRequested = "quote_requested",
    /// A caller lives where the business does not work.
    OutOfServiceArea = "out_of_service_area",
    /// A caller wants to sell something.
    SpamFiltered = "spam_filtered",
    /// The agent calls a customer, who cancels the appointment.
    NoShowCancel = "no_show_cancel",
    /// A caller has an emergency.
    EmergencyService = "emergency_service",
    /// The agent calls, and a machine answers.
    Voicemail = "voicemail",
    /// The agent calls, and nobody answers.
    NoAnswer = "no_answer",
    /// The agent calls, and the line is busy.
    Busy = "busy",
    /// The caller says nothing.
    Silence = "silence",
    /// A model fails during the call.
    ProviderError = "provider_error",
    /// The account has no money left.
    Quota = "quota",
    /// A tool fails, and the agent finds another way.
    ToolFailure = "tool_failure",
    /// The caller interrupts the agent twice.
    BargeIn = "barge_in",
    /// A call of two hours, which ends when its time is over.
    TwoHours = "two_hours",
    /// A conversation in another language.
    OtherLanguage = "other_language",
    /// The caller says a name, an address, a mail address and the number of a card.
    PersonalData = "personal_data",
    /// The caller wants no more calls and no recording.
    OptOut = "opt_out",
}

#[cfg(test)]
mod tests {
    use super::Scenario;

    #[test]
    fn every_name_is_read() {
        for scenario in Scenario::ALL {
            assert_eq!(scenario.name().parse(), Ok(*scenario));
            assert!(scenario.about().ends_with('.'), "{scenario}");
        }
        let error = "booked".parse::<Scenario>().unwrap_err().to_string();
        assert!(error.starts_with("the scenario `booked` is not known: use booked_service, live_transfer,"), "{error}");
    }
}
