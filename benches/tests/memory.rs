//! A test of the memory that mapping uses beyond its output.

use std::time::{Duration, Instant};
use vcp_benches::{
    Delivery,
    conversation::{PROVIDERS, conversation},
    memory_beyond_output,
};
use vcp_sdk::{
    mapping::{MapOptions, Mapper, Mapping, Registry, SessionEvent},
    schema::{Limits, VcpMessage},
    validate::Validator,
};

#[test]
fn mapping_takes_at_most_the_payload_and_64_kb_beyond_its_output() {
    for (provider, bytes) in
        PROVIDERS.iter().flat_map(|provider| [4_000, 100_000, 1_000_000].map(|bytes| (provider, bytes)))
    {
        let body = conversation(provider, bytes).unwrap();
        let beyond = memory_beyond_output(&Delivery::of(provider), &body).unwrap();
        let length = body.len() as u64;
        println!("{provider}, {length} bytes: {beyond} beyond");
        // The rows of ElevenLabs have the most members that rules read.
        let most = if *provider == "elevenlabs" { length * 3 / 2 } else { length };
        assert!(beyond <= most + (64 << 10), "{provider}: {length} bytes take {beyond}");
    }
}

/// Lists of the smallest rows take at most twelve times what goes in and comes out, and 1 MB.
#[test]
fn small_rows_take_bounded_memory() {
    let shapes = [
        ("retell", r#"{"event":"call_ended","call":{"call_id":"c1","transcript_object":[ROWS]}}"#),
        ("retell", r#"{"event":"call_ended","call":{"call_id":"c1","transcript_with_tool_calls":[ROWS]}}"#),
        ("vapi", r#"{"message":{"type":"end-of-call-report","call":{"id":"v1"},"artifact":{"messages":[ROWS]}}}"#),
        ("vapi", r#"{"message":{"type":"end-of-call-report","call":{"id":"v1"},"costs":[ROWS]}}"#),
        ("bland", r#"{"call_id":"b","corrected_transcript":[ROWS]}"#),
        ("bland", r#"{"call_id":"b","transcripts":[ROWS]}"#),
        (
            "elevenlabs",
            r#"{"type":"post_call_transcription","data":{"conversation_id":"c","status":"done","transcript":[ROWS]}}"#,
        ),
        ("assistable", r#"{"call_id":"a","disconnection_reason":"user_hangup","called_tools":[ROWS]}"#),
    ];
    for (provider, shape) in shapes {
        for row in ["{}", "0", "[]", r#"{"role":1}"#, r#"{"text":1}"#, r#"{"time":1}"#, r#"{"a":1}"#] {
            let rows = vec![row; (2 << 20) / (row.len() + 1)].join(",");
            let body = shape.replace("ROWS", &rows);
            let beyond = memory_beyond_output(&Delivery::of(provider), body.as_bytes()).unwrap();
            // The payload comes out again.
            let (length, most) = (body.len() as u64, 12 * 2 * body.len() as u64 + (1 << 20));
            println!("{provider}, {row}: {beyond} beyond");
            assert!(beyond + length <= most, "{provider}, {row}: {length} bytes take {beyond}");
        }
    }
}

/// A delivery that is refused, because its message would have too many members, takes at most
/// twelve times its bytes, and 16 MB.
#[test]
fn refused_tool_calls_take_bounded_memory() {
    let retell = r#"{"event":"call_ended","call":{"call_id":"c1","transcript_with_tool_calls":[ROWS]}}"#;
    let vapi = r#"{"message":{"type":"end-of-call-report","call":{"id":"v1"},"artifact":{"messages":[ROWS]}}}"#;
    let elevenlabs =
        r#"{"type":"post_call_transcription","data":{"conversation_id":"c","status":"done","transcript":[ROWS]}}"#;
    let assistable = r#"{"call_id":"a","disconnection_reason":"user_hangup","called_tools":[ROWS]}"#;
    let mapper = Mapper::new();
    for (provider, shape, row) in [
        ("retell", retell, r#"{"role":"tool_call_invocation","name":"f"}"#),
        ("retell", retell, r#"{"role":"tool_call_result"}"#),
        ("vapi", vapi, r#"{"role":"tool_calls","toolCalls":[{"id":"a","function":{"name":"f"}}]}"#),
        ("vapi", vapi, r#"{"role":"tool_call_result"}"#),
        ("elevenlabs", elevenlabs, r#"{"tool_results":[{}]}"#),
        ("assistable", assistable, r#"{"name":"a"}"#),
    ] {
        let body = shape.replace("ROWS", &vec![row; (4 << 20) / (row.len() + 1)].join(","));
        let received_at = "2026-11-21T12:00:00Z".parse().unwrap();
        let mut mapped = None;
        let used = allocation_counter::measure(|| mapped = Some(mapper.map(provider, body.as_bytes(), received_at)));
        let refused = mapped.unwrap().map(|_| ()).unwrap_err();
        assert_eq!(refused.code().as_str(), "VCP_E008", "{provider}, {row}: {refused}");
        println!("{provider}, {row}: {} MB", used.bytes_max >> 20);
        let most = 12 * body.len() as u64 + (16 << 20);
        assert!(used.bytes_max <= most, "{provider}, {row}: {} bytes instead of {most}", used.bytes_max);
    }
}

/// A value that is copied beside `data`, and that grows because it is masked, takes at most twelve
/// times the bytes of the delivery, and 1 MB, also if the message becomes too long.
#[test]
fn refused_copies_take_bounded_memory() {
    const LIMIT: usize = 2 << 20;
    let limits = Limits::default().text_bytes(LIMIT);
    let mapper = Mapper::new().options(MapOptions::default().limits(limits));
    let extractions = r#"{"call_id":"a","disconnection_reason":"user_hangup","extractions":{"lead_score":1,ROWS}}"#;
    let list = |name: &str| format!(r#""{name}":[{}]"#, vec!["1"; LIMIT / 2 - 100].join(","));
    let members = |name: &str| {
        let count = LIMIT / (name.len() + 12);
        (0..count).map(|at| format!(r#""{name}{at}":1"#)).collect::<Vec<_>>().join(",")
    };
    let copied = format!(r#""contact_appointment_budget":{{{}}}"#, list("password"));
    for (provider, shape, rows) in [
        ("assistable", extractions, copied),
        ("assistable", extractions, members("contact_budget_meeting")),
        ("assistable", extractions, format!(r#""contact_schedule_budget":"{}""#, "a".repeat(LIMIT - 200))),
        ("bland", r#"{"call_id":"b","variables":{ROWS}}"#, list("token")),
        ("bland", r#"{"call_id":"b","variables":{ROWS}}"#, members("token")),
        ("retell", r#"{"event":"call_ended","call":{"call_id":"c",ROWS}}"#, list("password")),
    ] {
        let body = shape.replace("ROWS", &rows);
        let received_at = "2026-11-21T12:00:00Z".parse().unwrap();
        let mut mapped = None;
        let used = allocation_counter::measure(|| mapped = Some(mapper.map(provider, body.as_bytes(), received_at)));
        let refused = mapped.unwrap().map(|_| ()).unwrap_err();
        let start = rows.get(..40).unwrap_or_default();
        assert!(refused.message().starts_with("the message has at least"), "{provider}, {start}: {refused}");
        println!("{provider}, {start}: {} times", used.bytes_max / body.len() as u64);
        let most = 12 * body.len() as u64 + (1 << 20);
        assert!(used.bytes_max <= most, "{provider}, {start}: {} bytes instead of {most}", used.bytes_max);
    }
}

/// Findings take at most twelve times the message and their text, and 1 MB, also if the name of the
/// provider is long.
#[test]
fn findings_take_bounded_memory() {
    let provider = "p".repeat(1 << 20);
    for version in ["0.5", "0.3"] {
        let text = format!(
            r#"{{"vcp_version":"{version}","vcp_payload":{{"call":{{"provider":"{provider}","capabilities_invoked":[{}]}}}}}}"#,
            vec!["7"; 10_000].join(",")
        );
        let mut report = None;
        let used = allocation_counter::measure(|| report = Some(Validator::new().validate_json(&text, None)));
        let findings = report.unwrap().findings;
        assert!(findings.len() > 5_000, "{version}: {}", findings.len());
        let length: usize = findings.iter().map(|finding| serde_json::to_string(finding).unwrap().len()).sum();
        println!("{version}: {} MB", used.bytes_max >> 20);
        let most = 12 * (text.len() + length) as u64 + (1 << 20);
        assert!(used.bytes_max <= most, "{version}: {} bytes instead of {most}", used.bytes_max);
    }
}

/// A merge takes at most twelve times the messages and its result, and 1 MB, also if they have many
/// small objects that mapping did not make.
#[test]
fn carried_members_take_bounded_memory() {
    let mapper = Mapper::new();
    let message = |event: &str, carried: &str| {
        let body = format!(r#"{{"event":"{event}","call":{{"call_id":"c"}}}}"#);
        let received_at = "2026-11-21T12:00:00Z".parse().unwrap();
        let Ok(Mapping::Call(mapped)) = mapper.map("retell", body.as_bytes(), received_at) else { panic!("a call") };
        let text = mapped.message.to_json();
        VcpMessage::from_json(&format!("{},\"x\":{carried}}}", text.strip_suffix('}').unwrap())).unwrap()
    };
    let wide = |value: &str| {
        let members: Vec<_> = (0..2_000).map(|at| format!("\"{at}\":{value}")).collect();
        format!("{{{}}}", members.join(","))
    };
    let deep = |leaf: &str| wide(&(r#"{"a":"#.repeat(60) + leaf + &"}".repeat(60)));
    for (case, a, b) in [
        ("alone", deep("1"), "{}".to_owned()),
        ("equal", deep("1"), deep("1")),
        ("different", deep("1"), deep("2")),
        ("flat", wide(r#"{"a":1}"#), wide(r#"{"a":2}"#)),
    ] {
        let messages = [message("call_ended", &a), message("call_analyzed", &b)];
        let mut merged = None;
        let used = allocation_counter::measure(|| merged = Some(mapper.merge(&messages)));
        let merged = merged.unwrap().unwrap();
        let length: usize = messages.iter().chain([&merged]).map(|message| message.to_json().len()).sum();
        println!("{case}: {:.1} times", used.bytes_max as f64 / length as f64);
        let most = 12 * length as u64 + (1 << 20);
        assert!(used.bytes_max <= most, "{case}: {} bytes instead of {most}", used.bytes_max);
    }
}

/// The events of a session take at most twelve times what goes in and comes out, and 1 MB.
#[test]
fn small_events_take_bounded_memory() {
    let (mapper, received_at) = (Mapper::new(), "2026-11-21T12:00:00Z".parse().unwrap());
    for event in ["{}", r#"{"a":1}"#, r#"{"type":"x"}"#, r#"{"type":"session.updated"}"#, r#"{"event_id":"e"}"#] {
        let events = vec![SessionEvent::new(received_at, event.as_bytes()); (2 << 20) / (event.len() + 1)];
        let mut mapped = None;
        let used = allocation_counter::measure(|| mapped = Some(mapper.assemble("openai", &events)));
        let mapped = mapped.unwrap().unwrap();
        let given = events.len() * (event.len() + 1);
        let report = serde_json::to_vec(&mapped.report).unwrap().len();
        let most = 12 * (given + mapped.message.to_json().len() + report) as u64 + (1 << 20);
        println!("{event}: {} for {given}, {report} of report", used.bytes_max);
        assert!(used.bytes_max <= most, "{event}: {} bytes instead of {most}", used.bytes_max);
    }
}

/// A session with more items than any conversation has is refused before it takes much memory.
#[test]
fn a_session_of_many_items_is_refused() {
    let (mapper, received_at) = (Mapper::new(), "2026-11-21T12:00:00Z".parse().unwrap());
    for kind in ["response.mcp_call.failed", "response.output_audio.delta", "conversation.item.truncated"] {
        let event = |at: usize| format!(r#"{{"type":"{kind}","item_id":"{at:x}","response_id":"{at:x}"}}"#);
        let events: Vec<String> = (0..60_000).map(event).collect();
        let events: Vec<_> = events.iter().map(|event| SessionEvent::new(received_at, event.as_bytes())).collect();
        let mut result = None;
        let used = allocation_counter::measure(|| result = Some(mapper.assemble("openai", &events)));
        let given: usize = events.iter().map(|event| event.body.len()).sum();
        println!("{kind}: {} MB for {given} bytes", used.bytes_max >> 20);
        let error = result.unwrap().unwrap_err();
        let place = error.path().to_string();
        assert_eq!((error.code().as_str(), place.as_str()), ("VCP_E008", "$.events[20000]"), "{kind}");
        assert!(used.bytes_max <= 12 * given as u64 + (16 << 20), "{kind}: {} bytes", used.bytes_max);
    }
    // All items in one event, also of a response outside of the conversation.
    let items: Vec<_> = (0..100_000).map(|at| format!(r#"{{"id":"{at:x}","type":"mcp_call","error":{{}}}}"#)).collect();
    let items = items.join(",");
    for (kind, response) in [
        ("response.done", format!(r#""response":{{"output":[{items}]}}"#)),
        ("response.done", format!(r#""response":{{"id":"r","conversation_id":null,"output":[{items}]}}"#)),
        ("response.event", format!(r#""event":{{"type":"response.completed","response":{{"output":[{items}]}}}}"#)),
    ] {
        let event = format!(r#"{{"type":"{kind}",{response}}}"#);
        let events = [SessionEvent::new(received_at, event.as_bytes())];
        let mut result = None;
        let used = allocation_counter::measure(|| result = Some(mapper.assemble("openai", &events)));
        println!("{kind}: {} MB for {} bytes", used.bytes_max >> 20, event.len());
        let error = result.unwrap().unwrap_err();
        assert_eq!((error.code().as_str(), error.path().to_string().as_str()), ("VCP_E008", "$.events[0]"), "{kind}");
        assert!(used.bytes_max <= 12 * event.len() as u64 + (16 << 20), "{kind}: {} bytes", used.bytes_max);
    }
}

/// Hostile rule files are refused, or take a bounded memory. None takes long.
#[test]
fn rule_files_take_bounded_memory() {
    const INFO: &str = r#"{"name":"X","company":"X","website":"x","docs_url":"x","api_base_url":"x"}"#;
    let list = |count: usize, each: &dyn Fn(usize) -> String| (0..count).map(each).collect::<Vec<_>>().join(",");
    let provider_of = |detect: &str, events: &str| {
        format!(r#"{{"provider":"x","info":{INFO},"detect":[{detect}],"events":{{{events}}}}}"#)
    };
    let provider = |detects: usize, events: usize| {
        let detect = list(detects, &|at| format!(r#"{{"has":["a{at}"],"at":"b{at}","event":"e0"}}"#));
        let events = list(events, &|at| format!(r#""e{at}":{{"rules":"call","at":"c{at}"}}"#));
        provider_of(&detect, &events)
    };
    let file = |more: &str| format!(r#"{{"provider":"x","name":"call",{more}}}"#);
    let rules = |rules: &str| file(&format!(r#""rules":[{rules}]"#));
    let from = |from: &str| format!(r#"{{"to":"call.from","from":[{from}]}}"#);
    let deep = |at: usize| format!("{at}{}", ".a".repeat(15));
    let rule = |at: usize, path: &str| {
        format!(r#"{{"to":"custom.provider_specific.x.m{at}","from":{{"path":"{path}","as":"number"}}}}"#)
    };
    let models =
        list(1_000, &|at| format!(r#"{{"path":"m{at}","role":"LLM","name":["{0}"],"cost":["x{0}"]}}"#, deep(at)));
    let rows = list(17_000, &|at| format!(r#""{at:x}""#));
    let conversation =
        format!(r#""conversation":{{"rows":{{"path":"r"}},"role":[{rows}],"text":"t","roles":{{"u":"user"}}}}"#);
    let names = |count: usize| list(count, &|at| format!(r#""n{at:x}""#));
    let one = r#"{"has":["a"],"event":"e"}"#;
    let long = "q".repeat(512);
    let uses = |count: usize, path: &str| {
        let sources = list(count, &|_| format!(r#"{{"path":"{path}"}}"#));
        let uses = list(count, &|_| r#"{"use":"l"}"#.to_owned());
        file(&format!(r#""lists":{{"l":[{sources}]}},"rules":[{}]"#, from(&uses)))
    };
    let many_uses = |part: &str| {
        let uses = list(1_500, &|_| r#"{"use":"l"}"#.to_owned());
        file(&format!(r#""lists":{{"l":[{{"path":"a",{part}}}]}},"rules":[{}]"#, from(&uses)))
    };
    let words = names(9_000);
    let sources = list(1_500, &|_| r#"{"path":"a"}"#.to_owned());
    let twins_with_words = format!(r#""twins":{{"of":{{"a":"b"}},"first":{{"path":"c","is":[{words}]}}}}"#);
    let unknown = list(2_000, &|at| format!(r#""u{at:x}zzzz""#));
    let events = list(7_000, &|at| format!(r#""k{at:x}ab":{{}}"#));
    let e = r#""e":{"rules":"call"}"#;
    let twins = list(3_000, &|at| format!(r#"{{"path":"a.{at:x}"}}"#));
    for (name, is_accepted, provider, rules) in [
        ("a long path", false, provider(1, 1), rules(&rule(0, &"a.".repeat(8_000)))),
        (
            "a long path after `note`",
            false,
            provider_of(&format!(r#"{{"has":["note","{}"],"event":"e"}}"#, "a.".repeat(30_000)), e),
            rules(""),
        ),
        (
            "many lists in lists",
            false,
            provider(1, 1),
            file(&format!(r#""rules":[],"transfers":{{"to":["note","{}a"]}}"#, "a[].".repeat(30_000))),
        ),
        ("deep paths", true, provider(1, 1), rules(&list(200, &|at| rule(at, &deep(at))))),
        ("paths of many members", false, provider(1, 1), rules(&list(800, &|at| rule(at, &deep(at))))),
        ("ways × events × rules", false, provider(90, 90), rules(&list(90, &|at| rule(at, "a")))),
        ("ways × rules", true, provider(5, 1), rules(&list(1_000, &|at| rule(at, "a")))),
        ("ways × models", false, provider(3, 1), file(&format!(r#""rules":[],"models":[{models}]"#))),
        ("members of rows", true, provider(1, 1), file(&format!(r#""rules":[],{conversation}"#))),
        (
            "members × places",
            false,
            provider_of(
                &format!(r#"{{"has":[{}],"event":"e"}}"#, names(3_000)),
                &list(600, &|at| format!(r#""{at}":{{"rules":"call","at":"p{at}"}}"#)),
            ),
            rules(""),
        ),
        ("uses × sources", false, provider_of(one, e), uses(1_500, "a")),
        ("uses × excepted words", false, provider_of(one, e), many_uses(&format!(r#""except":[{words}]"#))),
        ("uses × words", false, provider_of(one, e), many_uses(&format!(r#""when":{{"path":"b","is":[{words}]}}"#))),
        ("uses × members", false, provider_of(one, e), many_uses(&format!(r#""as":"earliest","members":[{words}]"#))),
        (
            "uses × words of rows",
            false,
            provider_of(one, e),
            many_uses(&format!(r#""as":"earliest","members":["m"],"rows":{{"path":"b","is":[{words}]}}"#)),
        ),
        (
            "twins × words",
            false,
            provider_of(one, e),
            file(&format!(r#"{twins_with_words},"rules":[{}]"#, from(&sources))),
        ),
        (
            "secrets × members of entries",
            false,
            provider_of(
                one,
                &format!(
                    r#""e":{{"rules":"call"}}}},"secrets":[{}],"tables":{{"#,
                    list(2_000, &|at| format!(r#""a{at}.b""#))
                ),
            ),
            file(&format!(
                r#""rules":[],"models":[{{"path":"m","role":"LLM","cost":[{}]}}]"#,
                list(6_000, &|_| r#""b""#.to_owned())
            )),
        ),
        ("uses × faults", false, provider_of(one, e), uses(1_000, "a..b")),
        (
            "a long place",
            true,
            provider_of(one, &format!(r#""e":{{"rules":"call","at":"{long}"}}"#)),
            file(&format!(r#""rules":[],"transfers":{{"to":[{}]}}"#, names(3_000))),
        ),
        (
            "long twins",
            false,
            provider_of(one, e),
            file(&format!(r#""twins":{{"of":{{"a":"{long}"}}}},"rules":[{}]"#, from(&twins))),
        ),
        (
            "unknown names",
            false,
            provider_of(one, &format!(r#""e":{{"rules":"call","unless":{{"event":[{unknown}]}}}},{events}"#)),
            rules(""),
        ),
    ] {
        let (mut result, begun) = (None, Instant::now());
        let used = allocation_counter::measure(|| {
            result = Some(Registry::empty().register_json(&provider, &[&rules]));
        });
        let (result, bytes) = (result.unwrap(), provider.len() + rules.len());
        let fault =
            result.as_ref().map_or_else(|error| error.to_string().chars().take(160).collect(), |()| String::new());
        println!("{name}, {bytes} bytes: {} MB, {:?}, {fault}", used.bytes_max >> 20, begun.elapsed());
        assert_eq!(result.is_ok(), is_accepted, "{name}: {fault}");
        assert!(used.bytes_max <= 64 << 20, "{name}: {} bytes", used.bytes_max);
        assert!(begun.elapsed() < Duration::from_secs(20), "{name} took {:?}", begun.elapsed());
    }
    let many = |at: usize| {
        let sources = list(43_000, &|_| "{}".to_owned());
        format!(r#"{{"provider":"x","name":"n{at}","rules":[{{"to":"call.call_id","from":[{sources}]}}]}}"#)
    };
    for (count, most) in [(1, 64), (31, 8)] {
        let files: Vec<String> = (0..count).map(many).collect();
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        let mut result = None;
        let used = allocation_counter::measure(|| {
            result = Some(Registry::empty().register_json(&provider(1, 1), &files));
        });
        println!("{count} files: {} MB", used.bytes_max >> 20);
        assert!(result.unwrap().is_err());
        assert!(used.bytes_max <= most << 20, "{count} files: {} bytes", used.bytes_max);
    }
}
