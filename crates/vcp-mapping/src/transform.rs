//! How the text of a member becomes a value. Every function takes JSON text, says what is wrong with it, and never guesses.

use crate::{
    integrations, normalize,
    rules::{Table, Transform},
};
use serde_json::value::RawValue;
use std::borrow::Cow;
use vcp_schema::{
    Decimal, ErrorCode, Timestamp,
    json::{is_number, string},
};

/// A value on its way into a message.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value<'p> {
    Text(Cow<'p, str>),
    Time(Timestamp),
    Integer(i64),
    Float(f64),
    Json(Cow<'p, str>),
}

/// What a transform makes of a text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Made<'p> {
    Value(Value<'p>),
    /// The text stands for no value; the next source may have one.
    Nothing,
    /// As `Nothing`, and the table should have had this word.
    Unlisted(String),
    /// As `Unlisted`, but the table had an answer by a part of the word.
    Guessed(Value<'p>, String),
    Problem(ErrorCode, &'static str),
}

impl Made<'_> {
    /// The same, when the text is not kept.
    pub(crate) fn into_owned(self) -> Made<'static> {
        let owned = |value| match value {
            Value::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Value::Json(json) => Value::Json(Cow::Owned(json.into_owned())),
            Value::Time(time) => Value::Time(time),
            Value::Integer(integer) => Value::Integer(integer),
            Value::Float(float) => Value::Float(float),
        };
        match self {
            Self::Value(value) => Made::Value(owned(value)),
            Self::Guessed(value, word) => Made::Guessed(owned(value), word),
            Self::Nothing => Nothing,
            Self::Unlisted(word) => Made::Unlisted(word),
            Self::Problem(code, message) => Problem(code, message),
        }
    }
}

use Made::{Nothing, Problem};

const UNREADABLE: ErrorCode = ErrorCode::Unreadable;
const TYPE: ErrorCode = ErrorCode::Type;

/// What a transform may look at besides the text.
#[derive(Clone, Copy)]
pub(crate) struct Setting<'r> {
    pub(crate) table: Option<&'r Table>,
    pub(crate) with: &'r str,
    /// The start, when it is known, and whether it was read.
    pub(crate) start: Option<(Timestamp, bool)>,
    pub(crate) end: Option<Timestamp>,
    pub(crate) duration: Option<i64>,
    /// All tokens, when they are known.
    pub(crate) tokens: Option<i64>,
}

/// Applies a transform to the text of a member that is there and not null.
pub(crate) fn apply<'p>(transform: Transform, json: &'p str, setting: Setting<'_>) -> Made<'p> {
    match transform {
        Transform::Text => text(json),
        Transform::Id => match text(json) {
            Made::Value(Value::Text(text)) if text.is_empty() => Nothing,
            made => made,
        },
        Transform::Time => time(json),
        Transform::EpochMs => epoch(json, 0),
        Transform::EpochS => epoch(json, 3),
        Transform::FirstRowTime => rows(json, |times| times.min()),
        Transform::LastRowTime => rows(json, |times| times.max()),
        Transform::Millis => duration(json, |d| Some(d.scaled(-3))),
        Transform::Seconds => duration(json, Some),
        Transform::Minutes => duration(json, |d| d.times(60)),
        Transform::Count => count(json),
        Transform::Sum => sum(json),
        Transform::Thousandths => rounded(json),
        Transform::Mean => mean(json),
        Transform::Median => percentile(json, 50),
        Transform::P95 => percentile(json, 95),
        Transform::Cents => float(json, -2),
        Transform::Number => float(json, 0),
        Transform::Word => word(json, setting.table),
        Transform::Present => Made::Value(Value::Text(setting.with.to_owned().into())),
        Transform::Sentiment => sentiment(json),
        Transform::SentimentWord => sentiment_word(json),
        Transform::SipHeader => sip_header(json, setting.with),
        Transform::Json => Made::Value(Value::Json(json.into())),
        Transform::CrmIntegration => integration(json, integrations::crm),
        Transform::CalendarIntegration => integration(json, integrations::calendar),
        Transform::SalesIntegration => integration(json, integrations::sales),
        Transform::StartPlusDuration
        | Transform::EndMinusStart
        | Transform::EndMinusDuration
        | Transform::End
        | Transform::TotalTokens => Nothing,
    }
}

/// Applies a transform that works on what has been written so far.
pub(crate) fn derive(transform: Transform, setting: Setting<'_>) -> Option<Value<'static>> {
    let shifted = |time: Timestamp, seconds: i64| {
        let nanos = time.unix_nanos() + i128::from(seconds) * 1_000_000_000;
        Timestamp::from_unix_nanos(nanos).map(Value::Time)
    };
    match transform {
        Transform::StartPlusDuration => {
            let (start, _) = setting.start.filter(|(_, was_read)| *was_read)?;
            shifted(start, setting.duration?)
        }
        Transform::EndMinusDuration => shifted(setting.end?, setting.duration?.checked_neg()?),
        Transform::End => setting.end.map(Value::Time),
        Transform::TotalTokens => setting.tokens.map(Value::Integer),
        Transform::EndMinusStart => {
            let nanos = setting.end?.unix_nanos() - setting.start?.0.unix_nanos();
            let seconds = (nanos + 500_000_000).div_euclid(1_000_000_000);
            i64::try_from(seconds).ok().filter(|_| nanos >= 0).map(Value::Integer)
        }
        _ => None,
    }
}

/// A number, or the digits of one in a string.
pub(crate) fn decimal(json: &str) -> Result<Option<Decimal>, Made<'static>> {
    if is_number(json) {
        return json.parse().map(Some).map_err(|_| Problem(UNREADABLE, "the number has too many digits"));
    }
    match string::decode_lossy(json) {
        Some(text) if text.trim().is_empty() => Ok(None),
        Some(text) => text.trim().parse().map(Some).map_err(|_| Problem(UNREADABLE, "the text is no number")),
        None => Err(Problem(TYPE, "a number is wanted here")),
    }
}

/// A string, or the digits of a number.
pub(crate) fn scalar(json: &str) -> Option<Cow<'_, str>> {
    if is_number(json) { Some(Cow::Borrowed(json)) } else { string::decode_lossy(json) }
}

fn text(json: &str) -> Made<'_> {
    scalar(json).map_or(Problem(TYPE, "a string is wanted here"), |text| Made::Value(Value::Text(text)))
}

/// A time since 1970, `places` decimal places above a millisecond.
fn epoch(json: &str, places: i32) -> Made<'static> {
    match decimal(json) {
        Ok(None) => Nothing,
        Ok(Some(number)) => since_1970(number.scaled(places)),
        Err(problem) => problem,
    }
}

/// Zero is the time that programs send when they have none, and no call was held in 1970.
fn since_1970(millis: Decimal) -> Made<'static> {
    if millis.is_zero() {
        return Problem(UNREADABLE, "zero is no time of a call");
    }
    let nanos = millis.scaled(6).rounded(0).to_i128();
    match nanos.and_then(Timestamp::from_unix_nanos) {
        Some(time) => Made::Value(Value::Time(time)),
        None => Problem(UNREADABLE, "the time is outside the years 1 to 9999"),
    }
}

/// Milliseconds or seconds by size, or ISO 8601 text. Seconds reach 100 000 000 000 in the year 5138, milliseconds in 1973.
pub(crate) fn time(json: &str) -> Made<'static> {
    let iso = string::decode_lossy(json).filter(|text| text.contains('-') && text.contains(':'));
    if let Some(text) = iso {
        return match text.trim().parse::<Timestamp>().map(|time| time.to_utc()) {
            Ok(Some(time)) => Made::Value(Value::Time(time)),
            Ok(None) => Problem(UNREADABLE, "the time is outside the years 1 to 9999"),
            Err(_) => Problem(UNREADABLE, "the text is no ISO 8601 time"),
        };
    }
    match decimal(json) {
        Ok(None) => Nothing,
        Ok(Some(number)) => {
            let seconds = number.rounded(0).to_i128().is_some_and(|n| n.abs() < 100_000_000_000);
            since_1970(if seconds { number.scaled(3) } else { number })
        }
        Err(problem) => problem,
    }
}

/// The elements of a list that are of a type; what is not is passed over, so that one bad row does not lose the others.
fn elements<'p, T: serde::Deserialize<'p>>(json: &'p str) -> Option<impl Iterator<Item = T>> {
    let raw: Vec<&'p RawValue> = serde_json::from_str(json).ok()?;
    Some(raw.into_iter().filter_map(|element| serde_json::from_str(element.get()).ok()))
}

/// The times of rows, picked from.
fn rows(json: &str, pick: fn(std::vec::IntoIter<i128>) -> Option<i128>) -> Made<'static> {
    #[derive(serde::Deserialize)]
    struct Row<'r> {
        #[serde(borrow)]
        time: Option<&'r RawValue>,
        #[serde(borrow, rename = "endTime")]
        end: Option<&'r RawValue>,
    }
    let Some(rows) = elements::<Row<'_>>(json) else {
        return Problem(TYPE, "a list of rows is wanted here");
    };
    let nanos: Vec<i128> = rows
        .flat_map(|row| [row.time, row.end])
        .flatten()
        .filter_map(|raw| match epoch(raw.get(), 0) {
            Made::Value(Value::Time(time)) => Some(time.unix_nanos()),
            _ => None,
        })
        .collect();
    pick(nanos.into_iter()).and_then(Timestamp::from_unix_nanos).map_or(Nothing, |time| Made::Value(Value::Time(time)))
}

/// A length in whole seconds, rounded half up.
fn duration(json: &str, to_seconds: impl Fn(Decimal) -> Option<Decimal>) -> Made<'static> {
    match decimal(json) {
        Ok(None) => Nothing,
        Ok(Some(number)) if number.is_negative() => Problem(UNREADABLE, "a duration is not negative"),
        Ok(Some(number)) => match to_seconds(number).and_then(|seconds| seconds.rounded(0).to_i64()) {
            Some(seconds) => Made::Value(Value::Integer(seconds)),
            None => Problem(UNREADABLE, "the duration is out of range"),
        },
        Err(problem) => problem,
    }
}

fn float(json: &str, places: i32) -> Made<'static> {
    match decimal(json) {
        Ok(None) => Nothing,
        Ok(Some(number)) => match number.scaled(places).to_f64() {
            Some(value) => Made::Value(Value::Float(value)),
            None => Problem(UNREADABLE, "the number is out of range"),
        },
        Err(problem) => problem,
    }
}

/// A number of a few digits and nothing else, which most are.
fn few_digits(json: &str) -> Option<i64> {
    const FEW: usize = 12;
    (json.len() <= FEW && json.bytes().all(|byte| byte.is_ascii_digit())).then(|| json.parse().ok()).flatten()
}

/// A whole number that is not negative.
pub(crate) fn whole(json: &str) -> Result<Option<i64>, Made<'static>> {
    if let Some(count) = few_digits(json) {
        return Ok(Some(count));
    }
    let Some(number) = decimal(json)? else { return Ok(None) };
    match number.to_i64() {
        Some(count) if count >= 0 => Ok(Some(count)),
        _ => Err(Problem(UNREADABLE, "a whole number, 0 or more, is wanted here")),
    }
}

fn count(json: &str) -> Made<'static> {
    match whole(json) {
        Ok(count) => count.map_or(Nothing, |count| Made::Value(Value::Integer(count))),
        Err(problem) => problem,
    }
}

/// The elements of a list, as they are.
fn list(json: &str) -> Result<Vec<&RawValue>, Made<'static>> {
    serde_json::from_str(json).map_err(|_| Problem(TYPE, "a list of numbers is wanted here"))
}

fn sum(json: &str) -> Made<'static> {
    let add = |sum: i64, element: &RawValue| match whole(element.get())? {
        Some(count) => sum.checked_add(count).ok_or(Problem(UNREADABLE, "the sum does not fit 64 bits")),
        None => Err(Problem(UNREADABLE, "a whole number, 0 or more, is wanted here")),
    };
    match list(json).and_then(|list| Ok((list.is_empty(), list.into_iter().try_fold(0, add)?))) {
        Ok((true, _)) => Nothing,
        Ok((false, sum)) => Made::Value(Value::Integer(sum)),
        Err(problem) => problem,
    }
}

fn rounded(json: &str) -> Made<'static> {
    match decimal(json) {
        Ok(None) => Nothing,
        Ok(Some(number)) => match number.rounded(3).to_f64() {
            Some(value) => Made::Value(Value::Float(value)),
            None => Problem(UNREADABLE, "the number is out of range"),
        },
        Err(problem) => problem,
    }
}

/// The numbers of a list in millionths, which are exact: doubles would round sums.
fn millionths(json: &str) -> Result<Vec<i128>, Made<'static>> {
    /// Beyond this nothing that a call has is measured, and sums stay far from the ends of the type.
    const MOST: u128 = 1_000_000_000_000_000_000_000;
    let number = |element: &RawValue| {
        if let Some(whole) = few_digits(element.get()) {
            return Ok(i128::from(whole) * 1_000_000);
        }
        let millionths = decimal(element.get())?.and_then(|number| number.scaled(6).rounded(0).to_i128());
        millionths
            .filter(|number| number.unsigned_abs() <= MOST)
            .ok_or(Problem(UNREADABLE, "the number is out of range"))
    };
    list(json)?.into_iter().map(number).collect()
}

fn in_thousandths(dividend: i128, divisor: i128) -> Made<'static> {
    match thousandths(dividend, divisor).parse() {
        Ok(value) => Made::Value(Value::Float(value)),
        Err(_) => Problem(UNREADABLE, "the number is out of range"),
    }
}

fn mean(json: &str) -> Made<'static> {
    match millionths(json) {
        Ok(numbers) if numbers.is_empty() => Nothing,
        Ok(numbers) => in_thousandths(numbers.iter().sum(), 1000 * numbers.len() as i128),
        Err(problem) => problem,
    }
}

/// By nearest rank.
fn percentile(json: &str, percent: usize) -> Made<'static> {
    match millionths(json) {
        Ok(mut numbers) => {
            numbers.sort_unstable();
            let rank = (numbers.len() * percent).div_ceil(100).saturating_sub(1);
            numbers.get(rank).map_or(Nothing, |number| in_thousandths(*number, 1000))
        }
        Err(problem) => problem,
    }
}

/// `dividend / divisor` thousandths, rounded half up, as a number with up to three decimals. The divisor is positive.
pub(crate) fn thousandths(dividend: i128, divisor: i128) -> String {
    let rounded = (2 * dividend + divisor).div_euclid(2 * divisor);
    let (sign, digits) = (if rounded < 0 { "-" } else { "" }, rounded.unsigned_abs());
    let text = format!("{sign}{}.{:03}", digits / 1000, digits % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn integration(json: &str, make: fn(&str) -> Option<String>) -> Made<'_> {
    if !json.starts_with('{') {
        // An empty list is what some senders make of an empty object.
        return if json.trim_matches(['[', ']', ' ']).is_empty() {
            Nothing
        } else {
            Problem(TYPE, "an object is wanted here")
        };
    }
    make(json).map_or(Nothing, |made| Made::Value(Value::Json(made.into())))
}

/// The word that a member is for tables: a string, or a boolean as `true` and `false`.
pub(crate) fn word_of(json: &str) -> Option<Cow<'_, str>> {
    if matches!(json, "true" | "false") { Some(Cow::Borrowed(json)) } else { string::decode_lossy(json) }
}

fn word<'p>(json: &'p str, table: Option<&Table>) -> Made<'p> {
    let Some(word) = word_of(json) else {
        return Problem(TYPE, "a word is wanted here");
    };
    let Some(table) = table else { return Nothing };
    let hit = table.look_up(word.trim());
    match (hit.word, hit.unlisted) {
        (Some(found), false) => Made::Value(Value::Text(found.to_owned().into())),
        (Some(found), true) => Made::Guessed(Value::Text(found.to_owned().into()), word.into_owned()),
        (None, true) => Made::Unlisted(word.into_owned()),
        (None, false) => Nothing,
    }
}

fn sentiment(json: &str) -> Made<'_> {
    let Some(word) = string::decode_lossy(json) else {
        return Problem(TYPE, "a word is wanted here");
    };
    match normalize::sentiment(&word) {
        Some(score) => Made::Value(Value::Float(score)),
        None if word.trim().is_empty() => Nothing,
        None => Made::Unlisted(word.into_owned()),
    }
}

fn sentiment_word(json: &str) -> Made<'_> {
    let word = string::decode_lossy(json).map(|word| word.trim().to_owned()).unwrap_or_default();
    if word.is_empty() || word.eq_ignore_ascii_case("unknown") {
        Nothing
    } else {
        Made::Value(Value::Text(word.into()))
    }
}

/// The first header of this name, in a list of `{name, value}`.
fn sip_header<'p>(json: &'p str, name: &str) -> Made<'p> {
    #[derive(serde::Deserialize)]
    struct Header<'h> {
        #[serde(borrow)]
        name: Cow<'h, str>,
        #[serde(borrow)]
        value: &'h RawValue,
    }
    let Some(mut headers) = elements::<Header<'p>>(json) else {
        return Problem(TYPE, "a list of headers is wanted here");
    };
    headers.find(|header| header.name.eq_ignore_ascii_case(name)).map_or(Nothing, |header| text(header.value.get()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO_SETTING: Setting<'_> =
        Setting { table: None, with: "From", start: None, end: None, duration: None, tokens: None };

    fn made(transform: Transform, json: &str) -> String {
        match apply(transform, json, NO_SETTING) {
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
            (Transform::Thousandths, "1400.0005", "1400.001"),
            (Transform::Thousandths, "812", "812.0"),
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
                Transform::FirstRowTime,
                r#"[{"time":1722115408897},{"time":1722115407145,"endTime":1722115410000},{"role":"x"}]"#,
                "2024-07-27T21:23:27.145Z",
            ),
            (
                Transform::LastRowTime,
                r#"[{"time":1722115408897},{"time":1722115407145,"endTime":1722115410000}]"#,
                "2024-07-27T21:23:30Z",
            ),
            (Transform::FirstRowTime, "[]", "nothing"),
            (Transform::FirstRowTime, "[7,null,{\"time\":1722115407145}]", "2024-07-27T21:23:27.145Z"),
            (Transform::FirstRowTime, "{}", "VCP_E004"),
            (Transform::Time, "\"0001-01-01T00:00:00+10:00\"", "VCP_E001"),
        ] {
            assert_eq!(made(transform, json), time, "{transform:?} {json}");
        }
    }

    #[test]
    fn durations_are_whole_seconds_rounded_half_up() {
        for (transform, json, seconds) in [
            (Transform::Millis, "35303", "35"),
            (Transform::Millis, "35500", "36"),
            (Transform::Millis, "0", "0"),
            (Transform::Millis, "\"63000\"", "63"),
            (Transform::Seconds, "1.86", "2"),
            (Transform::Seconds, "\"196\"", "196"),
            (Transform::Minutes, "0.666666666666667", "40"),
            (Transform::Minutes, "1.92", "115"),
            (Transform::Seconds, "-1", "VCP_E001"),
            (Transform::Seconds, "1e30", "VCP_E001"),
            (Transform::Seconds, "\"long\"", "VCP_E001"),
            (Transform::Seconds, "{}", "VCP_E004"),
            (Transform::Seconds, "\"\"", "nothing"),
        ] {
            assert_eq!(made(transform, json), seconds, "{transform:?} {json}");
        }
    }

    #[test]
    fn money_sentiments_and_texts() {
        for (transform, json, value) in [
            (Transform::Cents, "4.56", "0.0456"),
            (Transform::Cents, "0", "0.0"),
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
            (
                Transform::SipHeader,
                r#"[{"name":"Via","value":"x"},{"name":"from","value":"<sip:a@example.com>"}]"#,
                "<sip:a@example.com>",
            ),
            (Transform::SipHeader, "[]", "nothing"),
            (Transform::SipHeader, "[1,{\"name\":\"From\"},{\"name\":\"From\",\"value\":\"x\"}]", "x"),
            (Transform::SipHeader, "{}", "VCP_E004"),
        ] {
            assert_eq!(made(transform, json), value, "{transform:?} {json}");
        }
    }
}
