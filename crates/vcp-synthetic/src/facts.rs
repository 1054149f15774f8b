//! The facts that a mapping must find in the deliveries of a call, and those that the provider does
//! not tell.

use crate::{
    Call, Channel, Consent, Direction, Ending, Generation, Speaker, Turn,
    call::Row,
    figures::Figures,
    make::TRANSFER,
    message::gap,
    render::{assistable, bland, elevenlabs, openai_realtime, retell, vapi, whole_seconds},
};
use chrono::{DateTime, SecondsFormat, SubsecRound as _, TimeDelta, Utc};
use serde_json::{Value, json};

/// A field of the message that a mapping makes of all deliveries of a call.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Fact {
    /// The JSON Pointer of the field, below `/vcp_payload`.
    pub field: String,
    /// The value. `None` if the provider does not tell it: then the message must not have it.
    ///
    /// A time counts as an instant, in whichever spelling. A number counts by its value.
    pub value: Option<Value>,
}

/// Returns what a mapping must find in the deliveries of a call. The list has the same fields for
/// every call of a generation.
///
/// The deliveries are mapped with default options and merged. For OpenAI all deliveries are
/// assembled. Every delivery is received when it is sent.
///
/// ```
/// use vcp_synthetic::{Call, Generation, Scenario, facts};
/// let call = Call::new(Scenario::Busy, 7, "2026-10-14T12:00:00Z".parse()?);
/// let facts = facts(&call, Generation::Bland);
/// let status = facts.iter().find(|fact| fact.field == "/outcomes/objective/status");
/// assert_eq!(status.and_then(|fact| fact.value.clone()), Some("timeout".into()));
/// # Ok::<(), chrono::ParseError>(())
/// ```
#[must_use]
pub fn facts(call: &Call, generation: Generation) -> Vec<Fact> {
    let told = Told { call, generation, turns: turns(call, generation) };
    let mut facts = Facts(Vec::new());
    told.times(&mut facts);
    told.parties(&mut facts);
    told.outcome(&mut facts);
    told.texts(&mut facts);
    told.consent(&mut facts);
    told.conversation(&mut facts);
    told.tools(&mut facts);
    told.tokens(&mut facts);
    told.models(&mut facts);
    told.beside_data(&mut facts);
    facts.0
}

/// A list of facts that grows.
struct Facts(Vec<Fact>);

impl Facts {
    fn set(&mut self, field: &str, value: Option<impl Into<Value>>) {
        self.0.push(Fact { field: field.to_owned(), value: value.map(Into::into) });
    }

    fn metric(&mut self, name: &str, value: Option<impl Into<Value>>) {
        self.set(&format!("/outcomes/objective/metrics/{name}"), value);
    }
}

/// Returns the turns as the provider tells them. The Live API of OpenAI has no bounds of turns, so
/// neighbouring turns of one side are one.
fn turns(call: &Call, generation: Generation) -> Vec<Turn> {
    let mut turns: Vec<Turn> = Vec::new();
    let mut apart = false;
    for row in call.rows() {
        match (row, turns.last_mut()) {
            (Row::Tool(_), _) => apart = true,
            (Row::Turn(turn), Some(last))
                if generation == Generation::OpenAiLive && last.speaker == turn.speaker && !apart =>
            {
                last.text = format!("{} {}", last.text, turn.text);
                last.words.extend(turn.words.iter().cloned());
            }
            (Row::Turn(turn), _) => {
                turns.push(turn.clone());
                apart = false;
            }
        }
    }
    turns
}

/// A call as a provider tells it.
struct Told<'c> {
    call: &'c Call,
    generation: Generation,
    turns: Vec<Turn>,
}

fn time(at: DateTime<Utc>) -> Value {
    Value::from(at.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}

/// Writes thousandths as a number.
fn thousandths(value: u64) -> Value {
    decimal(value, 3)
}

fn dollars(millionths: u64) -> Value {
    decimal(millionths, 6)
}

/// Writes a number of units of 10^-`decimals`. The text is exact, and so is its nearest double.
fn decimal(units: u64, decimals: u32) -> Value {
    let scale = 10u64.pow(decimals);
    let text = format!("{}.{:0width$}", units / scale, units % scale, width = usize::try_from(decimals).unwrap_or(0));
    text.parse::<f64>().map_or(Value::Null, Value::from)
}

impl Told<'_> {
    fn is(&self, provider: &str) -> bool {
        self.generation.provider() == provider
    }

    fn connected(&self) -> bool {
        self.call.started_at.is_some()
    }

    fn phone(&self) -> bool {
        self.call.channel == Channel::Phone
    }

    /// Returns the start of the call as the provider gives it: ElevenLabs and Bland to the second.
    fn start(&self) -> DateTime<Utc> {
        let start = self.call.time(0);
        if self.is("bland") || self.is("elevenlabs") { start.trunc_subsecs(0) } else { start }
    }

    fn times(&self, facts: &mut Facts) {
        let call = self.call;
        let generation = self.generation;
        let first_sent = || call.deliveries(generation).first().map_or(call.requested_at, |first| first.sent_at);
        let length = TimeDelta::seconds(i64::try_from(whole_seconds(call.duration_ms)).unwrap_or(0));
        let spoken = self.turns.first().zip(self.turns.iter().map(Turn::end_ms).max());
        let start = match generation {
            // Vapi told no start in 2024. The earliest derived start counts (DECISIONS.md 5.11).
            Generation::Vapi2024 => call.requested_at,
            Generation::Vapi | Generation::Bland if !self.connected() => call.requested_at,
            Generation::ElevenLabs | Generation::ElevenLabs2025 if !self.connected() => first_sent().trunc_subsecs(0),
            _ if !self.connected() => first_sent(),
            _ => self.start(),
        };
        let end = match generation {
            _ if !self.connected() => None,
            Generation::Vapi2024 => Some(spoken.map_or(call.time(0), |(_, end)| call.time(end))),
            Generation::Bland | Generation::ElevenLabs | Generation::ElevenLabs2025 => Some(self.start() + length),
            _ => Some(call.ended_at()),
        };
        let duration = match generation {
            Generation::Vapi2024 => spoken.map(|(first, end)| whole_seconds(end - first.start_ms())),
            Generation::Vapi | Generation::ElevenLabs | Generation::ElevenLabs2025 if !self.connected() => None,
            _ => Some(whole_seconds(call.duration_ms)),
        };
        facts.set("/call/call_id", Some(call.id(generation)));
        facts.set("/call/provider", Some(generation.provider()));
        facts.set("/call/start_time", Some(time(start)));
        facts.set("/call/end_time", end.map(time));
        facts.set("/call/duration_sec", duration);
    }

    fn parties(&self, facts: &mut Facts) {
        let (call, generation) = (self.call, self.generation);
        let phone = self.phone();
        let announced = openai_realtime::has_webhook(call);
        let called_out = generation == Generation::OpenAiLive && phone && call.direction == Direction::Outbound;
        let channel = match generation.provider() {
            "openai_realtime" => (announced || called_out).then_some("phone"),
            "assistable" => (phone && generation != Generation::Assistable2024).then_some("phone"),
            _ => Some(call.channel.as_str()),
        };
        let direction = match generation.provider() {
            "openai_realtime" => (announced || called_out).then_some(call.direction.as_str()),
            "assistable" => (phone && generation != Generation::Assistable2024).then_some(call.direction.as_str()),
            "retell" | "elevenlabs" => phone.then_some(call.direction.as_str()),
            _ => Some(call.direction.as_str()),
        };
        let tells_numbers = match generation.provider() {
            "openai_realtime" => announced,
            _ => generation != Generation::Assistable2024,
        };
        facts.set("/call/channel", channel);
        facts.set("/call/direction", direction);
        facts.set("/call/from", call.from().filter(|_| tells_numbers));
        facts.set("/call/to", call.to().filter(|_| tells_numbers));
        let correlation = match generation.provider() {
            "retell" | "vapi" | "elevenlabs" => call.carrier_id.clone(),
            "openai_realtime" => announced.then(|| openai_realtime::webhook_id(call)),
            _ => None,
        };
        facts.set("/call/correlation_id", correlation);
        let contact = matches!(generation, Generation::Assistable | Generation::Assistable2025);
        facts.set("/call/caller_id", contact.then(|| assistable::contact_id(call)));
    }

    fn status(&self) -> &'static str {
        let (call, generation) = (self.call, self.generation);
        let judged = matches!(generation.provider(), "retell" | "vapi" | "elevenlabs")
            || generation == Generation::Assistable2025;
        let after_the_talk = if judged && call.goal_met == Some(false) { "failure" } else { "success" };
        match (call.ending, generation) {
            (Ending::PersonHungUp | Ending::AgentHungUp, _) => after_the_talk,
            (Ending::ModelFailed | Ending::Quota, _) => "error",
            (Ending::NoAnswer | Ending::Busy, _) => "timeout",
            // OpenAI knows nothing of transfers and machines.
            (Ending::Transferred | Ending::Voicemail, _) if self.is("openai_realtime") => "success",
            (Ending::Transferred, _) => "partial",
            // Bland and the Live API do not tell why the call was ended.
            (Ending::Silence, Generation::Bland | Generation::OpenAiLive) => "success",
            (Ending::MaxDuration, Generation::Bland) => "success",
            (Ending::Voicemail | Ending::Silence | Ending::MaxDuration, _) => "timeout",
        }
    }

    fn outcome(&self, facts: &mut Facts) {
        let call = self.call;
        let status = self.status();
        let sentiment = if self.is("retell") || self.is("assistable") { call.sentiment } else { None };
        let (gap, class) = gap(sentiment, status);
        let word = sentiment.map(|sentiment| match self.generation {
            Generation::Assistable => sentiment.as_str(),
            _ => sentiment.capitalised(),
        });
        facts.set("/outcomes/objective/status", Some(status));
        facts.set("/hcr/outcome_status", Some(status));
        facts.set("/outcomes/user_satisfaction_score", sentiment.map(|sentiment| decimal(sentiment.tenths(), 1)));
        facts.set("/outcomes/perceived", Some(word.map_or(json!([]), |word| json!([word]))));
        facts.set("/outcomes/perception_gap/gap_score", Some(decimal(gap, 4)));
        facts.set("/outcomes/perception_gap/gap_class", Some(class));
        let criteria = match call.goal_met {
            Some(met) if self.is("elevenlabs") && self.connected() => json!([{"id": "goal", "met": met}]),
            _ => json!([]),
        };
        facts.set("/outcomes/objective/scored_criteria", Some(criteria));
        let cost = match self.generation {
            Generation::Retell | Generation::Retell2025 => Some(call.cost() - call.models.stt.cost),
            Generation::Vapi | Generation::Vapi2024 | Generation::Bland => Some(call.cost()),
            Generation::ElevenLabs if self.connected() => Some(call.cost()),
            _ => None,
        };
        facts.set("/outcomes/model_outcome_attribution/total_cost_usd", cost.map(dollars));
    }

    fn texts(&self, facts: &mut Facts) {
        let call = self.call;
        let lines = |agent: &str, user: &str| {
            let line =
                |turn: &Turn| format!("{}: {}", if turn.speaker == Speaker::Agent { agent } else { user }, turn.text);
            self.turns.iter().map(line).collect::<Vec<_>>().join("\n")
        };
        let transcript = match self.generation.provider() {
            "retell" => lines("Agent", "User") + "\n",
            "vapi" => lines("AI", "User") + "\n",
            _ => lines("Agent", "User"),
        };
        let mut transcript = Some(transcript).filter(|_| !call.turns.is_empty());
        let mut summary = call.summary.clone().filter(|_| !self.is("openai_realtime"));
        let tells_recording = !self.is("openai_realtime") && !self.is("elevenlabs");
        // Retell sends empty texts, which are not absent (DECISIONS.md 5.6).
        if self.is("retell") && call.turns.is_empty() {
            (transcript, summary) = (Some(String::new()), Some(String::new()));
        }
        facts.set("/artifacts/transcript", transcript);
        facts.set("/hcr/summary", summary);
        facts.set("/artifacts/audio_recording_ref", call.recording_url.clone().filter(|_| tells_recording));
    }

    fn consent(&self, facts: &mut Facts) {
        let call = self.call;
        // Without a fact, consent is granted by default.
        let (status, granted_at) = match (call.consent, self.generation) {
            (Some(Consent::Refused), Generation::Retell | Generation::Retell2025) => ("denied", None),
            (Some(Consent::Refused), Generation::Vapi) => ("pending", None),
            (Some(Consent::Granted { at_ms }), Generation::Vapi) => ("granted", Some(time(call.time(at_ms)))),
            _ => ("granted", None),
        };
        let refused = call.consent == Some(Consent::Refused) && self.generation == Generation::Retell;
        facts.set("/consent/status", Some(status));
        facts.set("/consent/granted_at", granted_at);
        facts.set("/provenance/compliance_flags", Some(if refused { json!(["do_not_call"]) } else { json!([]) }));
    }

    /// Returns whether the payload has rows of the conversation.
    fn has_rows(&self) -> bool {
        match self.generation {
            Generation::Assistable2025 | Generation::Assistable2024 => false,
            // Vapi has a row for the prompt.
            Generation::Vapi | Generation::Vapi2024 => self.connected(),
            _ => !self.turns.is_empty(),
        }
    }

    /// Returns whether every turn has a start and an end.
    fn is_timed(&self) -> bool {
        !self.turns.is_empty() && self.has_rows() && !self.is("elevenlabs") && !self.is("assistable")
    }

    fn conversation(&self, facts: &mut Facts) {
        let figures = Figures(&self.turns);
        let (agent, user) = (Speaker::Agent, Speaker::User);
        let (rows, timed) = (self.has_rows(), self.is_timed());
        facts.metric("total_turns", rows.then_some(self.turns.len()));
        facts.metric("agent_turns", rows.then(|| figures.turns(agent)));
        facts.metric("user_turns", rows.then(|| figures.turns(user)));
        facts.metric("agent_talk_sec", timed.then(|| thousandths(figures.talk_ms(agent))));
        facts.metric("user_talk_sec", timed.then(|| thousandths(figures.talk_ms(user))));
        facts.metric("talk_ratio", figures.talk_ratio().filter(|_| timed).map(thousandths));
        facts.metric("agent_wpm", figures.words_per_minute(agent).filter(|_| timed).map(thousandths));
        facts.metric("user_wpm", figures.words_per_minute(user).filter(|_| timed).map(thousandths));
        // ElevenLabs and OpenAI flag the turns of the agent that were cut off, Vapi counts them.
        let by_person = match self.generation {
            Generation::Vapi => self.connected(),
            Generation::ElevenLabs | Generation::ElevenLabs2025 => rows,
            _ => timed,
        };
        let by_agent = match self.generation {
            Generation::Vapi => self.connected(),
            Generation::ElevenLabs | Generation::ElevenLabs2025 => false,
            _ => timed,
        };
        facts.metric("user_interruptions", by_person.then(|| figures.interruptions_by(user)));
        facts.metric("agent_interruptions", by_agent.then(|| figures.interruptions_by(agent)));
        let told = rows && !self.is("assistable");
        facts.metric("agent_latency_ms_avg", figures.mean_latency().filter(|_| told).map(thousandths));
        facts.metric("agent_latency_ms_p50", figures.latency_percentile(50).filter(|_| told));
        facts.metric("agent_latency_ms_p95", figures.latency_percentile(95).filter(|_| told));
    }

    fn tools(&self, facts: &mut Facts) {
        let call = self.call;
        let tells = !matches!(self.generation, Generation::Assistable2025 | Generation::Assistable2024);
        let tools = if tells { call.tools.as_slice() } else { &[] };
        let tells_failure = matches!(self.generation.provider(), "retell" | "elevenlabs" | "assistable");
        let counted = match self.generation {
            // An empty list of tools says nothing.
            Generation::Assistable => !tools.is_empty(),
            _ => self.has_rows(),
        };
        let failed = tools.iter().filter(|tool| !tool.succeeded && tells_failure).count();
        facts.metric("tool_calls", counted.then_some(tools.len()));
        facts.metric("tool_errors", counted.then_some(failed));
        let entry = |tool: &crate::ToolCall| {
            let at = match self.generation.provider() {
                "elevenlabs" => self.start() + TimeDelta::seconds(i64::try_from(tool.at_ms / 1000).unwrap_or(0)),
                "assistable" => self.start(),
                _ => call.time(tool.at_ms),
            };
            let elevenlabs = self.is("elevenlabs");
            let kind = if elevenlabs && tool.name != TRANSFER { "webhook" } else { "tool_call" };
            let succeeded = tool.succeeded || !tells_failure;
            let mut entry = json!({"capability_id": tool.name, "capability_type": kind, "invoked_at": time(at), "success": succeeded});
            if let Some(members) = entry.as_object_mut() {
                if elevenlabs {
                    members.insert("duration_ms".to_owned(), tool.took_ms.into());
                }
                if !succeeded {
                    members.insert("error_message".to_owned(), tool.result.clone().into());
                }
            }
            entry
        };
        let entries: Vec<Value> = tools.iter().map(entry).collect();
        facts.set("/call/capabilities_invoked", Some(Value::from(entries)));
    }

    fn tokens(&self, facts: &mut Facts) {
        let models = &self.call.models;
        let all = models.prompt_tokens + models.completion_tokens;
        let split = match self.generation {
            Generation::Vapi | Generation::Vapi2024 => true,
            Generation::ElevenLabs | Generation::ElevenLabs2025 => self.connected(),
            Generation::OpenAiRealtime | Generation::OpenAiRealtimeBeta => all > 0,
            _ => false,
        };
        let total = split || (self.is("retell") && all > 0);
        facts.metric("prompt_tokens", split.then_some(models.prompt_tokens));
        facts.metric("completion_tokens", split.then_some(models.completion_tokens));
        facts.metric("total_tokens", total.then_some(all));
    }

    fn models(&self, facts: &mut Facts) {
        let (call, connected) = (self.call, self.connected());
        let models = &call.models;
        let llm_tokens = models.prompt_tokens + models.completion_tokens;
        let transcribed = call.turns.iter().filter(|turn| turn.speaker == Speaker::User);
        let transcribed = transcribed.map(|turn| turn.words.len() * openai_realtime::TOKENS_OF_A_WORD).sum::<usize>();
        let none = || (None, None, None);
        // The name, the cost in millionths of a US dollar, and the tokens of each role.
        type Role = (Option<String>, Option<u64>, Option<u64>);
        let named = |name: &str, cost: Option<u64>, tokens: Option<u64>| (Some(name.to_owned()), cost, tokens);
        let [v2v, llm, stt, tts]: [Role; 4] = match self.generation {
            Generation::Retell | Generation::Retell2025 if connected => [
                none(),
                named(retell::llm_product(call), Some(models.llm.cost), (llm_tokens > 0).then_some(llm_tokens)),
                none(),
                named(&format!("{}_tts", models.tts.name), Some(models.tts.cost), None),
            ],
            Generation::Vapi | Generation::Vapi2024 => [
                none(),
                named(models.llm.name, Some(models.llm.cost), Some(llm_tokens)),
                named(models.stt.name, Some(models.stt.cost), None),
                named(models.tts.name, Some(models.tts.cost), None),
            ],
            Generation::ElevenLabs if connected => [
                none(),
                named(models.llm.name, Some(models.llm.cost), Some(llm_tokens)),
                named(models.stt.name, None, None),
                named(models.tts.name, None, None),
            ],
            Generation::ElevenLabs2025 if connected => {
                [none(), named(models.llm.name, Some(models.llm.cost), Some(llm_tokens)), none(), none()]
            }
            Generation::OpenAiRealtime | Generation::OpenAiRealtimeBeta => [
                named(openai_realtime::REALTIME, None, (llm_tokens > 0).then_some(llm_tokens)),
                none(),
                named(openai_realtime::TRANSCRIPTION, None, (transcribed > 0).then_some(transcribed as u64)),
                none(),
            ],
            Generation::OpenAiLive => [named(openai_realtime::LIVE, None, None), none(), none(), none()],
            _ => [none(), none(), none(), none()],
        };
        for (role, (name, cost, tokens)) in [("V2V", v2v), ("LLM", llm), ("STT", stt), ("TTS", tts)] {
            facts.set(&format!("/model_selection/roles/{role}/chosen"), name);
            let figures = format!("/outcomes/model_outcome_attribution/roles/{role}");
            facts.set(&format!("{figures}/cost_usd"), cost.map(dollars));
            facts.set(&format!("{figures}/tokens_processed"), tokens);
        }
        let lines: &[(&str, u64)] = match self.generation {
            Generation::Retell | Generation::Retell2025 if connected && self.phone() => {
                &[("retell_voice_engine", call.platform_cost), ("twilio_telephony", call.line_cost)]
            }
            Generation::Retell | Generation::Retell2025 if connected => &[("retell_voice_engine", call.platform_cost)],
            Generation::Vapi | Generation::Vapi2024 => &[("transport", call.line_cost), ("vapi", call.platform_cost)],
            Generation::ElevenLabs if connected => &[("platform", call.platform_cost)],
            _ => &[],
        };
        for line in ["retell_voice_engine", "twilio_telephony", "transport", "vapi", "platform"] {
            let cost = lines.iter().find(|(name, _)| *name == line).map(|(_, cost)| dollars(*cost));
            facts.set(&format!("/outcomes/model_outcome_attribution/kpis/cost_usd.{line}"), cost);
        }
    }

    fn beside_data(&self, facts: &mut Facts) {
        let (call, generation) = (self.call, self.generation);
        let transfers = call.transfer.as_ref().and_then(|transfer| {
            let to = &transfer.to;
            let at = call.time(transfer.at_ms);
            Some(match generation {
                Generation::Retell => json!([{"to": to, "at": time(at), "outcome": "transfer_bridged"}]),
                Generation::Retell2025 => json!([{"to": to, "outcome": "transfer_bridged"}]),
                Generation::Vapi => json!([{"to": to, "outcome": "completed"}]),
                Generation::Vapi2024 => json!([{"to": to}]),
                Generation::Bland => json!([{"to": to, "at": time(at)}]),
                Generation::ElevenLabs | Generation::ElevenLabs2025 => {
                    let tool = call.tools.iter().find(|tool| tool.name == TRANSFER)?;
                    let seconds = i64::try_from((tool.at_ms + tool.took_ms) / 1000).unwrap_or(0);
                    let at = self.start() + TimeDelta::seconds(seconds);
                    json!([{"to": to, "at": time(at), "outcome": "transfer_to_number_twilio_success"}])
                }
                _ => return None,
            })
        });
        let collected = |value: &String| match generation.provider() {
            "elevenlabs" => json!({"value": value}),
            _ => value.clone().into(),
        };
        let collected: serde_json::Map<String, Value> =
            call.collected.iter().map(|(name, value)| ((*name).to_owned(), collected(value))).collect();
        let tells = matches!(generation.provider(), "retell" | "vapi" | "bland" | "elevenlabs");
        let agent = match generation.provider() {
            "vapi" => Some(vapi::agent_id(call)),
            "elevenlabs" => Some(elevenlabs::agent_id(call)),
            "retell" => Some(retell::agent_id(call)),
            "bland" => Some(bland::pathway_id(call)),
            _ => (generation == Generation::Assistable).then(|| assistable::assistant_id(call)),
        };
        let place = format!("/custom/provider_specific/{}", generation.provider());
        facts.set(&format!("{place}/transfers"), transfers);
        let analysis = Some(Value::from(collected)).filter(|_| tells && !call.collected.is_empty());
        facts.set(&format!("{place}/analysis"), analysis);
        facts.set(&format!("{place}/agent/id"), agent);
    }
}
