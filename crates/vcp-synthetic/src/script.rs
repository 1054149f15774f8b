//! The scripts of the scenarios: what is said and done, in which order, and how it ends.
//!
//! Words in braces are replaced: `{name}`, `{business}`, `{street}`, `{slot}`, `{price}`, `{mail}`,
//! `{card}`, `{person}` and `{desk}` (the last two are telephone numbers).

use crate::{
    Scenario,
    call::{Channel, Direction, Ending, Sentiment, Speaker},
};

/// The script of a scenario.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Script {
    /// The direction. `None` if chance decides.
    pub(crate) direction: Option<Direction>,
    /// The channel. `None` if chance decides.
    pub(crate) channel: Option<Channel>,
    pub(crate) language: &'static str,
    pub(crate) steps: &'static [Step],
    /// The number of times that the steps between the first two and the last two are repeated.
    pub(crate) times: usize,
    pub(crate) ending: Ending,
    pub(crate) goal_met: Option<bool>,
    pub(crate) sentiment: Option<Sentiment>,
    pub(crate) summary: Option<&'static str>,
    /// The names of the slots whose values are collected.
    pub(crate) collected: &'static [&'static str],
    /// The intent of the person, in the words of the seeder.
    pub(crate) intent: &'static str,
    /// The estimated value of the call in whole US dollars.
    pub(crate) value_usd: u32,
    /// The answer to the question for consent: `true` in the second turn, `false` if it is refused.
    pub(crate) consents: Option<bool>,
}

/// A step of a script.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    /// A side says a text.
    Says(Speaker, &'static str),
    /// The agent says a text and is cut off after `heard` words.
    CutOff { text: &'static str, heard: usize },
    /// The agent calls a tool.
    Uses { tool: &'static str, arguments: &'static str, result: &'static str, succeeds: bool },
    /// The agent hands the call over.
    HandsOver,
}

const fn agent(text: &'static str) -> Step {
    Step::Says(Speaker::Agent, text)
}

const fn user(text: &'static str) -> Step {
    Step::Says(Speaker::User, text)
}

const fn uses(tool: &'static str, arguments: &'static str, result: &'static str) -> Step {
    Step::Uses { tool, arguments, result, succeeds: true }
}

const fn fails(tool: &'static str, arguments: &'static str, result: &'static str) -> Step {
    Step::Uses { tool, arguments, result, succeeds: false }
}

/// An ordinary call: somebody calls, is helped, and hangs up.
const ORDINARY: Script = Script {
    direction: None,
    channel: None,
    language: "en",
    steps: &[],
    times: 1,
    ending: Ending::PersonHungUp,
    goal_met: Some(true),
    sentiment: Some(Sentiment::Positive),
    summary: None,
    collected: &[],
    intent: "appointment_booking",
    value_usd: 0,
    consents: None,
};

/// A call of the agent that reaches nobody.
const UNANSWERED: Script = Script {
    direction: Some(Direction::Outbound),
    channel: Some(Channel::Phone),
    goal_met: None,
    sentiment: None,
    intent: "appointment_reminder",
    ..ORDINARY
};

/// Returns the script of a scenario. `variant` chooses between several.
pub(crate) fn script(scenario: Scenario, variant: usize) -> Script {
    match scenario {
        Scenario::BookedService => BOOKED_SERVICE,
        Scenario::LiveTransfer => LIVE_TRANSFER,
        Scenario::ScheduledCallback => SCHEDULED_CALLBACK,
        Scenario::QuoteRequested => QUOTE_REQUESTED,
        Scenario::OutOfServiceArea => OUT_OF_SERVICE_AREA,
        Scenario::SpamFiltered => SPAM_FILTERED,
        Scenario::NoShowCancel => NO_SHOW_CANCEL,
        Scenario::EmergencyService => EMERGENCY_SERVICE,
        Scenario::Voicemail => VOICEMAIL,
        Scenario::NoAnswer => NO_ANSWER,
        Scenario::Busy => BUSY,
        Scenario::Silence => SILENCE,
        Scenario::ProviderError => PROVIDER_ERROR,
        Scenario::Quota => QUOTA,
        Scenario::ToolFailure => TOOL_FAILURE,
        Scenario::BargeIn => BARGE_IN,
        Scenario::TwoHours => TWO_HOURS,
        Scenario::OtherLanguage => LANGUAGES.get(variant % LANGUAGES.len().max(1)).copied().unwrap_or(ORDINARY),
        Scenario::PersonalData => PERSONAL_DATA,
        Scenario::OptOut => OPT_OUT,
    }
}

const BOOKED_SERVICE: Script = Script {
    steps: &[
        agent("{business}, this is Nora. How can I help?"),
        user("Hi, my air conditioner stopped working this evening."),
        agent("I am sorry to hear that. Where are you?"),
        user("At {street}. My name is {name}."),
        uses("find_slot", r#"{"trade":"cooling","address":"{street}"}"#, r#"{"slot":"{slot}"}"#),
        agent("We can be there {slot}. Does that suit you?"),
        user("Yes, that is perfect."),
        uses("book_slot", r#"{"slot":"{slot}","name":"{name}"}"#, r#"{"booked":true}"#),
        agent("It is booked. You will get a message. Goodbye!"),
        user("Thank you, bye."),
    ],
    summary: Some("{name} reported a broken air conditioner and booked a visit {slot}."),
    collected: &["name", "street", "slot"],
    value_usd: 278,
    ..ORDINARY
};

const LIVE_TRANSFER: Script = Script {
    channel: Some(Channel::Phone),
    steps: &[
        agent("{business}, how can I help?"),
        user("I want to talk to a person about the visit of yesterday."),
        agent("Of course. Your name, please?"),
        user("{name}."),
        uses("find_customer", r#"{"name":"{name}"}"#, r#"{"found":true}"#),
        agent("Thank you. I connect you with our dispatcher."),
        Step::HandsOver,
    ],
    ending: Ending::Transferred,
    summary: Some("{name} asked for a person and was connected with the dispatcher."),
    collected: &["name"],
    intent: "speak_to_tech",
    value_usd: 489,
    ..ORDINARY
};

const SCHEDULED_CALLBACK: Script = Script {
    steps: &[
        agent("{business}, good afternoon."),
        user("Hello, can somebody call me back about my bill?"),
        agent("Gladly. When would be a good time?"),
        user("After five, if possible. I am {name}."),
        uses("schedule_callback", r#"{"name":"{name}","after":"17:00"}"#, r#"{"scheduled":"17:15"}"#),
        agent("We will call you at a quarter past five."),
        user("Good, thanks."),
    ],
    ending: Ending::AgentHungUp,
    sentiment: Some(Sentiment::Neutral),
    summary: Some("{name} wants to be called back about a bill after five."),
    collected: &["name"],
    intent: "callback",
    value_usd: 120,
    ..ORDINARY
};

const QUOTE_REQUESTED: Script = Script {
    steps: &[
        agent("{business}, what can we do for you?"),
        user("What would a new furnace cost, with the installation?"),
        agent("How large is the house?"),
        user("About a hundred and forty square metres."),
        uses("estimate", r#"{"square_metres":140}"#, r#"{"price_usd":{price}}"#),
        agent("That would be about {price} dollars. Shall I send you the quote?"),
        user("Yes, to {mail} please."),
        agent("It is on its way."),
    ],
    summary: Some("The caller asked for the price of a furnace and gets a quote over {price} dollars."),
    collected: &["price", "mail"],
    intent: "quote",
    value_usd: 4200,
    ..ORDINARY
};

const OUT_OF_SERVICE_AREA: Script = Script {
    steps: &[
        agent("{business}, hello."),
        user("Do you also come to the islands?"),
        uses("check_area", r#"{"area":"islands"}"#, r#"{"served":false}"#),
        agent("I am afraid we do not work there."),
        user("Oh, that is a pity. Bye then."),
    ],
    goal_met: Some(false),
    sentiment: Some(Sentiment::Negative),
    summary: Some("The caller lives outside the service area."),
    intent: "service_request",
    ..ORDINARY
};

const SPAM_FILTERED: Script = Script {
    direction: Some(Direction::Inbound),
    steps: &[
        agent("{business}, how can I help?"),
        user("Congratulations, you have won a free listing in our directory!"),
        agent("We do not want this. Goodbye."),
    ],
    ending: Ending::AgentHungUp,
    goal_met: Some(false),
    sentiment: Some(Sentiment::Neutral),
    summary: Some("A caller tried to sell a listing."),
    intent: "spam",
    ..ORDINARY
};

const NO_SHOW_CANCEL: Script = Script {
    direction: Some(Direction::Outbound),
    channel: Some(Channel::Phone),
    steps: &[
        agent("Hello {name}, this is {business}. Our engineer was at your door this morning."),
        user("Yes, sorry. I do not need you any more."),
        agent("Shall I cancel the appointment?"),
        user("Please do."),
        uses("cancel_slot", r#"{"name":"{name}"}"#, r#"{"cancelled":true}"#),
        agent("It is cancelled. Goodbye."),
    ],
    ending: Ending::AgentHungUp,
    goal_met: Some(false),
    sentiment: Some(Sentiment::Negative),
    summary: Some("{name} was not at home and cancelled the appointment."),
    intent: "appointment_reminder",
    ..ORDINARY
};

const EMERGENCY_SERVICE: Script = Script {
    direction: Some(Direction::Inbound),
    steps: &[
        agent("{business}, emergency line."),
        user("The heating is out and we have a baby here!"),
        agent("I understand. What is the address?"),
        user("{street}. Please hurry."),
        uses("dispatch", r#"{"address":"{street}","priority":"high"}"#, r#"{"minutes":40}"#),
        agent("Somebody will be with you in forty minutes."),
        user("Thank you so much."),
    ],
    summary: Some("The heating is out at {street}. An engineer is on the way."),
    collected: &["street"],
    intent: "emergency",
    value_usd: 650,
    ..ORDINARY
};

const VOICEMAIL: Script = Script {
    steps: &[agent("Hello {name}, this is {business}. Please call us back about your appointment.")],
    ending: Ending::Voicemail,
    summary: Some("A machine answered. The agent left a message."),
    ..UNANSWERED
};

const NO_ANSWER: Script = Script { ending: Ending::NoAnswer, ..UNANSWERED };

const BUSY: Script = Script { ending: Ending::Busy, ..UNANSWERED };

const SILENCE: Script = Script {
    direction: Some(Direction::Inbound),
    steps: &[agent("{business}, how can I help?"), agent("Hello? Is anybody there?")],
    ending: Ending::Silence,
    goal_met: None,
    sentiment: None,
    summary: Some("Nobody spoke."),
    intent: "unknown",
    ..ORDINARY
};

const PROVIDER_ERROR: Script = Script {
    steps: &[agent("{business}, hello."), user("Hi, I have a question about my boiler."), agent("Of course, which")],
    ending: Ending::ModelFailed,
    goal_met: None,
    sentiment: Some(Sentiment::Negative),
    summary: Some("The call broke off."),
    intent: "service_request",
    ..ORDINARY
};

const QUOTA: Script = Script { ending: Ending::Quota, goal_met: None, sentiment: None, intent: "unknown", ..ORDINARY };

const TOOL_FAILURE: Script = Script {
    steps: &[
        agent("{business}, good morning."),
        user("When is my next appointment? I am {name}."),
        fails("find_appointment", r#"{"name":"{name}"}"#, "timeout after 5 s"),
        agent("One moment, I try again."),
        uses("find_appointment", r#"{"name":"{name}"}"#, r#"{"slot":"{slot}"}"#),
        agent("It is {slot}."),
        user("Great, thanks."),
    ],
    summary: Some("{name} asked for the next appointment. A tool failed once."),
    collected: &["name"],
    ..ORDINARY
};

const BARGE_IN: Script = Script {
    steps: &[
        agent("{business}, hello."),
        user("I need a new thermostat."),
        Step::CutOff {
            text: "We have three kinds of thermostats: the simple one, the clever one and the one with a clock.",
            heard: 6,
        },
        user("The simple one, please."),
        Step::CutOff {
            text: "It costs {price} dollars with the installation, and we can come on any weekday.",
            heard: 4,
        },
        user("Fine. Come tomorrow."),
        agent("Tomorrow it is. Goodbye."),
    ],
    summary: Some("The caller ordered a simple thermostat for {price} dollars."),
    collected: &["price"],
    intent: "purchase",
    value_usd: 90,
    ..ORDINARY
};

const TWO_HOURS: Script = Script {
    steps: &[
        agent("{business}, we go through your inventory together now."),
        user("All right, I am in the cellar."),
        agent("What is on the next shelf?"),
        user("Two valves, a pump, and a box of filters that somebody has already opened."),
        agent("Noted. And behind it?"),
        user("Wait a moment, I have to move the ladder. There are eleven metres of copper pipe."),
        agent("That was the last one."),
        user("Finally."),
    ],
    times: 340,
    ending: Ending::MaxDuration,
    goal_met: None,
    sentiment: Some(Sentiment::Neutral),
    summary: Some("An inventory by telephone."),
    intent: "inventory",
    ..ORDINARY
};

const PERSONAL_DATA: Script = Script {
    steps: &[
        agent("{business}. This call is recorded. Is that all right?"),
        user("Yes, that is fine."),
        agent("Who am I speaking with?"),
        user("{name}, {street}."),
        agent("And how can we reach you?"),
        user("By mail: {mail}. Or {person}."),
        agent("How would you like to pay?"),
        user("By card, the number is {card}."),
        uses("store_payment", r#"{"card":"{card}","name":"{name}"}"#, r#"{"stored":true}"#),
        agent("Thank you, {name}. That was all."),
    ],
    summary: Some("{name} of {street} left a mail address and the number of a card."),
    collected: &["name", "street", "mail", "card"],
    consents: Some(true),
    ..ORDINARY
};

const OPT_OUT: Script = Script {
    direction: Some(Direction::Outbound),
    channel: Some(Channel::Phone),
    steps: &[
        agent("Hello, this is {business}. Do you have a minute for our offers?"),
        user("No. Delete my number, and do not record me."),
        agent("I will do that. Goodbye."),
    ],
    goal_met: Some(false),
    sentiment: Some(Sentiment::Negative),
    summary: Some("The person wants no more calls."),
    intent: "opt_out",
    consents: Some(false),
    ..ORDINARY
};

/// The scripts in other languages, in several scripts of writing.
const LANGUAGES: [Script; 8] = [
    Script {
        language: "de",
        steps: &[
            agent("{business}, guten Tag. Was können wir für Sie tun?"),
            user("Grüß Gott, meine Heizung heult wie ein Wolf."),
            agent("Das klingt nach der Pumpe. Passt Ihnen morgen früh?"),
            user("Ja, schön. Auf Wiederhören!"),
        ],
        summary: Some("Eine Heizung heult. Ein Besuch ist für morgen früh vereinbart."),
        ..ORDINARY
    },
    Script {
        language: "fr",
        steps: &[
            agent("{business}, bonjour. Je vous écoute."),
            user("Bonjour, l’eau est glacée depuis hier."),
            agent("Nous passerons cet après-midi, ça ira ?"),
            user("C’est parfait, merci beaucoup."),
        ],
        summary: Some("L’eau est froide depuis hier ; une visite est prévue cet après-midi."),
        ..ORDINARY
    },
    Script {
        language: "es",
        steps: &[
            agent("{business}, ¿en qué puedo ayudarle?"),
            user("¡Hola! Señorita, la caldera no enciende."),
            agent("Mañana a las nueve, ¿le viene bien?"),
            user("Sí, muchísimas gracias."),
        ],
        summary: Some("La caldera no enciende; visita mañana a las nueve."),
        ..ORDINARY
    },
    Script {
        language: "ja",
        steps: &[
            agent("お電話ありがとうございます。ご用件をどうぞ。"),
            user("エアコンが動かなくなりました。"),
            agent("明日の午前中に伺います。"),
            user("はい、お願いします。"),
        ],
        summary: Some("エアコンの故障。明日の午前中に訪問。"),
        ..ORDINARY
    },
    Script {
        language: "zh",
        steps: &[
            agent("您好，请问有什么可以帮您？"),
            user("我家的暖气不热了。"),
            agent("明天上午可以吗？"),
            user("可以，谢谢。"),
        ],
        summary: Some("客户暖气不热，约明天上午上门。"),
        ..ORDINARY
    },
    Script {
        language: "ar",
        steps: &[
            agent("مرحبا، كيف يمكنني مساعدتك؟"),
            user("المكيف لا يعمل منذ الصباح."),
            agent("هل يناسبك غدا في التاسعة؟"),
            user("نعم، شكرا جزيلا."),
        ],
        summary: Some("المكيف لا يعمل، والموعد غدا في التاسعة."),
        ..ORDINARY
    },
    Script {
        language: "hi",
        steps: &[
            agent("नमस्ते, मैं आपकी क्या मदद कर सकती हूँ?"),
            user("मेरा हीटर काम नहीं कर रहा है।"),
            agent("क्या कल सुबह नौ बजे ठीक रहेगा?"),
            user("हाँ, धन्यवाद।"),
        ],
        summary: Some("हीटर खराब है, कल सुबह नौ बजे का समय तय हुआ।"),
        ..ORDINARY
    },
    Script {
        language: "ru",
        steps: &[
            agent("Добрый день, чем могу помочь?"),
            user("Здравствуйте, котёл не включается 😟"),
            agent("Завтра в девять вам удобно?"),
            user("Да, спасибо большое!"),
        ],
        summary: Some("Котёл не включается, визит завтра в девять."),
        ..ORDINARY
    },
];
