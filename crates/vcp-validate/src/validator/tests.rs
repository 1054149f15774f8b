//! Tests of the validator.

use super::*;
use vcp_schema::{
    ErrorCode, RawJson,
    describe::{self, Kind},
};

const FULL: &str = include_str!("../../tests/data/full.json");

fn now() -> DateTime<Utc> {
    "2026-11-01T00:00:00Z".parse().unwrap()
}

fn found(text: &str) -> Vec<String> {
    let (validator, now) = (Validator::new().profile(Profile::Reference), Some(now()));
    let report = validator.validate_json(text, now);
    let lines: Vec<String> = report.findings.iter().map(|f| format!("{} {} {}", f.severity, f.code, f.path)).collect();
    if let Some(message) = report.message {
        assert_eq!(validator.validate(&message, now).len(), lines.len(), "typed and text agree");
    }
    lines
}

#[test]
fn a_good_message_has_no_finding() {
    assert_eq!(found(FULL), [""; 0]);
}

#[test]
fn the_published_rules() {
    for (from, to, expected) in [
        ("2026-10-14T14:13:15.250+02:00", "2026-10-14T14:09:59+02:00", "error VCP_E101 $.vcp_payload.call.end_time"),
        ("\"granted\"", "\"revoked\"", "error VCP_E102 $.vcp_payload.consent.status"),
        (
            "2026-10-14T12:11:00Z",
            "2026-10-14T12:09:59.9Z",
            "warning VCP_E103 $.vcp_payload.call.capabilities_invoked[1].invoked_at",
        ),
        ("\"granted\"", "\"expired\"", "warning VCP_E104 $.vcp_payload.consent.status"),
        ("2027-10-14T12:10:00Z", "2026-10-31T23:59:59Z", "warning VCP_E104 $.vcp_payload.consent.expires_at"),
    ] {
        assert_eq!(found(&FULL.replace(from, to)), [expected]);
    }
}

#[test]
fn just_not_broken() {
    for (from, to) in [
        ("2026-10-14T14:13:15.250+02:00", "2026-10-14T14:10:00+02:00"),
        ("2026-10-14T12:11:00Z", "2026-10-14T12:10:00Z"),
        ("2027-10-14T12:10:00Z", "2026-11-01T00:00:00Z"),
    ] {
        assert_eq!(found(&FULL.replace(from, to)), [""; 0], "{to}");
    }
}

#[test]
fn findings_stand_in_document_order() {
    let text = FULL
        .replace("\"granted\"", "\"revoked\"")
        .replace("\"inbound\"", "\"sideways\"")
        .replace("2026-10-14T14:13:15.250+02:00", "2026-10-13T00:00:00Z");
    assert_eq!(
        found(&text),
        [
            "error VCP_E101 $.vcp_payload.call.end_time",
            "error VCP_E004 $.vcp_payload.call.direction",
            "error VCP_E102 $.vcp_payload.consent.status",
        ]
    );
}

#[test]
fn values_are_masked_unless_asked_for() {
    let text = FULL.replace("\"inbound\"", "\"sideways\"");
    let json = |validator: Validator| serde_json::to_string(&validator.validate_json(&text, None).findings).unwrap();
    assert!(!json(Validator::new()).contains("sideways"));
    assert!(json(Validator::new().show_values(true)).contains(r#""value":"sideways""#));
}

#[test]
fn findings_serialise_to_the_published_shape() {
    let report = Validator::new().validate_json("[]", None);
    let json = serde_json::to_value(&report.findings[0]).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "code": "VCP_E004", "severity": "error", "field_path": "$", "pointer": "",
            "position": {"offset": 0, "line": 1, "column": 1}, "message": "an object is wanted here, not a list", "implementation": concat!("vcp-rust/", env!("CARGO_PKG_VERSION")),
            "context": {"expected": "an object", "found": "a list"},
        })
    );
}

#[test]
fn what_code_alone_can_break_is_found() {
    let mut message = VcpMessage::from_json(FULL).unwrap();
    message.vcp_payload.outcomes.perception_gap.gap_score = f64::NAN;
    let codes = |validator: Validator| {
        let findings = validator.show_values(true).validate(&message, None);
        findings.iter().map(|f| format!("{} {} {:?}", f.code, f.path, f.context)).collect::<Vec<_>>()
    };
    let path = "$.vcp_payload.outcomes.perception_gap.gap_score";
    assert_eq!(codes(Validator::new()), [format!("VCP_E124 {path} []")], "one fault, one code");
    let as_null = [format!("VCP_E005 {path} [(\"member\", \"gap_score\")]")];
    assert_eq!(codes(Validator::new().profile(Profile::Reference)), as_null);
    assert_eq!(codes(Validator::new().without(ErrorCode::NotFinite)), as_null);
}

/// Returns the number of members of the model that are of a kind.
fn members_of(kind: &Kind, is_wanted: fn(&Kind) -> bool) -> usize {
    match kind {
        Kind::Object(object) => object.fields().map(|field| members_of(&field.kind, is_wanted)).sum(),
        Kind::List(kind) | Kind::TextOr(kind) | Kind::Map(_, kind) => members_of(kind, is_wanted),
        kind => usize::from(is_wanted(kind)),
    }
}

/// Returns the full example with every float set to `value`.
fn with_every_float(value: f64) -> VcpMessage {
    let mut message = VcpMessage::from_json(&unsummed()).unwrap();
    let (part, some) = (&mut message.vcp_payload, Some(value));
    part.model_selection.total_selection_time_ms = some;
    for (_, info) in part.model_selection.roles.iter_mut() {
        info.selection_time_ms = some;
        if let Some(prior) = &mut info.telemetry_prior {
            (prior.latency_p95, prior.success_rate) = (some, some);
            (prior.cost_per_token, prior.availability) = (some, some);
        }
    }
    for criterion in &mut part.outcomes.objective.scored_criteria {
        (criterion.score, criterion.weight) = (some, some);
    }
    part.outcomes.objective.confidence = some;
    part.outcomes.objective.assessment_time_ms = some;
    part.outcomes.perception_gap.gap_score = value;
    let attribution = &mut part.outcomes.model_outcome_attribution;
    for (_, model) in attribution.roles.iter_mut() {
        (model.minutes, model.cost_usd) = (value, some);
    }
    (attribution.total_cost_usd, attribution.efficiency_score) = (some, some);
    part.outcomes.user_satisfaction_score = some;
    message.audit.processing_duration_ms = some;
    message
}

#[test]
fn every_number_that_is_not_finite_is_found_once() {
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let message = with_every_float(value);
        assert!(!Validator::new().is_valid(&message, None));
        let findings = Validator::new().validate(&message, None);
        assert!(findings.iter().all(|finding| finding.code == ErrorCode::NotFinite), "{findings:?}");
        let places: std::collections::BTreeSet<String> =
            findings.iter().map(|finding| finding.path.to_string()).collect();
        assert_eq!(places.len(), findings.len(), "each once");
        let names = ["STT", "LLM", "TTS", "[0]", "[1]"];
        let kind = |place: &String| names.iter().fold(place.clone(), |place, name| place.replace(name, "*"));
        let kinds: std::collections::BTreeSet<String> = places.iter().map(kind).collect();
        let all = members_of(&Kind::Object(describe::message()), |kind| matches!(kind, Kind::Float));
        assert_eq!(kinds.len(), all, "{kinds:?}");
    }
    assert_eq!(Validator::new().validate(&with_every_float(0.0), None).len(), 0);
}

#[test]
fn an_equal_from_is_no_contradiction() {
    let codes = |alias: &str| {
        let mut message = VcpMessage::from_json(&unsummed()).unwrap();
        message.vcp_payload.call.extras.insert("from_".to_owned(), RawJson::from_json(alias).unwrap());
        let findings = Validator::new().validate(&message, None);
        findings.iter().map(|f| format!("{} {}", f.code, f.path)).collect::<Vec<_>>()
    };
    assert_eq!(codes(r#""+12025550143""#), [""; 0]);
    assert_eq!(codes(r#""\u002b12025550143""#), [""; 0], "values are compared, not texts");
    assert_eq!(codes("null"), [""; 0]);
    assert_eq!(codes(r#""+12025550144""#), ["VCP_E122 $.vcp_payload.call.from_"]);
}

#[test]
fn an_empty_identifier_is_found() {
    let mut message = VcpMessage::from_json(&unsummed()).unwrap();
    message.vcp_payload.call.call_id.clear();
    message.vcp_payload.call.capabilities_invoked.push("".into());
    let findings = Validator::new().validate(&message, None);
    let found: Vec<String> = findings.iter().map(|f| format!("{} {} {}", f.severity, f.code, f.path)).collect();
    assert_eq!(
        found,
        ["warning VCP_E125 $.vcp_payload.call.call_id", "warning VCP_E125 $.vcp_payload.call.capabilities_invoked[3]",]
    );
}

#[test]
fn the_present_is_a_parameter_of_every_method() {
    let text = unsummed().replace("2027-10-14T12:10:00Z", "2026-10-31T23:59:59Z");
    let validator = Validator::new().severity(ErrorCode::ConsentExpired, Severity::Error);
    for (now, is_valid) in [(None, true), (Some(now()), false), ("2026-10-31T00:00:00Z".parse().ok(), true)] {
        let report = validator.validate_json(&text, now);
        assert_eq!(report.is_valid(), is_valid);
        let message = report.message.as_ref().unwrap();
        assert_eq!(validator.validate_slice(text.as_bytes(), now), report);
        assert_eq!(validator.validate(message, now).is_empty(), is_valid);
        assert_eq!(validator.check(message, now).is_ok(), is_valid);
        assert_eq!(validator.check_json(&text, now).is_ok(), is_valid);
        assert_eq!(validator.is_valid(message, now), is_valid);
        assert_eq!(validator.is_valid_json(&text, now), is_valid);
    }
}

#[test]
fn many_findings_take_linear_time() {
    let early =
        r#"{"capability_id":"x","capability_type":"tool_call","invoked_at":"2001-01-01T00:00:00Z","success":true},"#;
    let text = FULL.replace("\"lookup_customer\",", &early.repeat(5000));
    assert_eq!(found(&text).len(), 5000);
}

/// Returns the full example without its checksum, which is made up.
fn unsummed() -> String {
    let mut message = VcpMessage::from_json(FULL).unwrap();
    message.audit.checksum = None;
    message.to_json()
}

#[test]
fn yes_and_no_agree_with_the_findings() {
    let validator = Validator::new();
    for (from, to) in [
        ("", ""),
        ("\"granted\"", "\"revoked\""),
        ("\"inbound\"", "\"sideways\""),
        ("\"gap_score\":", "\"gap_score\":7"),
        ("{", "["),
    ] {
        let text = unsummed().replacen(from, to, 1);
        let report = validator.validate_json(&text, None);
        assert_eq!(validator.is_valid_json(&text, None), report.is_valid(), "{to}");
        if let Some(message) = report.message {
            let first = report.findings.iter().find(|finding| finding.severity == Severity::Error);
            let told = validator.check(&message, None).err();
            assert_eq!(told.map(|finding| finding.path), first.map(|finding| finding.path.clone()));
        }
    }
}

#[test]
fn findings_have_lines_and_columns() {
    let text = "{\n \"vcp_version\": \"0.5\",\n \"é\": 1, \"audit\": 7\n}";
    let report = Validator::new().validate_json(text, None);
    let found: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "error VCP_E004 at $.audit (line 3, column 19): an object is wanted here, not a number",
            "error VCP_E005 at $.vcp_payload (line 4, column 1): `vcp_payload` is missing",
        ]
    );
}

#[test]
fn severities_and_switches() {
    let text = unsummed().replace("\"granted\"", "\"revoked\"");
    let codes = |validator: Validator| {
        let report = validator.validate_json(&text, None);
        report.findings.iter().map(|f| (f.code.as_str().to_owned(), f.severity)).collect::<Vec<_>>()
    };
    let revoked = |severity| vec![("VCP_E102".to_owned(), severity)];
    assert_eq!(codes(Validator::new()), revoked(Severity::Error));
    assert_eq!(codes(Validator::new().severity(ErrorCode::ConsentRevoked, Severity::Info)), revoked(Severity::Info));
    assert_eq!(codes(Validator::new().without(ErrorCode::ConsentRevoked)), []);
}

/// A text to which no rule was applied is never valid, whatever the severities.
#[test]
fn no_setting_makes_a_text_valid_that_cannot_be_read() {
    let codes = |validator: &Validator, text: &[u8]| {
        let report = validator.validate_slice(text, None);
        let valid = std::str::from_utf8(text).is_ok_and(|text| validator.is_valid_json(text, None));
        assert_eq!(report.is_valid(), valid);
        (report.is_valid(), report.findings.iter().map(|f| format!("{} {}", f.severity, f.code)).collect::<Vec<_>>())
    };
    let wrong_type = unsummed().replacen("\"call_id\":\"", "\"call_id\":7,\"more\":\"", 1);
    let texts: [(&[u8], ErrorCode); 6] = [
        (wrong_type.as_bytes(), ErrorCode::Type),
        (b"{}", ErrorCode::Missing),
        (b"[", ErrorCode::Malformed),
        (b"\xff", ErrorCode::Malformed),
        (br#"{"vcp_version":"7"}"#, ErrorCode::Version),
        (&vec![b' '; 17 * 1024 * 1024], ErrorCode::Limit),
    ];
    for (text, code) in texts {
        let (valid, found) = codes(&Validator::new().severity(code, Severity::Warning), text);
        assert!(!valid && found.first() == Some(&format!("warning {code}")), "{found:?}");
        assert_eq!(found.last().unwrap(), "error VCP_E001");
        assert_eq!(codes(&Validator::new().without(code), text), (false, vec!["error VCP_E001".to_owned()]));
    }
    // A word that is not listed can be read, so its severity is the user's choice.
    let unlisted = unsummed().replace("\"granted\"", "\"perhaps\"");
    let (valid, found) = codes(&Validator::new().severity(ErrorCode::Type, Severity::Warning), unlisted.as_bytes());
    assert!(valid, "{found:?}");
}

#[derive(Debug)]
struct Own(bool);

impl Rule for Own {
    fn check(&self, message: &VcpMessage, _: &Context) -> Vec<Finding> {
        assert!(!self.0, "as a rule of a user might");
        let path = FieldPath::from_dotted("vcp_payload.call.provider");
        vec![Finding::new(Code::own("ACME_1"), path, "not ours").with("provider", &message.vcp_payload.call.provider)]
    }
}

#[test]
fn own_rules_and_their_panics() {
    let text = unsummed();
    let found = |rule| {
        let report = Validator::new().rule(rule).validate_json(&text, None);
        let lines: Vec<String> =
            report.findings.iter().map(|f| format!("{} {} {}", f.severity, f.code, f.path)).collect();
        (lines, report.is_valid())
    };
    assert_eq!(found(Own(false)), (vec!["warning ACME_1 $.vcp_payload.call.provider".to_owned()], true));
    assert_eq!(found(Own(true)), (vec!["error RULE_PANICKED $".to_owned()], false));
}

#[test]
fn findings_stop_at_a_cap() {
    let many = "7,".repeat(1000);
    let text = unsummed().replacen("\"transformation_history\":[", &format!("\"transformation_history\":[{many}"), 1);
    let report = Validator::new().max_findings(100).validate_json(&text, None);
    assert_eq!(report.findings.len(), 101);
    assert_eq!(report.findings[100].code, ErrorCode::Limit);
    assert_eq!(report.findings[100].message, "there are more than 100 findings");
    assert_eq!(Validator::new().validate_json(&text, None).findings.len(), 1000);
}

#[test]
fn older_messages_are_validated_as_what_they_are() {
    let production = include_str!("../../tests/data/example-0.3-production.json");
    let report = Validator::new().validate_json(production, None);
    assert_eq!((report.dialect, report.findings.len(), report.message), (Dialect::Production03, 0, None));
    let consent =
        production.replacen("\"vcp_payload\": {", "\"vcp_payload\": {\"consent\": {}, \"provenance\": null,", 1);
    let lines = |validator: Validator| {
        let report = validator.validate_json(&consent, None);
        report.findings.iter().map(|f| format!("{} {}", f.code, f.path)).collect::<Vec<_>>()
    };
    assert_eq!(lines(Validator::new()), ["VCP_E105 $.vcp_payload.consent"]);
    assert_eq!(lines(Validator::new().profile(Profile::Reference)), [""; 0]);
}

#[test]
fn every_time_is_looked_at_for_its_offset() {
    let text = unsummed();
    let times: Vec<usize> = text
        .match_indices("\"20")
        .map(|(at, _)| at + 1)
        .filter(|at| {
            let time = text.get(*at..).and_then(|rest| rest.split('"').next()).unwrap_or_default();
            time.parse::<vcp_schema::Timestamp>().is_ok()
        })
        .collect();
    let mut found = std::collections::BTreeSet::new();
    for at in times {
        let (before, after) = text.split_at(at);
        let (time, rest) = after.split_once('"').unwrap();
        let bare = time.trim_end_matches('Z').split('+').next().unwrap();
        let report = Validator::new().validate_json(&format!("{before}{bare}\"{rest}"), None);
        let no_offset = report.findings.iter().filter(|finding| finding.code == ErrorCode::NoOffset);
        found.extend(no_offset.map(|finding| finding.path.to_string().replace(|c: char| c.is_ascii_digit(), "")));
    }
    let all = members_of(&Kind::Object(describe::message()), |kind| matches!(kind, Kind::Timestamp));
    assert_eq!(found.len(), all, "{found:?}");
}

#[test]
fn always_answers() {
    let code = |bytes: &[u8]| {
        let report = Validator::new().validate_slice(bytes, None);
        report.findings.iter().map(|f| f.code.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(code(b"\xff"), ["VCP_E007"]);
    assert_eq!(code(b""), ["VCP_E007"]);
    assert_eq!(code(br#"{"vcp_version":"0.3"}"#), ["VCP_E005", "VCP_E005"], "validated as 0.3");
    assert_eq!(code(br#"{"vcp_version":"7"}"#), ["VCP_E006"]);
    assert_eq!(code(&vec![b' '; 17 * 1024 * 1024]), ["VCP_E008"]);
    assert_eq!(code(b"{}"), ["VCP_E005", "VCP_E005", "VCP_E005"]);
}

#[test]
fn the_cap_cuts_in_document_order_and_keeps_the_verdict() {
    let text = FULL
        .replace("\"duration_sec\": 195", "\"duration_sec\": -1")
        .replace("\"gap_score\": 0.15", "\"gap_score\": 7");
    let codes = |validator: Validator| {
        let report = validator.without(ErrorCode::ChecksumMismatch).validate_json(&text, None);
        (report.is_valid(), report.findings.iter().map(|f| format!("{} {}", f.severity, f.code)).collect::<Vec<_>>())
    };
    let all = codes(Validator::new());
    assert_eq!(all.1, ["error VCP_E107", "error VCP_E106"], "the text has both faults");
    assert_eq!(
        codes(Validator::new().max_findings(1)),
        (false, vec!["error VCP_E107".to_owned(), "error VCP_E008".to_owned()])
    );
    let lenient = || {
        Validator::new()
            .severity(ErrorCode::Negative, Severity::Info)
            .severity(ErrorCode::ScoreRange, Severity::Warning)
    };
    assert_eq!(
        codes(lenient().max_findings(1)),
        (true, vec!["info VCP_E107".to_owned(), "warning VCP_E008".to_owned()])
    );
    assert_eq!(codes(lenient().max_findings(1).without(ErrorCode::Limit)).1, ["info VCP_E107"]);
    for settings in
        [Validator::new().without(ErrorCode::Limit), Validator::new().severity(ErrorCode::Limit, Severity::Info)]
    {
        let cut = codes(settings.max_findings(1));
        assert_eq!(cut.1, ["error VCP_E107", "error VCP_E008"], "no setting hides an error that was cut off");
    }
    let first = Validator::new().without(ErrorCode::ChecksumMismatch).max_findings(0).check_json(&text, None);
    assert_eq!(first.unwrap_err().code, ErrorCode::Negative, "the first error is the first, whatever the cap");
}

#[test]
fn places_in_text_beyond_ascii() {
    let place = |bytes: &[u8]| {
        let report = Validator::new().validate_slice(bytes, None);
        let position = report.findings[0].position.unwrap();
        (position.line, position.column)
    };
    assert_eq!(place("[1,\n[2,\"é".as_bytes()), (2, 5));
    assert_eq!(place("{\n\"a\":\"é\\u12é5\"}".as_bytes()).0, 2);
    assert_eq!(place(b"{\"\xc3\xa9\":\"\xff\"}"), (1, 7));
}

#[test]
fn limits_without_end_do_no_harm() {
    let limits = Limits::default().text_bytes(usize::MAX).members(usize::MAX);
    assert_eq!(Validator::new().limits(limits).validate_json("{}", None).findings.len(), 3);
}

#[test]
fn a_name_that_cannot_be_read_hides_nothing() {
    let text = r#"{"vcp_version":"0.5","x\ud800":1,"audit":7,"vcp_payload":7}"#;
    let report = Validator::new().validate_json(text, None);
    let found: Vec<String> = report.findings.iter().map(|f| format!("{} {}", f.code, f.path)).collect();
    assert_eq!(found, ["VCP_E001 $", "VCP_E004 $.audit", "VCP_E004 $.vcp_payload"]);
}

#[test]
fn versions_that_cannot_be_told_are_named_with_those_that_can() {
    let message = |text: &str| Validator::new().validate_json(text, None).findings[0].message.clone();
    assert_eq!(message(r#"{"vcp_version":"7"}"#), "version `7` is not known: 0.3, 0.4 and 0.5 are supported");
    let both = r#"{"vcp_version":"0.3","audit":{},"vcp_payload":{"audit":{}}}"#;
    assert!(message(both).starts_with("`audit` is both at the root"), "{}", message(both));
}

/// Each finding has a copy of the provider.
#[test]
fn a_long_provider_is_not_repeated() {
    for (length, is_told) in [(256, true), (257, false)] {
        let text = FULL.replace("\"retell\"", &format!("\"{}\"", "p".repeat(length)));
        for text in [text.replace("\"granted\"", "\"revoked\""), text.replace("\"0.5\"", "\"0.3\"")] {
            let report = Validator::new().validate_json(&text, Some(now()));
            assert!(!report.findings.is_empty() && report.findings.iter().all(|f| f.provider.is_some() == is_told));
        }
    }
}

#[test]
fn the_provider_is_told_with_structural_faults_too() {
    let text = FULL.replace("\"granted\"", "7");
    let report = Validator::new().validate_json(&text, None);
    assert_eq!(report.findings[0].provider.as_deref(), Some("retell"));
}
