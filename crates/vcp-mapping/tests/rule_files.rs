//! Tests of the faults of rule files, and of what conditions in them mean.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test program")]

use vcp_mapping::{Mapper, Mapping, Registry, RuleError};

const INFO: &str = r#"{"name":"X","company":"X","website":"x","docs_url":"x","api_base_url":"x"}"#;

fn faults(provider: &str, rules: &[&str]) -> Vec<String> {
    let provider = provider.replace("INFO", INFO);
    Registry::empty().register_json(&provider, rules).unwrap_err().faults().iter().map(ToString::to_string).collect()
}

/// A path that finds nothing, or a name that is lost, would be noticed only in production.
#[test]
fn what_would_never_work_is_a_fault() {
    let provider = r#"{"provider":"x","info":INFO,"lists_of_calls":["l[]"],"audio":"a..b",
        "detect":[{"has":["a[]"],"at":"$.call","event":"e"}],
        "events":{"e":{"rules":"call","key":["id","leg[].n"],"time":"leg[].t","at":"c[]"}}}"#;
    let rules = r#"{"provider":"x","name":"call","rules":[
        {"to":"custom.provider_specific.x","from":{"path":"a","as":"json"}},
        {"to":"custom.provider_specific.x.data","from":{"path":"a","as":"json"}},
        {"to":"custom.provider_specific.x.deliveries","from":{"path":"a","as":"json"}}],
        "models":[{"path":"costs[]","name":"n","role":"LLM"}],
        "conversation":{"rows":{"path":"turns[]"},"role":"r","roles":{"bot":"agent"},"text":"t",
            "calls":{"name":"n","cut_short":{"event":"e"}}}}"#;
    let not_here = |at: &str, path: &str| {
        format!("{at}: `{path}` is not a path here: names are separated by single dots, without lists")
    };
    let own = |rule: &str, name: &str| {
        let target = format!("custom.provider_specific.x.{name}");
        format!("call at {rule}.to: `{target}` has a name that mapping uses itself: choose another")
    };
    assert_eq!(
        faults(provider, &[rules]),
        [
            not_here("provider.json at events.e.key", "leg[].n"),
            not_here("provider.json at events.e.time", "leg[].t"),
            not_here("provider.json at events.e.at", "c[]"),
            not_here("provider.json at detect[0]", "a[]"),
            "provider.json at detect[0].at: `$.call` begins at the root in any case: leave `$.` out".to_owned(),
            "call at rules[0].to: `custom.provider_specific.x` needs a name behind the provider".to_owned(),
            own("rules[1]", "data"),
            own("rules[2]", "deliveries"),
            "call at conversation.calls.cut_short: a condition of a row tests members of the row".to_owned(),
            not_here("call at conversation.rows", "turns[]"),
            not_here("call at models[0].path", "costs[]"),
            not_here("provider.json at lists_of_calls", "l[]"),
            not_here("provider.json at audio", "a..b"),
        ]
    );
    let twice = r#"{"provider":"x","info":INFO,"detect":[{"has":["a"],"event":"e"}],
        "events":{"e":{},"f":{},"e":{}}}"#;
    assert_eq!(faults(twice, &[]), ["provider.json at line 2, column 35: `e` is given twice"]);
}

#[test]
fn a_copy_that_is_not_masked_is_a_fault() {
    let provider = r#"{"provider":"x","info":INFO,"secrets":["$.pins","codes.*"],
        "detect":[{"has":["a"],"event":"e"}],"events":{"e":{"rules":"call"}}}"#;
    let rules = |from: &str, to: &str| {
        format!(
            r#"{{"provider":"x","name":"call","rules":[
                {{"to":"custom.provider_specific.x.n","from":{{"path":"{from}","as":"number"}}}}],
                "transfers":[{{"list":"moves","to":["{to}"]}}]}}"#
        )
    };
    let secret = |at: &str, path: &str| {
        let remedy = if at == "transfers" {
            "its copy is not masked, so name another member"
        } else {
            "copy it with `json` or `function`, which mask it"
        };
        format!("call at {at}: `$.{path}` is a secret: {remedy}")
    };
    for (from, path) in [
        ("pins", "pins"),
        ("pins.first", "pins.first"),
        ("codes.gate", "codes.gate"),
        ("a.list[kind=x].codes.gate", "a.list.codes.gate"),
        ("a.list[].password", "a.list.password"),
    ] {
        assert_eq!(faults(provider, &[&rules(from, "number")]), [secret("rules[0].from", path)]);
    }
    assert_eq!(faults(provider, &[&rules("a", "codes.gate")]), [secret("transfers", "moves.codes.gate")]);
    let mean = rules("a.list", "number").replace(r#""as":"number""#, r#""as":"mean","members":["codes.gate"]"#);
    assert_eq!(faults(provider, &[&mean]), [secret("rules[0].from", "a.list.codes.gate")]);
    let as_other = |transform: &str| rules("pins", "number").replace("\"number\"}", &format!("\"{transform}\"}}"));
    let others = [("a.pins", "number"), ("codes", "to.number"), ("a.list[].code", "pins")];
    for rules in others.map(|(from, to)| rules(from, to)).into_iter().chain([as_other("count"), as_other("json")]) {
        Registry::empty().register_json(&provider.replace("INFO", INFO), &[&rules]).unwrap();
    }
}

/// Conditions on an element of a list of transfers are like those on a row.
#[test]
fn one_of_several_conditions_on_a_transfer_is_enough() {
    let provider = r#"{"provider":"x","info":INFO,"detect":[{"has":["id"],"event":"e"}],
        "events":{"e":{"rules":"call"}}}"#
        .replace("INFO", INFO);
    let rules = |ignored: &str| {
        format!(
            r#"{{"provider":"x","name":"call","rules":[{{"to":"call.call_id","from":{{"path":"id"}}}}],
                "transfers":{{"list":"moves","to":["to"],"when":[
                    {{"any_of":[{{"path":"kind","is":"warm"}},{{"path":"kind","is":"cold"}}]}},
                    {{"path":"done","is":"true"}}]}},
                "ignored":{{"{ignored}":"a reason"}}}}"#
        )
    };
    let mut registry = Registry::empty();
    registry.register_json(&provider, &[&rules("moves[].by")]).unwrap();
    let payload = br#"{"id":"1","moves":[{"to":"a","kind":"warm","done":true},{"to":"b","kind":"cold","done":true},
        {"to":"c","kind":"warm","done":false},{"to":"d","kind":"late","done":true}]}"#;
    let mapped = Mapper::with_registry(registry).map("x", payload, "2026-11-21T12:00:00Z".parse().unwrap());
    let Ok(Mapping::Call(mapped)) = mapped else { panic!("not a call") };
    let own = mapped.message.vcp_payload.custom.provider_specific.get("x").unwrap();
    let transfers = own.extras.get("transfers").unwrap();
    assert_eq!(transfers.as_str(), r#"[{"to":"a"},{"to":"b"}]"#);

    // A member is ignored in all elements or in none.
    let message = "a member is ignored in all elements of a list or in none: write `[]`";
    assert_eq!(
        faults(&provider, &[&rules("moves[kind=warm].by")]),
        [format!("call at ignored.moves[kind=warm].by: {message}")]
    );
}

/// A person is neither the user nor the agent, so no row of a person interrupts anybody.
#[test]
fn the_flag_of_a_person_counts_nowhere() {
    let provider = r#"{"provider":"x","info":INFO,"detect":[{"has":["id"],"event":"e"}],
        "events":{"e":{"rules":"call"}}}"#;
    let rules = r#"{"provider":"x","name":"call","rules":[{"to":"call.call_id","from":{"path":"id"}}],
        "conversation":{"rows":{"path":"rows"},"role":"role","text":"text","cut_off":"cut",
            "roles":{"user":"user","agent":"agent","colleague":"person"}}}"#;
    let mut registry = Registry::empty();
    registry.register_json(&provider.replace("INFO", INFO), &[rules]).unwrap();
    let mapper = Mapper::with_registry(registry);
    let of = |last: &str| {
        let payload = format!(r#"{{"id":"1","rows":[{{"role":"user","text":"a","cut":true}},{last}]}}"#);
        let mapped = mapper.map("x", payload.as_bytes(), "2026-11-21T12:00:00Z".parse().unwrap());
        let Ok(Mapping::Call(mapped)) = mapped else { panic!("not a call") };
        let metrics = mapped.message.vcp_payload.outcomes.objective.metrics;
        metrics.get("agent_interruptions").unwrap().to_owned()
    };
    for (last, count) in [
        (r#"{"role":"colleague","text":"b","cut":true}"#, "1"),
        (r#"{"role":"colleague","text":"","cut":true}"#, "1"),
        (r#"{"role":"user","text":"b","cut":true}"#, "2"),
        (r#"{"role":"user","text":"","cut":true}"#, "2"),
    ] {
        assert_eq!(of(last), count, "{last}");
    }
}

/// A person of whom nobody says who it is speaks as neither side.
#[test]
fn a_person_without_a_word_is_not_the_user() {
    let provider = r#"{"provider":"x","info":INFO,"detect":[{"has":["id"],"event":"e"}],
        "events":{"e":{"rules":"call"}}}"#;
    let rules = r#"{"provider":"x","name":"call","rules":[{"to":"call.call_id","from":{"path":"id"}}],
        "conversation":{"rows":{"path":"rows"},"all_rows":"person","role":"who","text":"text"}}"#;
    let mut registry = Registry::empty();
    registry.register_json(&provider.replace("INFO", INFO), &[rules]).unwrap();
    let payload = br#"{"id":"1","rows":[{"text":"This is Ann."},{"who":"rep","text":"One moment."}]}"#;
    let mapped = Mapper::with_registry(registry).map("x", payload, "2026-11-21T12:00:00Z".parse().unwrap());
    let Ok(Mapping::Call(mapped)) = mapped else { panic!("not a call") };
    assert_eq!(mapped.message.transcript().unwrap(), "Person: This is Ann.\nRep: One moment.");
    assert_eq!(mapped.message.vcp_payload.outcomes.objective.metrics.get("total_turns").unwrap(), "0");
}

/// The lists of models of a file are read as if they were one list.
#[test]
fn lists_of_models_add_up() {
    let provider = r#"{"provider":"x","info":INFO,"detect":[{"has":["id"],"event":"e"}],
        "events":{"e":{"rules":"call"}},"tables":{"roles":{"words":{"line":"none"}}}}"#;
    let rules = r#"{"provider":"x","name":"call","rules":[{"to":"call.call_id","from":{"path":"id"}}],"models":[
        {"path":"dialog","name":["a"],"role":"LLM","cost":["c"],"prompt_tokens":["i"]},
        {"path":"tools","name":["a"],"role":"LLM","cost":["c"],"prompt_tokens":["i"]},
        {"path":"voices","name":["a"],"role":"TTS","prompt_tokens":["i"]},
        {"path":"lines","kind":"k","role_table":"roles","cost":["c"]},
        {"path":"more","kind":"k","role_table":"roles","cost":["c"]}]}"#;
    let mut registry = Registry::empty();
    registry.register_json(&provider.replace("INFO", INFO), &[rules]).unwrap();
    let payload = br#"{"id":"1","dialog":[{"a":"gpt","i":1000,"c":0.5}],
        "tools":[{"a":"gpt","i":50,"c":0.01},{"a":"other","i":5}],"voices":[{"a":"sonic","i":7}],
        "lines":[{"k":"line","c":0.5}],"more":[{"k":"line","c":0.01}]}"#;
    let mapped = Mapper::with_registry(registry).map("x", payload, "2026-11-21T12:00:00Z".parse().unwrap());
    let Ok(Mapping::Call(mapped)) = mapped else { panic!("not a call") };
    let outcomes = mapped.message.vcp_payload.outcomes;
    let model = outcomes.model_outcome_attribution.roles.get("LLM").unwrap();
    assert_eq!((model.model_id.as_str(), model.tokens_processed, model.cost_usd), ("gpt", Some(1055), Some(0.51)));
    assert_eq!(outcomes.model_outcome_attribution.kpis.get("cost_usd.line").unwrap(), "0.51");
    assert_eq!(outcomes.objective.metrics.get("prompt_tokens").unwrap(), "1062");
    let superseded: Vec<&str> = mapped.report.superseded.iter().map(|pointer| &**pointer).collect();
    assert_eq!(superseded, ["/tools/*/a"]);
}

/// A place of a file is written as `<name>`, and holds a member that is no secret.
#[test]
fn no_part_of_a_file_copies_a_secret() {
    let provider = r#"{"provider":"x","info":INFO,"secrets":["pin","$.message.code"],
        "tables":{"t":{"words":{"a":"none"}}},
        "detect":[{"has":["a"],"event_from":"<event>"},{"has":["message"],"at":"message","event":"e"}],
        "events":{"e":{"rules":"call","key":["<key>"],"time":["<time>"]}}}"#;
    let rules = r#"{"provider":"x","name":"call",
        "rules":[{"to":"call.from","from":{"path":"<source>"}}],
        "conversation":{"rows":[{"path":"rows"}],"role":["<role>"],"roles":{"a":"agent"},"text":"<text>",
            "text_parts":["parts[].<part>"],"not_spoken":{"path":"<tested>"},"order_by":["<order>"],
            "calls":{"list":["calls"],"name":"<call>"},
            "results":{"list":["a","b[].results"],"id":"id","message":["<result>"]}},
        "models":[{"path":"models","name":["<model>"],"cost":["<cost>"],"role_table":"t","kind":"<kind>"}],
        "criteria":[{"path":"criteria","id":"<criterion>","result":"r","table":"t"}],
        "transfers":{"to":["<number>"]},
        "words":{"<word>":["a"]},"ignored":{"<ignored>":"a reason"}}"#;
    let mut places: Vec<&str> = [provider, rules].iter().flat_map(|text| text.split('<').skip(1)).collect();
    places.iter_mut().for_each(|place| *place = place.split('>').next().unwrap());
    let faults_with = |secret: &str, member: &str| {
        let member_of = |place: &str| if place == secret { member.to_owned() } else { format!("a_{place}") };
        let fill = |text: &str| {
            let fill_one = |text: String, place: &&str| text.replace(&format!("<{place}>"), &member_of(place));
            places.iter().fold(text.to_owned(), fill_one)
        };
        let provider = fill(provider).replace("INFO", INFO);
        let faults = Registry::empty().register_json(&provider, &[&fill(rules)]).err();
        faults.iter().flat_map(RuleError::faults).map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(faults_with("", ""), [""; 0]);
    for place in &places {
        let faults = faults_with(place, "pin");
        if ["tested", "order", "ignored"].contains(place) {
            assert_eq!(faults, [""; 0], "{place}");
        } else {
            let is_told = |fault: &String| fault.contains("is a secret: ");
            assert!(!faults.is_empty() && faults.iter().all(is_told), "{place}: {faults:?}");
        }
    }
    // A secret can have its place in one form of a delivery only.
    let message = "`$.message.code` is a secret: copy it with `json` or `function`, which mask it";
    assert_eq!(faults_with("source", "code"), [format!("call at rules[0].from: {message}")]);
    assert_eq!(faults_with("role", "code"), [""; 0]);
}

/// The entries of models and criteria may be those of an object, with any names.
#[test]
fn no_entry_of_an_object_copies_a_secret() {
    let provider = r#"{"provider":"x","info":INFO,"secrets":["k.i","sec"],TABLES
        "detect":[{"has":["id"],"event":"e"}],"events":{"e":{"rules":"call"}}}"#;
    let of = |part: &str| {
        let rules = format!(r#"{{"provider":"x","name":"call","rules":[],{part}}}"#);
        let tables = if part.contains("criteria") { r#""tables":{"t":{"words":{"y":"true"}}},"# } else { "" };
        let provider = provider.replace("INFO", INFO).replace("TABLES", tables);
        let faults = Registry::empty().register_json(&provider, &[&rules]).err();
        faults.iter().flat_map(RuleError::faults).map(ToString::to_string).collect::<Vec<_>>().join("; ")
    };
    let told = |place: &str, path: &str| {
        format!("call at {place}: `{path}` is a secret: its copy is not masked, so name another member")
    };
    let criteria = |id: &str| format!(r#""criteria":{{"path":"c","id":"{id}","result":"r","table":"t"}}"#);
    let models = |name: &str| format!(r#""models":[{{"path":"m","name":"{name}","role":"LLM"}}]"#);
    let transfers = |clock: &str| format!(r#""transfers":{{"list":"t","to":"n","row_at":{{"path":"{clock}"}}}}"#);
    assert_eq!(of(&criteria("i")), told("criteria", "$.c.k.i"));
    assert_eq!(of(&models("i")), told("models[0]", "$.m.k.i"));
    assert_eq!(of(&transfers("sec")), told("transfers", "$.t.sec"));
    for part in [criteria("j"), models("j"), transfers("at")] {
        assert_eq!(of(&part), "", "{part}");
    }
}

#[test]
fn every_fault_is_reported_at_once() {
    let provider = r#"{"provider":"x","secrets":["a*.b","c.**.d.e"],"info":INFO,"detect":[{"has":["a"]},{"event":"e"}],
        "events":{"e":{"rules":"cal"},"f":{"rules":"call"}},"tables":{"t":{"words":{"a":"great"}},"unused":{}}}"#;
    let rules = r#"{"provider":"y","name":"call","lists":{"l":[{"path":"a"}],"m":[]},"rules":[
        {"to":"call.nothing","from":{"value":"v"}},
        {"to":"call.call_idd","from":[]},
        {"to":"outcomes.objective.status","from":[{"path":"a","as":"word","table":"t"},{"path":"a","as":"word","table":"u"}]},
        {"to":"call.duration_sec","from":{"path":"a","as":"end_minus_start"}},
        {"to":"call.start_time","from":{"path":"a"}},
        {"to":"custom.provider_specific.z.a","from":{"path":"a","as":"json"}},
        {"to":"call.to","from":{"use":"l"},"when":{"written":"call.start_tim"}},
        {"to":"call.to","from":{"path":"a"}},
        {"to":"call.from","from":{"use":"n"},"when":{"event":"g"}},
        {"to":"hcr.summary","from":[{"path":"a..b"},{"path":"a[x]"},{"path":"a","as":"number","scale":1},{}],"when":{"path":"a","event":"e"}},
        {"to":"custom.integrations.crm","from":{"path":"a","as":"function","function":"assistable_crn"}}
    ],"conversation":{"rows":{"path":""},"role":"a.","roles":{},"text":"t","calls":{"name":"a.b","kind":"k","types":{"x":"great"}}}}"#;
    assert_eq!(
        faults(provider, &[rules]),
        [
            "provider.json at events.e.rules: there is no rule file `cal`: did you mean `call`?",
            "call at provider: the file is for `y`, not for `x`",
            "provider.json at detect[0]: name the event with `event` or `event_from`",
            "call at rules[0].to: `call.nothing` is not a field that rules can write",
            "call at rules[1].to: `call.call_idd` is not a field that rules can write: did you mean `call.call_id`?",
            "call at rules[1].from: this list needs at least one source",
            "call at rules[2].from[0]: `great` is not a word of the field: success, failure, partial, timeout, error, unknown",
            "call at rules[2].from[1]: there is no table `u`: did you mean `t`?",
            "call at rules[3].from: `end_minus_start` works on other fields: leave `path` out",
            "call at rules[4].from: the field takes a time, and `text` gives a text",
            "call at rules[5].to: `custom.provider_specific.z.a` is beside another provider's data",
            "call at rules[6].when: no rule before this one writes `call.start_tim`: did you mean `call.start_time`?",
            "call at rules[7]: `call.to` has a rule already, `rules[6]`: put the sources into one",
            "call at rules[8].from: there is no list `n`: did you mean `l`?",
            "call at rules[8].when: there is no event `g`: did you mean `e`?",
            "call at rules[9].from[0]: `a..b` is not a path: names are separated by single dots",
            "call at rules[9].from[1]: `a[x]` is not a path: a list in a path is `[]` or `[member=word]`",
            "call at rules[9].from[2]: the field takes a text or a word, and `number` gives a number",
            "call at rules[9].from[3]: a source has `path`, `value`, `use`, or a transform that works on other fields",
            "call at rules[9].when: a condition has one of `event`, `written`, `path` and `any_of`",
            "call at rules[10].from: there is no function `assistable_crn`: did you mean `assistable_crm`?",
            "call at lists.m: no rule uses this list: remove it, or use it",
            "call at conversation: `rows` names the lists, each with a path",
            "call at conversation: `roles` gives the meaning of the words of `role`, or `all_rows` the kind of all rows",
            "call at conversation: `a.` is not a member: names are separated by single dots, without brackets",
            "call at conversation.calls.types: `great` is not a word of the field: tool_call, function_call, api_call, webhook, integration",
            "provider.json at detect[1]: a way without `has`, `has_any` or `filled` fits every delivery: name a member",
            "provider.json at secrets[0]: `a*.b` does not work: names are plain ASCII, `*` goes into the last name, `**` right before it",
            "provider.json at secrets[1]: `c.**.d.e` does not work: names are plain ASCII, `*` goes into the last name, `**` right before it",
            "provider.json at tables.unused: no rule uses this table: remove it, or use it",
        ]
    );
    assert_eq!(
        faults(r#"{"provider":"x","info":INFO,"detect":[],"events":{}}"#, &[]),
        ["provider.json at detect: give at least one way to recognise a delivery"]
    );
    let live = r#"{"provider":"x","info":INFO,"detect":[{"has":["a"],"event":"live"}],
        "events":{"live":{"replaces":true,"fetched":true,"key":["a"]}}}"#;
    assert_eq!(
        faults(live, &[]),
        [
            "provider.json at events.live: an event that `replaces` has no key: remove `key`, or `replaces`",
            "provider.json at events.live: an event that `replaces` needs a `time`, which orders its deliveries",
            "provider.json at events.live: an event that `replaces` is neither `fetched` nor `assembled`: its time is in the payload",
        ]
    );
    assert_eq!(
        faults("{}", &["[]", r#"{"provider":"x","name":"y","rulez":[]}"#])[2],
        "y at line 1, column 34: unknown field `rulez`: did you mean `rules`?"
    );
}

/// A fault inside an element that is written without brackets has its own place.
#[test]
fn a_fault_of_a_key_names_its_place_and_the_nearest_key() {
    let provider =
        r#"{"provider":"x","info":INFO,"detect":[{"has":["a"],"event":"e"}],"events":{"e":{"rules":"call"}}}"#;
    for (from, before, fault) in [
        (r#"{"pth":"a"}"#, r#"{"pth""#, "unknown field `pth`: did you mean `path`?"),
        (r#"[{"pth":"a"}]"#, r#"[{"pth""#, "unknown field `pth`: did you mean `path`?"),
        (r#"{"path":"a","as":"tim"}"#, r#"{"path":"a","as":"tim""#, "unknown variant `tim`: did you mean `time`?"),
        (
            r#"{"path":"a","when":{"path":"b","iz":"c"}}"#,
            r#"{"path":"a","when":{"path":"b","iz""#,
            "unknown field `iz`: did you mean `is`?",
        ),
        (r#"{"path":7}"#, r#"{"path":7"#, "invalid type: integer `7`, expected a string"),
        ("7", "7", "invalid type: integer `7`, expected a string, an object, or a list of these"),
    ] {
        let start = r#"{"provider":"x","name":"call","rules":[{"to":"call.from","from":"#;
        let column = start.len() + before.len();
        let rules = format!("{start}{from}}}]}}");
        assert_eq!(faults(provider, &[&rules]), [format!("call at line 1, column {column}: {fault}")], "{from}");
    }
}

/// Parts of a text are in a list. A member beside it would be dropped in silence.
#[test]
fn parts_of_a_text_are_in_a_list() {
    let provider =
        r#"{"provider":"x","info":INFO,"detect":[{"has":["a"],"event":"e"}],"events":{"e":{"rules":"call"}}}"#;
    let faults_of = |path: &str| {
        let rules = format!(
            r#"{{"provider":"x","name":"call","rules":[],"conversation":{{"rows":{{"path":"r"}},"role":"a",
                "roles":{{"a":"user"}},"text":"t","text_parts":"{path}"}}}}"#
        );
        faults(provider, &[&rules])
    };
    let place = "call at conversation.text_parts: `content.text` is not a path to parts";
    assert_eq!(faults_of("content.text"), [format!("{place}: parts are in a list: write `list[].member`")]);
    assert_eq!(
        faults_of("content[x].text"),
        [format!("{}: a list in a path is `[]` or `[member=word]`", place.replace("content.", "content[x]."))]
    );
}

#[test]
fn keys_without_an_effect_are_faults() {
    let provider = r#"{"provider":"x","info":INFO,"detect":[{"has":["a"],"event":"e"}],
        "events":{"e":{"rules":"call"}},"tables":{"t":{"words":{"a":"inbound"}}}}"#;
    let rules = r#"{"provider":"x","name":"call","lists":{"l":[{"path":"a"}]},"rules":[
        {"to":"call.from","from":{"use":"l","table":"t"}},
        {"to":"call.direction","from":{"value":"inbound","table":"t"}},
        {"to":"call.channel","from":{"value":"phone","derived":true}}],
        "conversation":{"rows":{"path":"r"},"role":"a","roles":{"a":"user"},"text":"t",
            "not_spoken":{"any_of":[{"any_of":[{"path":"b"}]}]}}}"#;
    assert_eq!(
        faults(provider, &[rules])[..3],
        [
            "call at rules[0].from: beside `use` only `as` and `when` have an effect: remove the others",
            "call at rules[1].from: beside `value` only `derived` and `when` have an effect: remove the others",
            "call at conversation.not_spoken: `any_of` within `any_of`: write one list",
        ]
    );
}

/// A name with an empty part or with brackets would match nothing in silence.
#[test]
fn names_of_members_lead_into_no_list() {
    let provider = r#"{"provider":"x","info":INFO,"detect":[{"has":["a"],"event":"e"}],
        "events":{"e":{"rules":"call"}},"tables":{"t":{"words":{"a":"true"}}}}"#;
    for wrong in ["k.", ".k", "b..k", "", "b[].k"] {
        for (place, part) in [
            ("transfers", r#""transfers":{"list":"m","when":{"any_of":[{"path":"W","is":"x"}]},"to":"to"}"#),
            ("transfers", r#""transfers":{"list":"m","to":["to","W"]}"#),
            ("transfers", r#""transfers":{"list":"m","to":"to","row_at":{"path":"W"}}"#),
            ("models[0]", r#""models":[{"path":"m","role":"LLM","minutes":"W"}]"#),
            ("criteria", r#""criteria":{"path":"c","result":"met","table":"t","score":"W"}"#),
            ("conversation", r#""conversation":{"rows":{"path":"r"},"all_rows":"user","text":"t","latency":"W"}"#),
            (
                "conversation",
                r#""conversation":{"rows":{"path":"r"},"all_rows":"user","text":"t","calls":{"list":"c","name":"W"}}"#,
            ),
            (
                "conversation",
                r#""conversation":{"rows":{"path":"r"},"all_rows":"user","text":"t",
                    "results":{"list":"c","id":"i","failed":{"path":"W"}}}"#,
            ),
        ] {
            let rules = format!(r#"{{"provider":"x","name":"call","rules":[],{}}}"#, part.replace('W', wrong));
            let fault = format!(
                "call at {place}: `{wrong}` is not a member: names are separated by single dots, without brackets"
            );
            assert!(faults(provider, &[&rules]).contains(&fault), "{rules}");
        }
    }
}

#[test]
fn keys_that_need_another_key_are_faults_without_it() {
    let provider = r#"{"provider":"x","info":INFO,"detect":[{"has":["a"],"event":"e"}],
        "events":{"e":{"rules":"call"}},"tables":{"t":{"words":{"a":"true"}}}}"#;
    let rules = r#"{"provider":"x","name":"call","rules":[],
        "models":[{"path":"m","role":"LLM","cost_scale":-2},
            {"path":"n","role":"TTS","v2v_names":["live"]},{"path":"o","role":"LLM","v2v_names":[" "]}],
        "criteria":{"path":"c","result":"met","table":"t","max_score":"most"},
        "conversation":[
            {"rows":{"path":"r"},"all_rows":"user","text":"t","cut_off_of":"agent",
                "calls":{"name":"n","types":{"a":"webhook"}},"results":{"id":"i","same_row":true,"list":"l"}},
            {"rows":{"path":"s"},"all_rows":"user","text":"t","results":{"id":"i","same_row":true}}]}"#;
    let without = |key: &str, other: &str| {
        format!("call at {key}: without `{other}` it has no effect: add `{other}`, or remove it")
    };
    assert_eq!(
        faults(provider, &[rules]),
        [
            without("conversation[0].cut_off_of", "cut_off"),
            without("conversation[0].calls.types", "calls.kind"),
            "call at conversation[0].results.list: with `same_row` the results are beside the calls: remove it"
                .to_owned(),
            without("conversation[1].results.same_row", "calls"),
            without("models[0].cost_scale", "cost"),
            without("models[1].v2v_names", "role_table"),
            "call at models[2]: `v2v_names` has an empty part: every name would contain it".to_owned(),
            without("criteria.max_score", "score"),
        ]
    );
}

#[test]
fn a_fault_has_the_place_of_its_element() {
    let provider =
        r#"{"provider":"x","info":INFO,"detect":[{"has":["a"],"event":"e"}],"events":{"e":{"rules":"call"}}}"#;
    let rules = r#"{"provider":"x","name":"call","lists":{"l":[{"path":"a"},{"path":"b","scale":1}]},"rules":[
        {"to":"call.from","from":{"use":"l"},"when":[{"path":"a"},{"any_of":[{"path":"b"},{}]}]},
        {"to":"call.channel","from":{"value":"web"},
            "change":[{"path":"a","is":"x","replaces":["web"],"by":"phone"},{"path":"a","is":"y","replaces":["wep"],"by":"phone"}]}
    ],"conversation":[
        {"rows":{"path":"a"},"all_rows":"agent","text":"t"},
        {"rows":{"path":"b"},"all_rows":"agent","text":"t","start":{"path":"s","scale":-2},"not_spoken":[{"path":"a"},{}]}
    ]}"#;
    assert_eq!(
        faults(provider, &[rules]),
        [
            "call at lists.l[1]: `text` takes no `scale`",
            "call at rules[0].when[1].any_of[1]: a condition has one of `event`, `written`, `path` and `any_of`",
            "call at rules[1].change[1]: `wep` is not a word of the field: did you mean `web`?",
            "call at conversation[1].start.scale: only `seconds_in_call` takes a scale",
            "call at conversation[1].not_spoken[1]: a condition has one of `event`, `written`, `path` and `any_of`",
        ]
    );
}

#[test]
fn a_column_counts_characters() {
    let rules = "{\"provider\":\"x\",\n\"note\": \"größer\", \"nam\":1}";
    let provider = r#"{"provider":"x","info":INFO,"detect":[],"events":{}}"#;
    let fault = faults(provider, &[rules]).join("; ");
    assert!(fault.starts_with("rule file 0 at line 2, column 23: unknown field `nam`"), "{fault}");
}

#[test]
fn files_have_limits() {
    let provider =
        r#"{"provider":"x","info":INFO,"detect":[{"has":["a"],"event":"e"}],"events":{"e":{"rules":"call"}}}"#;
    let rules = |path: &str, note: &str| {
        format!(
            r#"{{"provider":"x","name":"call","note":"{note}",
            "rules":[{{"to":"call.from","from":{{"path":"{path}"}}}}]}}"#
        )
    };
    let faults_of = |rules: &str| faults(provider, &[rules]).join("; ");
    let provider_ok = provider.replace("INFO", INFO);
    let deep = "a.".repeat(255) + "aa";
    Registry::empty().register_json(&provider_ok, &[&rules(&deep, &"x".repeat(512))]).unwrap();
    let too_long = "call at line 2: a text has 513 bytes: the limit is 512";
    assert_eq!(faults_of(&rules(&format!("{deep}a"), "")), too_long);
    assert_eq!(faults_of(&rules("a", &"x".repeat(513))), too_long.replace("line 2", "line 1"));
    let long = rules("a", &" ".repeat(128 << 10));
    let bytes = long.len();
    assert_eq!(faults_of(&long), format!("call at its end: the file has {bytes} bytes: the limit is 131072"));
    let ways = [r#"{"has":["a"],"event":"e"}"#; 6].join(",");
    let many = provider.replace(r#"{"has":["a"],"event":"e"}"#, &ways);
    let fault = faults(&many, &[&(rules("a", "") + &" ".repeat(100_000))]).join("; ");
    assert!(fault.starts_with("provider.json at detect: `detect` and `events` need 6"), "{fault}");
    assert!(fault.ends_with("bytes of rules: the limit is 524288"), "{fault}");
    // A list counts each time that it is used, and a place of the record in each path.
    let list = vec![r#"{"path":"a"}"#; 200].join(",");
    let uses = vec![r#"{"use":"l"}"#; 200].join(",");
    let many = format!(
        r#"{{"provider":"x","name":"call","lists":{{"l":[{list}]}},"rules":[{{"to":"call.from","from":[{uses}]}}]}}"#
    );
    let too_many = "provider.json at its end: the rules have more than 20000 sources, conditions and paths";
    assert_eq!(faults_of(&many), too_many);
    let at = format!(r#""at":"{0}.{0}""#, "b".repeat(255));
    let placed = provider.replace(r#""rules":"call""#, &format!(r#""rules":"call",{at}"#));
    let too_far = "provider.json at its end: the rules read more than 4096 members, or one whose path has more \
        than 1024 bytes";
    assert_eq!(faults(&placed, &[&rules(&"c".repeat(512), "")]).join("; "), too_far);
    let wrong = vec![r#"{"path":"a..b"}"#; 200].join(",");
    let wrong = format!(r#"{{"provider":"x","name":"call","rules":[{{"to":"call.from","from":[{wrong}]}}]}}"#);
    let listed = faults(provider, &[&wrong]);
    assert_eq!((listed.len(), listed.iter().filter(|fault| fault.ends_with("mend these first")).count()), (101, 1));
}
