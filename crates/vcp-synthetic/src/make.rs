//! Makes a call of a scenario, a seed and a time.

use crate::{
    Scenario,
    call::{
        Call, Channel, Consent, Direction, Ending, Model, Models, Sentiment, Speaker, ToolCall, Transfer, Turn, Word,
    },
    random::Random,
    script::{Script, Step, script},
};
use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};

impl Call {
    /// Makes the call of a scenario that was requested at a time. Fractions of a millisecond are
    /// dropped. The same arguments give the same call.
    ///
    /// Names are invented. Telephone numbers and mail addresses are of ranges that are reserved for
    /// examples, and belong to nobody.
    ///
    /// ```
    /// use vcp_synthetic::{Call, Scenario};
    /// let time = "2026-10-14T12:00:00Z".parse()?;
    /// let call = Call::new(Scenario::BookedService, 7, time);
    /// assert_eq!(call, Call::new(Scenario::BookedService, 7, time));
    /// assert_ne!(call, Call::new(Scenario::BookedService, 8, time));
    /// assert!(call.turns[0].text.ends_with("How can I help?"));
    /// # Ok::<(), chrono::ParseError>(())
    /// ```
    #[must_use]
    pub fn new(scenario: Scenario, seed: u64, requested_at: DateTime<Utc>) -> Self {
        Self::stretched(scenario, seed, requested_at, 100)
    }

    /// Makes a call whose pauses have `percent` of their usual length.
    #[must_use]
    pub fn stretched(scenario: Scenario, seed: u64, requested_at: DateTime<Utc>, percent: u32) -> Self {
        let mut random = Random::new(seed, "people");
        let script = script(scenario, usize::try_from(random.below(1000)).unwrap_or(0));
        let slots = Slots::new(&mut random);
        let channel = script.channel.unwrap_or(if random.chance(80) { Channel::Phone } else { Channel::Web });
        let by_chance = if random.chance(70) { Direction::Inbound } else { Direction::Outbound };
        let direction = match channel {
            Channel::Phone => script.direction.unwrap_or(by_chance),
            Channel::Web => Direction::Inbound,
        };
        let phone = channel == Channel::Phone;
        let requested_at = requested_at.trunc_subsecs(3);
        let rang =
            TimeDelta::milliseconds(if phone { i64::try_from(random.between(900, 12_000)).unwrap_or(0) } else { 0 });

        let mut times = Times::new(Random::new(seed, "times"), percent);
        let talk = Talk::new(&script, &slots, &mut times, seed);
        let connected = script.ending.is_connected();
        let duration_ms = match script.ending {
            Ending::NoAnswer | Ending::Busy => 0,
            Ending::Silence => times.now + 20_000,
            Ending::MaxDuration => times.now.max(7_200_000),
            _ => times.now + times.random.between(120, 1_900),
        };
        let summary = script.summary.map(|text| slots.fill(text));
        let recording = Random::new(seed, "recording").uuid('4');
        let consent = script.consents.map(|consents| match talk.turns.get(1) {
            Some(answer) if consents => Consent::Granted { at_ms: answer.end_ms() },
            _ => Consent::Refused,
        });
        let models = models(&mut Random::new(seed, "models"), &talk.turns);
        let minutes = duration_ms.div_ceil(60_000);
        Self {
            scenario,
            seed,
            direction,
            channel,
            person_number: phone.then(|| slots.person.clone()),
            business_number: phone.then(|| slots.business_number.clone()),
            carrier_id: phone.then(|| format!("CA{}", Random::new(seed, "carrier").hex(32))),
            requested_at,
            started_at: connected.then(|| requested_at + rang),
            duration_ms,
            transfer: talk.transfer_at.map(|at_ms| Transfer { to: slots.desk.clone(), at_ms }),
            models,
            line_cost: if connected && phone { minutes * 8_500 } else { 0 },
            platform_cost: if connected { minutes * 50_000 } else { 0 },
            ending: script.ending,
            goal_met: script.goal_met,
            sentiment: script.sentiment.filter(|_| talk.turns.iter().any(|turn| turn.speaker == Speaker::User)),
            summary,
            recording_url: (!talk.turns.is_empty() && script.consents != Some(false))
                .then(|| format!("https://recordings.example.com/{recording}.wav")),
            consent,
            collected: script.collected.iter().map(|name| (*name, slots.fill(&format!("{{{name}}}")))).collect(),
            language: script.language,
            person_name: slots.name,
            business_name: slots.business,
            turns: talk.turns,
            tools: talk.tools,
        }
    }

    /// Returns the intent of the person and the estimated value in US dollars, which only messages
    /// of older versions have.
    pub(crate) fn intent_and_value(&self) -> (&'static str, u32) {
        let script = script(self.scenario, 0);
        (script.intent, script.value_usd)
    }
}

/// The values that replace the words in braces.
struct Slots {
    name: String,
    business: String,
    street: String,
    slot: String,
    price: String,
    mail: String,
    card: String,
    person: String,
    business_number: String,
    desk: String,
}

const FIRST: &[&str] = &[
    "Aurélie", "Bo", "Chidi", "Dagny", "Emre", "Farah", "Günther", "Hana", "Íris", "Jomo", "Kaito", "Lucía", "Maeve",
    "Nikhil", "Oksana", "Pilar", "Quynh", "Rosalind", "Søren", "Tomasz", "Ulrike", "Vikram", "Wiremu", "Zoé",
];
const LAST: &[&str] = &[
    "Abara",
    "Björk",
    "Castellanos",
    "Dubois",
    "Eriksen",
    "Fernsby",
    "Goldwater",
    "Hartnell",
    "Ivanova",
    "Jansen",
    "Kowalczyk",
    "Łukasik",
    "Marchetti",
    "Nguyen",
    "Okonkwo",
    "Pereira",
    "Quigley",
    "Rasmussen",
    "Sato",
    "Teague",
    "Ueda",
    "Vance",
    "O'Malley",
    "Yıldız",
];
const BUSINESSES: &[&str] = &["Alder Heating", "Birchwood Air", "Cedar & Sons", "Larkspur Home", "Tuckwell Repairs"];
const STREETS: &[&str] = &["Maple Row", "Harbour Lane", "Station Hill", "Orchard Close", "Mill Street"];
const SLOTS: &[&str] =
    &["tomorrow at nine forty", "on Thursday at noon", "this afternoon at three", "on Monday at eight"];

impl Slots {
    fn new(random: &mut Random) -> Self {
        let pick = |random: &mut Random, from: &[&'static str]| random.pick(from).copied().unwrap_or_default();
        let (first, last) = (pick(random, FIRST), pick(random, LAST));
        Self {
            name: format!("{first} {last}"),
            business: pick(random, BUSINESSES).to_owned(),
            street: format!("{} {}", random.between(1, 98), pick(random, STREETS)),
            slot: pick(random, SLOTS).to_owned(),
            price: (random.between(8, 990) * 5).to_string(),
            mail: format!("caller{}@example.org", random.between(1, 9999)),
            // The number of a card that payment companies publish for tests.
            card: "4242 4242 4242 4242".to_owned(),
            person: person_number(random),
            business_number: format!("+12025550{}", random.between(100, 149)),
            desk: format!("+12025550{}", random.between(150, 199)),
        }
    }

    fn fill(&self, text: &str) -> String {
        let slots = [
            ("{name}", &self.name),
            ("{business}", &self.business),
            ("{street}", &self.street),
            ("{slot}", &self.slot),
            ("{price}", &self.price),
            ("{mail}", &self.mail),
            ("{card}", &self.card),
            ("{person}", &self.person),
            ("{desk}", &self.desk),
        ];
        slots.iter().fold(text.to_owned(), |text, (slot, value)| text.replace(slot, value))
    }
}

/// Returns a number that a country reserves for films and examples (North America, the United
/// Kingdom, France, Germany).
fn person_number(random: &mut Random) -> String {
    match random.below(10) {
        0 => format!("+441632960{:03}", random.below(1000)),
        1 => format!("+33199{:06}", random.below(10_000)),
        2 => format!("+493023125{:03}", random.below(1000)),
        _ => format!("+12125550{}", random.between(100, 199)),
    }
}

/// The clock of a conversation.
struct Times {
    random: Random,
    percent: u32,
    now: u64,
}

impl Times {
    fn new(mut random: Random, percent: u32) -> Self {
        let now = random.between(150, 900);
        Self { random, percent, now }
    }

    fn pause(&mut self, low: u64, high: u64) {
        self.now += self.random.between(low, high) * u64::from(self.percent) / 100;
    }

    /// Speaks the pieces of a text one after the other.
    fn speak(&mut self, text: &str) -> Vec<Word> {
        let mut words = Vec::new();
        for piece in pieces(text) {
            let length = u64::try_from(piece.chars().count()).unwrap_or(1);
            let start_ms = self.now;
            self.now += 90 + length * self.random.between(38, 74);
            words.push(Word { text: piece, start_ms, end_ms: self.now });
            self.now += self.random.between(0, 60);
        }
        self.now = words.last().map_or(self.now, |word| word.end_ms);
        words
    }
}

/// Splits a text at white space. A piece without spaces that is longer than ten characters and not
/// of Latin letters is split into threes.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    for word in text.split_whitespace() {
        let letters: Vec<char> = word.chars().collect();
        if letters.len() > 5 && letters.iter().filter(|letter| ('\u{3000}'..'\u{a000}').contains(*letter)).count() > 3 {
            pieces.extend(letters.chunks(3).map(|chunk| chunk.iter().collect::<String>()));
        } else {
            pieces.push(word.to_owned());
        }
    }
    pieces
}

/// The conversation of a call.
#[derive(Default)]
struct Talk {
    turns: Vec<Turn>,
    tools: Vec<ToolCall>,
    transfer_at: Option<u64>,
}

impl Talk {
    fn new(script: &Script, slots: &Slots, times: &mut Times, seed: u64) -> Self {
        let mut talk = Self::default();
        let mut ids = Random::new(seed, "tools");
        let (first, rest) = script.steps.split_at(script.steps.len().min(2));
        let (middle, last) = rest.split_at(rest.len().saturating_sub(2));
        let steps = first.iter().chain(std::iter::repeat_n(middle, script.times).flatten()).chain(last);
        for step in steps {
            talk.step(*step, slots, times, &mut ids);
        }
        talk
    }

    fn step(&mut self, step: Step, slots: &Slots, times: &mut Times, ids: &mut Random) {
        match step {
            Step::Says(speaker, text) => {
                let interrupts = self.turns.last().is_some_and(|turn| turn.cut_off_from.is_some());
                match speaker {
                    _ if self.turns.is_empty() || interrupts => {}
                    Speaker::Agent => times.pause(420, 2_300),
                    Speaker::User => times.pause(150, 3_100),
                }
                let text = slots.fill(text);
                let words = times.speak(&text);
                self.turns.push(Turn { speaker, text, cut_off_from: None, words });
            }
            Step::CutOff { text, heard } => {
                times.pause(420, 2_300);
                let whole = slots.fill(text);
                let heard_text = whole.split_whitespace().take(heard).collect::<Vec<_>>().join(" ");
                let words = times.speak(&heard_text);
                // The person begins to speak while the last word can be heard.
                times.now = words.last().map_or(times.now, |word| u64::midpoint(word.start_ms, word.end_ms));
                self.turns.push(Turn { speaker: Speaker::Agent, text: heard_text, cut_off_from: Some(whole), words });
            }
            Step::Uses { tool, arguments, result, succeeds } => {
                times.pause(80, 400);
                self.tool(tool, slots.fill(arguments), slots.fill(result), succeeds, times, ids);
            }
            Step::HandsOver => {
                times.pause(80, 400);
                let (arguments, result) = (r#"{"number":"{desk}"}"#, r#"{"status":"success"}"#);
                self.tool(TRANSFER, slots.fill(arguments), slots.fill(result), true, times, ids);
                self.transfer_at = Some(times.now);
            }
        }
    }

    fn tool(
        &mut self,
        name: &'static str,
        arguments: String,
        result: String,
        succeeded: bool,
        times: &mut Times,
        ids: &mut Random,
    ) {
        let took_ms = times.random.between(60, 1_900);
        self.tools.push(ToolCall {
            id: format!("call_{}", ids.letters(24)),
            name,
            arguments,
            at_ms: times.now,
            result,
            succeeded,
            took_ms,
            after_turns: self.turns.len(),
        });
        times.now += took_ms;
    }
}

/// The name of the tool that hands a call over.
pub(crate) const TRANSFER: &str = "transfer_to_number";

fn models(random: &mut Random, turns: &[Turn]) -> Models {
    let pick = |random: &mut Random, from: &[&'static str]| random.pick(from).copied().unwrap_or_default();
    let count =
        |speaker| turns.iter().filter(|turn| turn.speaker == speaker).map(|turn| turn.words.len()).sum::<usize>();
    let count = |speaker| u64::try_from(count(speaker)).unwrap_or(0);
    let (said, heard) = (count(Speaker::Agent), count(Speaker::User));
    let answers = if said == 0 { 0 } else { 1 + said / 9 };
    let (prompt_tokens, completion_tokens) = (answers * random.between(310, 900) + heard * 2, said * 2);
    Models {
        llm: Model {
            name: pick(random, &["gpt-4o-mini", "claude-sonnet-4-5", "gemini-2.5-flash"]),
            cost: prompt_tokens / 4,
        },
        stt: Model { name: pick(random, &["nova-3", "scribe_v2"]), cost: heard * 31 },
        tts: Model { name: pick(random, &["eleven_turbo_v2_5", "sonic-3"]), cost: said * 57 },
        prompt_tokens,
        completion_tokens,
    }
}

impl Sentiment {
    /// Returns the word with a capital letter.
    pub(crate) fn capitalised(self) -> &'static str {
        match self {
            Self::Positive => "Positive",
            Self::Neutral => "Neutral",
            Self::Negative => "Negative",
        }
    }
}
