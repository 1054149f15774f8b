use super::*;

const NO_SETTING: Setting<'_> = Setting {
    table: None,
    word: "w",
    function: None,
    members: &[],
    rows: &[],
    scale: 0,
    start: None,
    end: None,
    end_was_read: false,
    duration: None,
    tokens: None,
};

fn made(transform: Transform, json: &str) -> String {
    let members = ["time", "endTime"].map(str::to_owned);
    let reads_rows = matches!(transform, Transform::Earliest | Transform::Latest | Transform::Span);
    let members = if reads_rows { members.as_slice() } else { &[] };
    match apply(transform, json, Setting { members, ..NO_SETTING }) {
        Made::Value(Value::Text(text)) => text.into_owned(),
        Made::Value(Value::Time(time)) => time.to_string(),
        Made::Value(Value::Integer(integer)) => integer.to_string(),
        Made::Value(Value::Float(float)) => format!("{float:?}"),
        Made::Value(Value::Json(json)) => json.into_owned(),
        Nothing => "nothing".to_owned(),
        Problem(code, _) => code.to_string(),
        other => format!("{other:?}"),
    }
}

#[test]
fn plain_numbers_are_scaled_as_others() {
    for json in [
        "0",
        "7",
        "1.5",
        "0.001",
        "12.345678901",
        "999999999.999999",
        "1e3",
        "-1",
        "\"5\"",
        "12345678901234567",
        "1.5e1",
    ] {
        for scale in [i32::MIN, -3, 0, 6, 9, i32::MAX] {
            let exact = decimal(json).unwrap().unwrap().scaled(scale).rounded(0).to_i128();
            assert!(plain_scaled(json, scale).is_none_or(|plain| Some(plain) == exact), "{json} {scale}");
        }
    }
    assert_eq!(plain_scaled("12.345", 9), Some(12_345_000_000));
}

#[test]
fn figures_of_rows() {
    let members = ["ms".to_owned()];
    let mean = |json| apply(Transform::Mean, json, Setting { members: &members, ..NO_SETTING });
    assert_eq!(mean(r#"[{"ms":1},{"ms":2,"x":9},{},{"ms":null}]"#), Made::Value(Value::Float(1.5)));
    assert_eq!(mean("[]"), Nothing);
    assert_eq!(mean("[{}]"), Nothing);
    assert_eq!(mean("[7]"), Problem(TYPE, "a row is an object"));
    assert!(matches!(mean(r#"[{"ms":"x"}]"#), Problem(UNREADABLE, _)));
}

#[test]
fn numbers_in_sip_addresses() {
    for (address, number) in [
        ("\"Ida\" <sip:+12025550101@198.51.100.7:5060>;tag=8f1", Some("+12025550101")),
        ("sip:+12025550101@example.org", Some("+12025550101")),
        ("<sips:+12025550101;phone-context=x@example.org>", Some("+12025550101")),
        ("sip:ida@example.org", None),
        ("sip:12025550101@example.org", None),
        ("sip:+1202x@example.org", None),
        ("sip:+@example.org", None),
        ("+12025550101", None),
    ] {
        assert_eq!(number_in(address), number, "{address}");
    }
}

#[test]
fn spans_of_rows() {
    for (json, seconds) in [
        (r#"[{"time":1722115408897},{"time":1722115407145,"endTime":1722115410000}]"#, "3"),
        (r#"[{"time":1722115408897}]"#, "nothing"),
        ("[]", "nothing"),
        ("7", "VCP_E004"),
    ] {
        assert_eq!(made(Transform::Span, json), seconds, "{json}");
    }
}

#[test]
fn counts_and_lists_of_numbers() {
    for (transform, json, result) in [
        (Transform::Count, "257", "257"),
        (Transform::Count, "2.57e2", "257"),
        (Transform::Count, "\" 12 \"", "12"),
        (Transform::Count, "\"\"", "nothing"),
        (Transform::Count, "-1", "VCP_E001"),
        (Transform::Count, "1.5", "VCP_E001"),
        (Transform::Count, "9223372036854775808", "VCP_E001"),
        (Transform::Count, "true", "VCP_E004"),
        (Transform::Sum, "[700, 41, 0]", "741"),
        (Transform::Sum, "[]", "nothing"),
        (Transform::Sum, "[9223372036854775807, 1]", "VCP_E001"),
        (Transform::Sum, "[1, null]", "VCP_E004"),
        (Transform::Sum, "[1, \"\"]", "VCP_E001"),
        (Transform::Sum, "741", "VCP_E004"),
        (Transform::Round3, "1400.0005", "1400.001"),
        (Transform::Round3, "812", "812.0"),
        (Transform::Mean, "[800, 824.0015]", "812.001"),
        (Transform::Mean, "[0.001, 0.002]", "0.002"),
        (Transform::Mean, "[]", "nothing"),
        (Transform::Mean, "[1e300, 1]", "VCP_E001"),
        (Transform::Mean, "[1e31, 1e31]", "VCP_E001"),
        (Transform::Mean, "[-1e31]", "VCP_E001"),
        (Transform::Mean, "{}", "VCP_E004"),
    ] {
        assert_eq!(made(transform, json), result, "{transform:?} {json}");
    }
    assert_eq!(thousandths(-1500, 1), "-1.5");
    assert_eq!(thousandths(1, 2), "0.001", "half goes up");
    assert_eq!(thousandths(-1, 2), "0");
}

#[test]
fn times_of_every_unit() {
    for (transform, json, time) in [
        (Transform::EpochMs, "1714608475945", "2024-05-02T00:07:55.945Z"),
        (Transform::EpochMs, "1.722115418016999E12", "2024-07-27T21:23:38.016999Z"),
        (Transform::EpochMs, "\"1714608475945\"", "2024-05-02T00:07:55.945Z"),
        (Transform::EpochS, "1714608475", "2024-05-02T00:07:55Z"),
        (Transform::Time, "1714608475945", "2024-05-02T00:07:55.945Z"),
        (Transform::Time, "1714608475", "2024-05-02T00:07:55Z"),
        (Transform::Time, "\"2024-05-02T02:07:55.50+02:00\"", "2024-05-02T00:07:55.50Z"),
        (Transform::Time, "\"2024-05-02 00:07:55\"", "2024-05-02T00:07:55Z"),
        (Transform::EpochMs, "0", "VCP_E001"),
        (Transform::EpochMs, "-62135596800000", "0001-01-01T00:00:00Z"),
        (Transform::EpochMs, "-62135596800001", "VCP_E001"),
        (Transform::EpochMs, "253402300800000", "VCP_E001"),
        (Transform::EpochMs, "1e400", "VCP_E001"),
        (Transform::Time, "\"soon\"", "VCP_E001"),
        (Transform::Time, "\"2024-02-30T00:00:00Z\"", "VCP_E001"),
        (Transform::Time, "\"\"", "nothing"),
        (Transform::Time, "[]", "VCP_E004"),
        (Transform::Time, "true", "VCP_E004"),
        (
            Transform::Earliest,
            r#"[{"time":1722115408897},{"time":1722115407145,"endTime":1722115410000},{"role":"x"}]"#,
            "2024-07-27T21:23:27.145Z",
        ),
        (
            Transform::Latest,
            r#"[{"time":1722115408897},{"time":1722115407145,"endTime":1722115410000}]"#,
            "2024-07-27T21:23:30Z",
        ),
        (Transform::Earliest, "[]", "nothing"),
        (Transform::Earliest, "[7,null,{\"time\":1722115407145}]", "2024-07-27T21:23:27.145Z"),
        (Transform::Earliest, "{}", "VCP_E004"),
        (Transform::Time, "\"0001-01-01T00:00:00+10:00\"", "VCP_E001"),
    ] {
        assert_eq!(made(transform, json), time, "{transform:?} {json}");
    }
}

#[test]
fn durations_are_whole_seconds_rounded_half_up_or_minutes() {
    for (transform, json, seconds) in [
        (Transform::FromMillis, "35303", "35"),
        (Transform::FromMillis, "35500", "36"),
        (Transform::FromMillis, "0", "0"),
        (Transform::FromMillis, "\"63000\"", "63"),
        (Transform::FromSeconds, "1.86", "2"),
        (Transform::FromSeconds, "\"196\"", "196"),
        (Transform::FromMinutes, "0.666666666666667", "40"),
        (Transform::FromMinutes, "1.92", "115"),
        (Transform::SecondsAsMinutes, "87.0", "1.45"),
        (Transform::SecondsAsMinutes, "\"38.1\"", "0.635"),
        (Transform::SecondsAsMinutes, "0", "0.0"),
        (Transform::SecondsAsMinutes, "-1", "VCP_E001"),
        (Transform::SecondsAsMinutes, "-1e-400", "VCP_E001"),
        (Transform::SecondsAsMinutes, "1e400", "VCP_E001"),
        (Transform::SecondsAsMinutes, "true", "VCP_E004"),
        (Transform::SecondsAsMinutes, "\" \"", "nothing"),
        (Transform::FromSeconds, "-1", "VCP_E001"),
        (Transform::FromSeconds, "1e30", "VCP_E001"),
        (Transform::FromSeconds, "\"long\"", "VCP_E001"),
        (Transform::FromSeconds, "{}", "VCP_E004"),
        (Transform::FromSeconds, "\"\"", "nothing"),
    ] {
        assert_eq!(made(transform, json), seconds, "{transform:?} {json}");
    }
}

#[test]
fn numbers_are_scaled_by_their_digits() {
    let scaled = |transform, json, scale| match apply(transform, json, Setting { scale, ..NO_SETTING }) {
        Made::Value(Value::Float(float)) => format!("{float:?}"),
        Made::Value(Value::Integer(integer)) => integer.to_string(),
        other => format!("{other:?}"),
    };
    assert_eq!(scaled(Transform::Number, "4.56", -2), "0.0456");
    assert_eq!(scaled(Transform::Number, "0", -2), "0.0");
    assert_eq!(scaled(Transform::Number, "123456789", -6), "123.456789");
    assert_eq!(scaled(Transform::FromSeconds, "12345", -2), "123");
    assert_eq!(scaled(Transform::Round3, "1.23456", 3), "1234.56");
}

#[test]
fn money_sentiments_and_texts() {
    for (transform, json, value) in [
        (Transform::Number, "7.275e-05", "7.275e-5"),
        (Transform::Number, "\"free\"", "VCP_E001"),
        (Transform::Sentiment, "\"Negative\"", "0.2"),
        (Transform::Sentiment, "\" negative \"", "0.2"),
        (Transform::SentimentWord, "\"mixed\"", "mixed"),
        (Transform::SentimentWord, "\"Unknown\"", "nothing"),
        (Transform::SentimentWord, "\"Negative\"", "Negative"),
        (Transform::Text, "\"\"", ""),
        (Transform::Id, "\"\"", "nothing"),
        (Transform::Text, "442071838750", "442071838750"),
        (Transform::Text, "[]", "VCP_E004"),
        (Transform::Text, r#""a\ud800\u00e9\n\ud83d\ude00""#, "a\u{fffd}é\n😀"),
    ] {
        assert_eq!(made(transform, json), value, "{transform:?} {json}");
    }
}
