//! The transforms, which make a value of the JSON text of a member. Invalid text gives a problem,
//! never a guess.

use super::value::{Made, Value};
use crate::rules::{
    Table, Transform,
    check::Check,
    paths::{below, is_empty},
    plan::Function,
};
use std::borrow::Cow;
use vcp_schema::{
    Decimal, ErrorCode, Timestamp,
    json::{is_number, members, string},
};

use Made::{Nothing, Problem};

const UNREADABLE: ErrorCode = ErrorCode::Unreadable;
const TYPE: ErrorCode = ErrorCode::Type;

/// The parts of the message and of the source that a transform may use besides the text.
#[derive(Clone, Copy)]
pub(crate) struct Setting<'r> {
    pub(crate) table: Option<&'r Table>,
    /// The word of `present`.
    pub(crate) word: &'r str,
    pub(crate) function: Option<Function>,
    /// The names of the members of a row that hold times.
    pub(crate) members: &'r [String],
    /// The checks of rows. Each is a list of which one must pass.
    pub(crate) rows: &'r [Vec<(String, Check)>],
    /// The power of ten by which a number is multiplied.
    pub(crate) scale: i32,
    /// The start, if it is known, and whether it was read.
    pub(crate) start: Option<(Timestamp, bool)>,
    pub(crate) end: Option<Timestamp>,
    /// `true` if the end was read.
    pub(crate) end_was_read: bool,
    pub(crate) duration: Option<i64>,
    /// The number of all tokens, if it is known.
    pub(crate) tokens: Option<i64>,
}

/// Applies a transform to the text of a member that is present and not null.
pub(crate) fn apply<'p>(transform: Transform, json: &'p str, setting: Setting<'_>) -> Made<'p> {
    let scale = setting.scale;
    match transform {
        Transform::Text => text(json),
        Transform::Id => match text(json) {
            Made::Value(Value::Text(text)) if text.is_empty() => Nothing,
            made => made,
        },
        Transform::Phone => match text(json) {
            Made::Value(Value::Text(text)) if text.is_empty() => Nothing,
            Made::Value(Value::Text(text)) => {
                let number = without_sip(&text);
                Made::Value(Value::Text(if number == text { text } else { number.to_owned().into() }))
            }
            made => made,
        },
        Transform::Time => time(json),
        Transform::EpochMs => epoch(json, scale),
        Transform::EpochS => epoch(json, scale.saturating_add(3)),
        Transform::Earliest => time_of(rows(json, setting.members, setting.rows), |times| times.into_iter().min()),
        Transform::Latest => time_of(rows(json, setting.members, setting.rows), |times| times.into_iter().max()),
        Transform::Span => match rows(json, setting.members, setting.rows) {
            Ok(times) => span(&times),
            Err(problem) => problem,
        },
        Transform::FromMillis => duration(json, |d| Some(d.scaled(scale.saturating_sub(3)))),
        Transform::FromSeconds => duration(json, |d| Some(d.scaled(scale))),
        Transform::FromMinutes => duration(json, |d| d.scaled(scale).times(60)),
        Transform::SecondsAsMinutes => minutes(json, scale),
        Transform::Count => count(json),
        Transform::Sum => sum(json),
        Transform::Round3 => rounded(json, scale),
        Transform::Mean => mean(json, setting.members),
        Transform::Median => percentile(json, setting.members, 50),
        Transform::P95 => percentile(json, setting.members, 95),
        Transform::Number => float(json, scale),
        Transform::Word => word(json, setting.table),
        Transform::Present if is_empty(json) => Nothing,
        Transform::Present => Made::Value(Value::Text(setting.word.to_owned().into())),
        Transform::Sentiment => sentiment(json),
        Transform::SentimentWord => sentiment_word(json),
        Transform::Json => Made::Value(Value::Json(json.into())),
        Transform::Function => setting.function.map_or(Nothing, |function| integration(json, function)),
        Transform::StartPlusDuration
        | Transform::EndMinusStart
        | Transform::EndMinusDuration
        | Transform::EndTime
        | Transform::TotalTokens => Nothing,
    }
}

/// Applies a transform that computes a value from the fields that are already written.
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
        Transform::EndTime => setting.end.map(Value::Time),
        Transform::TotalTokens => setting.tokens.map(Value::Integer),
        Transform::EndMinusStart => {
            let (start, _) = setting.start.filter(|(_, was_read)| *was_read)?;
            let nanos = setting.end.filter(|_| setting.end_was_read)?.unix_nanos() - start.unix_nanos();
            let seconds = (nanos + 500_000_000).div_euclid(1_000_000_000);
            i64::try_from(seconds).ok().filter(|_| nanos >= 0).map(Value::Integer)
        }
        _ => None,
    }
}

/// Reads a number, or a string that holds one. An empty string is `None`.
pub(crate) fn decimal(json: &str) -> Result<Option<Decimal>, Made<'static>> {
    if is_number(json) {
        return json.parse().map(Some).map_err(|_| Problem(UNREADABLE, "the number has too many digits"));
    }
    match string::decode_lossy(json) {
        Some(text) if text.trim().is_empty() => Ok(None),
        Some(text) => text.trim().parse().map(Some).map_err(|_| Problem(UNREADABLE, "the text is not a number")),
        None => Err(Problem(TYPE, "a number is wanted here")),
    }
}

/// Returns a string, or the text of a number.
pub(crate) fn scalar(json: &str) -> Option<Cow<'_, str>> {
    if is_number(json) { Some(Cow::Borrowed(json)) } else { string::decode_lossy(json) }
}

/// Reads a string, or the text of a number.
fn text(json: &str) -> Made<'_> {
    scalar(json).map_or(Problem(TYPE, "a string is wanted here"), |text| Made::Value(Value::Text(text)))
}

/// Reads a time since 1970 in units of 10^`places` milliseconds.
fn epoch(json: &str, places: i32) -> Made<'static> {
    match decimal(json) {
        Ok(None) => Nothing,
        Ok(Some(number)) => since_1970(number.scaled(places)),
        Err(problem) => problem,
    }
}

/// Makes a time of milliseconds since 1970. Zero is refused: programs send it when they have no
/// time.
fn since_1970(millis: Decimal) -> Made<'static> {
    if millis.is_zero() {
        return Problem(UNREADABLE, "zero is not a time of a call");
    }
    let nanos = millis.scaled(6).rounded(0).to_i128();
    match nanos.and_then(Timestamp::from_unix_nanos) {
        Some(time) => Made::Value(Value::Time(time)),
        None => Problem(UNREADABLE, "the time is outside the years 1 to 9999"),
    }
}

/// Reads ISO 8601 text, or a number of seconds or milliseconds since 1970.
///
/// A number is in seconds if its amount is below 100 000 000 000, and otherwise in milliseconds.
/// Seconds reach that number in the year 5138, and milliseconds in 1973.
pub(crate) fn time(json: &str) -> Made<'static> {
    if let Some(nanos) = plain_nanos(json) {
        return match Timestamp::from_unix_nanos(nanos) {
            Some(time) => Made::Value(Value::Time(time)),
            None => Problem(UNREADABLE, "the time is outside the years 1 to 9999"),
        };
    }
    let iso = string::decode_lossy(json).filter(|text| text.contains('-') && text.contains(':'));
    if let Some(text) = iso {
        return match text.trim().parse::<Timestamp>().map(|time| time.to_utc()) {
            Ok(Some(time)) => Made::Value(Value::Time(time)),
            Ok(None) => Problem(UNREADABLE, "the time is outside the years 1 to 9999"),
            Err(_) => Problem(UNREADABLE, "the text is not an ISO 8601 time"),
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

/// Returns a time that is written as a plain whole number, in nanoseconds since 1970.
fn plain_nanos(json: &str) -> Option<i128> {
    let number = few_digits(json).filter(|number| *number > 0)?;
    Some(i128::from(number) * if number < 100_000_000_000 { 1_000_000_000 } else { 1_000_000 })
}

/// Reads a time as [`time`] does, in nanoseconds since 1970.
pub(crate) fn nanos(json: &str) -> Option<i128> {
    /// The first second of the year 9999.
    const SAFE: i128 = 253_370_764_800 * 1_000_000_000;
    if let Some(nanos) = plain_nanos(json).filter(|nanos| *nanos < SAFE) {
        return Some(nanos);
    }
    match time(json) {
        Made::Value(Value::Time(time)) => Some(time.unix_nanos()),
        _ => None,
    }
}

/// Returns the times of rows, in nanoseconds since 1970. An element that is not a row, and a member
/// that is not a time, is skipped, so that one bad row does not lose the others.
fn rows(json: &str, names: &[String], checks: &[Vec<(String, Check)>]) -> Result<Vec<i128>, Made<'static>> {
    let Some(rows) = members::list(json) else {
        return Err(Problem(TYPE, "a list of rows is wanted here"));
    };
    let passes = |row: &&str| checks.iter().all(|any| passes_one(any, |name| below(row, name)));
    let times = rows.into_iter().filter(passes).flat_map(|row| names.iter().filter_map(move |name| below(row, name)));
    Ok(times.filter_map(nanos).collect())
}

/// Picks one of the times of rows.
fn time_of(rows: Result<Vec<i128>, Made<'static>>, pick: fn(Vec<i128>) -> Option<i128>) -> Made<'static> {
    match rows {
        Ok(times) => {
            pick(times).and_then(Timestamp::from_unix_nanos).map_or(Nothing, |time| Made::Value(Value::Time(time)))
        }
        Err(problem) => problem,
    }
}

/// Returns the time from the earliest to the latest, in whole seconds, rounded half up.
fn span(times: &[i128]) -> Made<'static> {
    let (Some(first), Some(last)) = (times.iter().min(), times.iter().max()) else { return Nothing };
    let seconds = (last - first + 500_000_000).div_euclid(1_000_000_000);
    i64::try_from(seconds).ok().filter(|_| first < last).map_or(Nothing, |seconds| Made::Value(Value::Integer(seconds)))
}

/// Returns the number in a SIP address of a telephone number, or the whole address.
pub(crate) fn without_sip(address: &str) -> &str {
    number_in(address).unwrap_or(address)
}

/// Returns the number in a SIP address whose user part is `+` and digits, such as
/// `"Ida" <sip:+12025550201@example.org>;tag=8f1`.
fn number_in(address: &str) -> Option<&str> {
    let address = without_name(address)?;
    let (_, rest) = address.split_once("sip:").or_else(|| address.split_once("sips:"))?;
    let (user, _) = rest.split_once(['@', ';', '>'])?;
    let digits = user.strip_prefix('+')?;
    (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(user)
}

/// Returns a SIP address without the quoted name in front of it, which the caller chooses. Returns
/// `None` if the quote does not end.
fn without_name(address: &str) -> Option<&str> {
    let Some(quoted) = address.trim_start().strip_prefix('"') else { return Some(address) };
    let mut is_escaped = false;
    let end = quoted.find(|character| {
        let ends = character == '"' && !is_escaped;
        is_escaped = character == '\\' && !is_escaped;
        ends
    })?;
    quoted.get(end + 1..)
}

/// Reads a number, and makes a value of it. An empty string gives nothing.
fn of_number(json: &str, make: impl FnOnce(Decimal) -> Made<'static>) -> Made<'static> {
    match decimal(json) {
        Ok(None) => Nothing,
        Ok(Some(number)) => make(number),
        Err(problem) => problem,
    }
}

/// Reads the length of something, and makes a value of it. A length is not negative.
fn of_length(json: &str, make: impl FnOnce(Decimal) -> Made<'static>) -> Made<'static> {
    of_number(
        json,
        |length| {
            if length.is_negative() { Problem(UNREADABLE, "a duration is not negative") } else { make(length) }
        },
    )
}

/// Returns a double, or the problem of a number that no double can hold.
fn double(value: Option<f64>) -> Made<'static> {
    value.map_or(Problem(UNREADABLE, "the number is out of range"), |value| Made::Value(Value::Float(value)))
}

/// Reads a duration in whole seconds, rounded half up. `to_seconds` converts its unit.
fn duration(json: &str, to_seconds: impl Fn(Decimal) -> Option<Decimal>) -> Made<'static> {
    of_length(json, |length| match to_seconds(length).and_then(|seconds| seconds.rounded(0).to_i64()) {
        Some(seconds) => Made::Value(Value::Integer(seconds)),
        None => Problem(UNREADABLE, "the duration is out of range"),
    })
}

/// Reads a length in seconds, multiplied by 10^`places`, as minutes.
fn minutes(json: &str, places: i32) -> Made<'static> {
    of_length(json, |seconds| double(seconds.scaled(places).to_f64().map(|seconds| seconds / 60.0)))
}

/// Reads a number, multiplied by 10^`places`.
fn float(json: &str, places: i32) -> Made<'static> {
    of_number(json, |number| double(number.scaled(places).to_f64()))
}

/// Reads a number of at most 15 digits and nothing else. Most numbers have that form.
fn few_digits(json: &str) -> Option<i64> {
    const FEW: usize = 15;
    (json.len() <= FEW && json.bytes().all(|byte| byte.is_ascii_digit())).then(|| json.parse().ok()).flatten()
}

/// Returns a number, multiplied by 10^`scale`, if it is written as digits with or without a point
/// and the product is whole. Most numbers are, and need no rounding.
pub(crate) fn plain_scaled(json: &str, scale: i32) -> Option<i128> {
    const FEW: usize = 16;
    if json.len() > FEW || !json.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let (mut number, mut power, mut has_point) = (0_i64, scale, false);
    for byte in json.bytes() {
        match byte {
            b'0'..=b'9' => {
                number = number * 10 + i64::from(byte - b'0');
                power = power.saturating_sub(i32::from(has_point));
            }
            b'.' if !has_point => has_point = true,
            _ => return None,
        }
    }
    let power = u32::try_from(power).ok().filter(|power| *power <= 18)?;
    Some(i128::from(number) * 10_i128.pow(power))
}

/// Reads a whole number, 0 or more. An empty string is `None`.
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

/// Reads a whole number, 0 or more, as a value.
fn count(json: &str) -> Made<'static> {
    match whole(json) {
        Ok(count) => count.map_or(Nothing, |count| Made::Value(Value::Integer(count))),
        Err(problem) => problem,
    }
}

/// Returns the elements of a list.
fn list(json: &str) -> Result<Vec<&str>, Made<'static>> {
    members::list(json).ok_or(Problem(TYPE, "a list of numbers is wanted here"))
}

/// Adds the whole numbers of a list.
fn sum(json: &str) -> Made<'static> {
    let add = |sum: i64, element: &str| match whole(element)? {
        Some(count) => sum.checked_add(count).ok_or(Problem(UNREADABLE, "the sum does not fit 64 bits")),
        None => Err(Problem(UNREADABLE, "a whole number, 0 or more, is wanted here")),
    };
    match list(json).and_then(|list| Ok((list.is_empty(), list.into_iter().try_fold(0, add)?))) {
        Ok((true, _)) => Nothing,
        Ok((false, sum)) => Made::Value(Value::Integer(sum)),
        Err(problem) => problem,
    }
}

/// Reads a number, multiplied by 10^`places` and rounded half up to three decimals.
fn rounded(json: &str, places: i32) -> Made<'static> {
    of_number(json, |number| double(number.scaled(places).rounded(3).to_f64()))
}

/// Returns the numbers of a list, or of `members` of its rows, in millionths. Sums of integers are
/// exact, those of doubles are not.
fn millionths(json: &str, members: &[String]) -> Result<Vec<i128>, Made<'static>> {
    /// The largest amount, which no figure of a call reaches. Sums stay far from the ends of the
    /// type.
    const MOST: u128 = 1_000_000_000_000_000_000_000;
    let number = |element: &str| {
        if let Some(whole) = few_digits(element) {
            return Ok(i128::from(whole) * 1_000_000);
        }
        let millionths = decimal(element)?.and_then(|number| number.scaled(6).rounded(0).to_i128());
        millionths
            .filter(|number| number.unsigned_abs() <= MOST)
            .ok_or(Problem(UNREADABLE, "the number is out of range"))
    };
    let elements = list(json)?;
    if members.is_empty() {
        return elements.into_iter().map(number).collect();
    }
    if elements.iter().any(|element| !element.starts_with('{')) {
        return Err(Problem(TYPE, "a row is an object"));
    }
    let cells = elements.into_iter().flat_map(|row| members.iter().filter_map(move |name| below(row, name)));
    cells.filter(|cell| *cell != "null").map(number).collect()
}

/// Makes a value of `dividend / divisor` thousandths.
fn in_thousandths(dividend: i128, divisor: i128) -> Made<'static> {
    match thousandths(dividend, divisor).parse() {
        Ok(value) => Made::Value(Value::Float(value)),
        Err(_) => Problem(UNREADABLE, "the number is out of range"),
    }
}

/// Computes the mean of a list of numbers, to three decimals.
fn mean(json: &str, members: &[String]) -> Made<'static> {
    match millionths(json, members) {
        Ok(numbers) if numbers.is_empty() => Nothing,
        Ok(numbers) => in_thousandths(numbers.iter().sum(), 1000 * numbers.len() as i128),
        Err(problem) => problem,
    }
}

/// Computes a percentile of a list of numbers by nearest rank, to three decimals.
fn percentile(json: &str, members: &[String], percent: usize) -> Made<'static> {
    match millionths(json, members) {
        Ok(mut numbers) => {
            numbers.sort_unstable();
            let rank = (numbers.len() * percent).div_ceil(100).saturating_sub(1);
            numbers.get(rank).map_or(Nothing, |number| in_thousandths(*number, 1000))
        }
        Err(problem) => problem,
    }
}

/// Returns `dividend / divisor` thousandths as a decimal number. The division is rounded half up,
/// so the number has at most three decimals. The divisor is positive.
pub(crate) fn thousandths(dividend: i128, divisor: i128) -> String {
    let rounded = (2 * dividend + divisor).div_euclid(2 * divisor);
    let (sign, digits) = (if rounded < 0 { "-" } else { "" }, rounded.unsigned_abs());
    let mut text = format!("{sign}{}.{:03}", digits / 1000, digits % 1000);
    text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
    text
}

/// Applies a provider's function to an object.
fn integration(json: &str, make: Function) -> Made<'_> {
    if !json.starts_with('{') {
        // Some senders write an empty object as an empty list.
        return if is_empty(json) { Nothing } else { Problem(TYPE, "an object is wanted here") };
    }
    make(json).map_or(Nothing, |made| Made::Value(Value::Json(made.into())))
}

/// Returns whether a value fits a check: whether it has the word, contains the text, is filled, or
/// is there.
pub(crate) fn fits(check: &Check, json: &str) -> bool {
    match check {
        Check::Is(words) => {
            word_of(json).is_some_and(|word| words.iter().any(|known| known.eq_ignore_ascii_case(word.trim())))
        }
        Check::Contains(part) => !is_empty(json) && json.contains(part),
        Check::Filled(_) => !is_empty(json),
        Check::Present(_) => true,
    }
}

/// Returns whether a member that may be absent passes a check.
pub(crate) fn passes(check: &Check, json: Option<&str>) -> bool {
    json.is_some_and(|json| fits(check, json)) == check.wants()
}

/// Returns whether an object passes one of some checks of its members.
pub(crate) fn passes_one<'j>(checks: &[(String, Check)], member: impl Fn(&str) -> Option<&'j str>) -> bool {
    checks.iter().any(|(name, check)| passes(check, member(name)))
}

/// Returns the word of a member that is not in a list of words. Case is ignored.
pub(crate) fn unlisted<'p>(json: &'p str, words: &[String]) -> Option<Cow<'p, str>> {
    let word = spelled_word(json)?;
    let is_listed = |word: &str| words.iter().any(|known| known.eq_ignore_ascii_case(word));
    Some(word).filter(|word| !word.trim().is_empty() && !is_listed(word.trim()))
}

/// Returns the word of a member, which is a string, or a boolean as `true` or `false`.
pub(crate) fn word_of(json: &str) -> Option<Cow<'_, str>> {
    if matches!(json, "true" | "false") { Some(Cow::Borrowed(json)) } else { string::decode_lossy(json) }
}

/// Returns the word of a member, which is a string, a boolean or a number as it is spelled.
pub(crate) fn spelled_word(json: &str) -> Option<Cow<'_, str>> {
    scalar(json).or_else(|| word_of(json))
}

/// Looks the word of a member up in a table.
fn word<'p>(json: &'p str, table: Option<&Table>) -> Made<'p> {
    let Some(word) = word_of(json) else {
        return Problem(TYPE, "a word is wanted here");
    };
    let Some(table) = table else { return Nothing };
    // A boolean is a word only for a table of booleans.
    if matches!(json, "true" | "false") && !["true", "false"].iter().any(|word| table.has(word)) {
        return Problem(TYPE, "a word is wanted here");
    }
    let hit = table.look_up(word.trim());
    match (hit.word, hit.unlisted) {
        (Some(found), false) => Made::Value(Value::Text(found.to_owned().into())),
        (Some(found), true) => Made::Guessed(Value::Text(found.to_owned().into()), word.into_owned()),
        (None, true) => Made::Unlisted(word.into_owned()),
        (None, false) => Nothing,
    }
}

/// Returns the score of a sentiment word, from 0 to 1. Case is ignored.
pub(crate) fn sentiment_score(word: &str) -> Option<f64> {
    const SCORES: [(&str, f64); 7] = [
        ("very_positive", 1.0),
        ("positive", 0.8),
        ("slightly_positive", 0.6),
        ("neutral", 0.5),
        ("slightly_negative", 0.4),
        ("negative", 0.2),
        ("very_negative", 0.0),
    ];
    let word = word.trim();
    SCORES.iter().find(|(listed, _)| listed.eq_ignore_ascii_case(word)).map(|(_, score)| *score)
}

/// Reads the score of a sentiment word.
fn sentiment(json: &str) -> Made<'_> {
    let Some(word) = string::decode_lossy(json) else {
        return Problem(TYPE, "a word is wanted here");
    };
    match sentiment_score(&word) {
        Some(score) => Made::Value(Value::Float(score)),
        None if word.trim().is_empty() => Nothing,
        None => Made::Unlisted(word.into_owned()),
    }
}

/// Reads a sentiment word. An empty word and `unknown` give no value.
fn sentiment_word(json: &str) -> Made<'_> {
    let word = string::decode_lossy(json).map(|word| word.trim().to_owned()).unwrap_or_default();
    if word.is_empty() || word.eq_ignore_ascii_case("unknown") {
        Nothing
    } else {
        Made::Value(Value::Text(word.into()))
    }
}

#[cfg(test)]
mod tests;
