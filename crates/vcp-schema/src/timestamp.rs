//! Timestamps that keep their spelling.

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, TimeZone, Timelike, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};

/// A point in time together with its spelling: offset, separator and number of fraction digits.
///
/// The year is 0001–9999, and the fraction has at most nine digits. These forms are read
/// (`DECISIONS.md` 1.4):
///
/// - RFC 3339 with any offset.
/// - The same with a space instead of `T`. It is written with `T`.
/// - The same without an offset, which means UTC. The canonical profile reports it as `VCP_E120`.
///
/// Apart from the space, a timestamp is written as it was read.
///
/// Two timestamps are equal if their spelling is equal. Compare [`Timestamp::instant`] to compare
/// the times.
///
/// ```
/// use vcp_schema::Timestamp;
/// let a: Timestamp = "2026-10-14 14:00:00.50+02:00".parse()?;
/// let b: Timestamp = "2026-10-14T12:00:00.5Z".parse()?;
/// assert_eq!(a.to_string(), "2026-10-14T14:00:00.50+02:00");
/// assert_eq!(a.instant(), b.instant());
/// assert!("2026-02-30T00:00:00Z".parse::<Timestamp>().is_err());
/// # Ok::<(), vcp_schema::TimestampError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Timestamp {
    instant: DateTime<Utc>,
    fraction_digits: u8,
    lower_case_t: bool,
    offset: Offset,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Offset {
    None,
    Zulu,
    LowerZulu,
    /// Minutes east of UTC. `negative` distinguishes `-00:00` from `+00:00`.
    Minutes {
        east: i16,
        negative: bool,
    },
}

/// The reason why a text is not a valid timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimestampError {
    /// The text does not have the form of RFC 3339.
    #[error("is not an RFC 3339 timestamp")]
    Form,
    /// A part is out of range, such as month 13, 30 February, 24:00, second 60 or year 0.
    #[error("has a part out of range")]
    Range,
    /// The fraction has more than nine digits.
    #[error("has more than nine digits in the fraction")]
    Precision,
}

impl Timestamp {
    /// Returns the point in time.
    #[must_use]
    pub fn instant(&self) -> DateTime<Utc> {
        self.instant
    }

    /// Returns whether the text had an offset. Without an offset, the time is UTC.
    #[must_use]
    pub fn has_offset(&self) -> bool {
        self.offset != Offset::None
    }

    /// Returns the same point in time, spelled with `T` and `Z` like the times that the SDK makes.
    ///
    /// Keeps the number of fraction digits. Returns `None` if the UTC time is outside the years
    /// 0001–9999.
    #[must_use]
    pub fn to_utc(&self) -> Option<Self> {
        let in_range = (1..=9999).contains(&self.instant.year());
        in_range.then_some(Self { lower_case_t: false, offset: Offset::Zulu, ..*self })
    }

    /// Makes a timestamp from nanoseconds since 1970-01-01T00:00:00Z.
    ///
    /// It is spelled with `T`, `Z` and the fewest fraction digits (0, 3, 6 or 9) that keep the
    /// value. Returns `None` outside the years 0001–9999.
    ///
    /// ```
    /// use vcp_schema::Timestamp;
    /// let time = Timestamp::from_unix_nanos(1_714_608_475_945_000_000).unwrap();
    /// assert_eq!(time.to_string(), "2024-05-02T00:07:55.945Z");
    /// assert_eq!(Timestamp::from_unix_nanos(0).unwrap().to_string(), "1970-01-01T00:00:00Z");
    /// assert_eq!(Timestamp::from_unix_nanos(i128::MAX), None);
    /// ```
    #[must_use]
    pub fn from_unix_nanos(nanos: i128) -> Option<Self> {
        let seconds = i64::try_from(nanos.div_euclid(1_000_000_000)).ok()?;
        let rest = u32::try_from(nanos.rem_euclid(1_000_000_000)).ok()?;
        Self::from_datetime(DateTime::from_timestamp(seconds, rest)?)
    }

    /// Makes a timestamp from milliseconds since 1970-01-01T00:00:00Z, like
    /// [`Timestamp::from_unix_nanos`].
    #[must_use]
    pub fn from_unix_millis(millis: i64) -> Option<Self> {
        Self::from_unix_nanos(i128::from(millis) * 1_000_000)
    }

    /// Makes a timestamp from a chrono time, with the spelling of [`Timestamp::from_unix_nanos`].
    ///
    /// Returns `None` outside the years 0001–9999 and within a leap second.
    #[must_use]
    pub fn from_datetime(instant: DateTime<Utc>) -> Option<Self> {
        let nanos = instant.nanosecond();
        if !(1..=9999).contains(&instant.year()) || nanos >= 1_000_000_000 {
            return None;
        }
        let fraction_digits = match nanos {
            0 => 0,
            n if n % 1_000_000 == 0 => 3,
            n if n % 1_000 == 0 => 6,
            _ => 9,
        };
        Some(Self { instant, fraction_digits, lower_case_t: false, offset: Offset::Zulu })
    }

    /// Returns the time in nanoseconds since 1970-01-01T00:00:00Z, negative before.
    #[must_use]
    pub fn unix_nanos(&self) -> i128 {
        i128::from(self.instant.timestamp()) * 1_000_000_000 + i128::from(self.instant.timestamp_subsec_nanos())
    }
}

/// Reads two ASCII digits as a number.
fn two(bytes: &[u8], at: usize) -> Option<u32> {
    match bytes.get(at..at + 2)? {
        [a @ b'0'..=b'9', b @ b'0'..=b'9'] => Some(u32::from(a - b'0') * 10 + u32::from(b - b'0')),
        _ => None,
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        use TimestampError::{Form, Precision, Range};
        let b = text.as_bytes();
        let number = |at| two(b, at).ok_or(Form);
        let literal = |at: usize, wanted: u8| if b.get(at) == Some(&wanted) { Ok(()) } else { Err(Form) };

        let year = number(0)? * 100 + number(2)?;
        literal(4, b'-')?;
        let month = number(5)?;
        literal(7, b'-')?;
        let day = number(8)?;
        let lower_case_t = match b.get(10) {
            Some(b'T' | b' ') => false,
            Some(b't') => true,
            _ => return Err(Form),
        };
        let hour = number(11)?;
        literal(13, b':')?;
        let minute = number(14)?;
        literal(16, b':')?;
        let second = number(17)?;

        let mut rest = b.get(19..).unwrap_or_default();
        let (mut nanos, mut digits) = (0_u32, 0_usize);
        if let Some((b'.', fraction)) = rest.split_first() {
            digits = fraction.iter().take_while(|c| c.is_ascii_digit()).count();
            let (figures, after) = fraction.split_at(digits);
            match digits {
                0 => return Err(Form),
                1..=9 => {}
                _ => return Err(Precision),
            }
            for place in 0..9 {
                nanos = nanos * 10 + figures.get(place).map_or(0, |c| u32::from(c - b'0'));
            }
            rest = after;
        }

        let offset = match rest {
            [] => Offset::None,
            b"Z" => Offset::Zulu,
            b"z" => Offset::LowerZulu,
            [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
                let (hours, minutes) = (two(rest, 1).ok_or(Form)?, two(rest, 4).ok_or(Form)?);
                if hours > 23 || minutes > 59 {
                    return Err(Range);
                }
                let minutes = i16::try_from(hours * 60 + minutes).map_err(|_| Range)?;
                let negative = *sign == b'-';
                Offset::Minutes { east: if negative { -minutes } else { minutes }, negative }
            }
            _ => return Err(Form),
        };

        if year == 0 || second > 59 {
            return Err(Range);
        }
        let local = i32::try_from(year)
            .ok()
            .and_then(|year| NaiveDate::from_ymd_opt(year, month, day))
            .and_then(|date| date.and_hms_nano_opt(hour, minute, second, nanos))
            .ok_or(Range)?;
        let east = match offset {
            Offset::Minutes { east, .. } => TimeDelta::minutes(east.into()),
            _ => TimeDelta::zero(),
        };
        let instant = Utc.from_utc_datetime(&local.checked_sub_signed(east).ok_or(Range)?);
        Ok(Self { instant, fraction_digits: u8::try_from(digits).map_err(|_| Precision)?, lower_case_t, offset })
    }
}

/// A buffer for the text of a timestamp.
///
/// Formatting with `write!` instead took a third of the time of writing a message.
pub(crate) struct Spelling {
    bytes: [u8; Self::LONGEST],
    length: usize,
}

impl Spelling {
    /// The length of `2026-10-14T12:00:00.123456789+02:00` in bytes.
    const LONGEST: usize = 35;

    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.length) {
            *place = byte;
            self.length += 1;
        }
    }

    /// Appends the last `digits` digits of a number.
    fn number(&mut self, mut number: u32, digits: usize) {
        let end = self.length + digits;
        for place in self.bytes.iter_mut().take(end).skip(self.length).rev() {
            *place = b'0' + (number % 10) as u8;
            number /= 10;
        }
        self.length = end.min(Self::LONGEST);
    }

    pub(crate) fn as_str(&self) -> &str {
        self.bytes.get(..self.length).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default()
    }
}

impl Timestamp {
    /// Returns the text that Python's `str(datetime)` gives, for the legacy checksum.
    pub(crate) fn in_python(&self) -> Spelling {
        let digits = if self.instant.timestamp_subsec_micros() == 0 { 0 } else { 6 };
        let offset = match self.offset {
            Offset::Zulu | Offset::LowerZulu | Offset::Minutes { east: 0, .. } => {
                Offset::Minutes { east: 0, negative: false }
            }
            other => other,
        };
        self.spell(b' ', digits, offset)
    }

    fn spell(&self, separator: u8, fraction_digits: u8, offset: Offset) -> Spelling {
        let east = match offset {
            Offset::Minutes { east, .. } => east,
            _ => 0,
        };
        let utc = self.instant.naive_utc();
        // Reading checked the local time, so adding the offset again stays in range.
        let local = utc.checked_add_signed(TimeDelta::minutes(east.into())).unwrap_or(utc);
        let mut text = Spelling { bytes: [0; Spelling::LONGEST], length: 0 };
        text.number(local.year().unsigned_abs(), 4);
        for (before, part) in [
            (b'-', local.month()),
            (b'-', local.day()),
            (separator, local.hour()),
            (b':', local.minute()),
            (b':', local.second()),
        ] {
            text.push(before);
            text.number(part, 2);
        }
        if fraction_digits > 0 {
            let dropped = u32::from(9_u8.saturating_sub(fraction_digits));
            text.push(b'.');
            text.number(local.nanosecond() / 10_u32.pow(dropped), fraction_digits.into());
        }
        match offset {
            Offset::None => {}
            Offset::Zulu => text.push(b'Z'),
            Offset::LowerZulu => text.push(b'z'),
            Offset::Minutes { east, negative } => {
                let minutes = u32::from(east.unsigned_abs());
                text.push(if negative { b'-' } else { b'+' });
                text.number(minutes / 60, 2);
                text.push(b':');
                text.number(minutes % 60, 2);
            }
        }
        text
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = if self.lower_case_t { b't' } else { b'T' };
        f.write_str(self.spell(separator, self.fraction_digits, self.offset).as_str())
    }
}

impl TryFrom<DateTime<Utc>> for Timestamp {
    type Error = TimestampError;

    fn try_from(instant: DateTime<Utc>) -> Result<Self, TimestampError> {
        Self::from_datetime(instant).ok_or(TimestampError::Range)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::read::deserialize_text(deserializer, |text| text.parse().ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keeps_every_spelling() {
        for text in [
            "2025-10-14T12:00:00Z",
            "2025-10-14T12:00:00z",
            "2025-10-14t12:00:00Z",
            "2025-10-14T12:00:00",
            "2025-10-14T12:00:00+00:00",
            "2025-10-14T12:00:00-00:00",
            "2025-10-14T12:00:00.000Z",
            "2025-10-14T12:00:00.123456789+05:45",
            "2025-10-14T12:00:00.10-11:30",
            "0001-01-01T00:00:00+23:59",
            "9999-12-31T23:59:59.999999999-23:59",
            "2024-02-29T00:00:00Z",
        ] {
            assert_eq!(text.parse::<Timestamp>().unwrap().to_string(), text);
        }
        assert_eq!("2025-10-14 12:00:00Z".parse::<Timestamp>().unwrap().to_string(), "2025-10-14T12:00:00Z");
    }

    #[test]
    fn refuses_what_is_no_time() {
        use TimestampError::{Form, Precision, Range};
        for (text, error) in [
            ("", Form),
            ("2025-10-14", Form),
            ("2025-10-14T12:00Z", Form),
            ("2025-10-14T12:00:00 Z", Form),
            ("2025-10-14T12:00:00+0000", Form),
            ("2025-10-14T12:00:00.Z", Form),
            ("2025-10-14_12:00:00Z", Form),
            ("+025-10-14T12:00:00Z", Form),
            ("２025-10-14T12:00:00Z", Form),
            ("2025-10-14T12:00:60Z", Range),
            ("2025-02-30T00:00:00Z", Range),
            ("2023-02-29T00:00:00Z", Range),
            ("2025-13-01T00:00:00Z", Range),
            ("2025-10-14T24:00:00Z", Range),
            ("0000-10-14T12:00:00Z", Range),
            ("2025-10-14T12:00:00+24:00", Range),
            ("2025-10-14T12:00:00+00:60", Range),
            ("2025-10-14T12:00:00.1234567890Z", Precision),
            ("1714608475945", Form),
        ] {
            assert_eq!(text.parse::<Timestamp>(), Err(error), "{text}");
        }
    }

    #[test]
    fn instants_agree_across_spellings() {
        let zulu: Timestamp = "2025-10-14T12:00:00Z".parse().unwrap();
        for text in ["2025-10-14T14:00:00+02:00", "2025-10-14 12:00:00", "2025-10-13T23:00:00.0-13:00"] {
            assert_eq!(text.parse::<Timestamp>().unwrap().instant(), zulu.instant(), "{text}");
        }
        assert!(!"2025-10-14 12:00:00".parse::<Timestamp>().unwrap().has_offset());
    }

    #[test]
    fn utc_stays_within_the_years() {
        let utc = |text: &str| text.parse::<Timestamp>().unwrap().to_utc().map(|time| time.to_string());
        assert_eq!(utc("2025-10-14t14:00:00.50+02:00").as_deref(), Some("2025-10-14T12:00:00.50Z"));
        assert_eq!(utc("0001-01-01T00:00:00+10:00"), None);
        assert_eq!(utc("9999-12-31T23:59:59-10:00"), None);
    }

    proptest! {
        #[test]
        fn never_panics_and_writes_what_it_read(text in "[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,10})?(Z|z|[+-][0-9]{2}:[0-9]{2})?") {
            if let Ok(time) = text.parse::<Timestamp>() {
                prop_assert_eq!(time.to_string(), text.replace(' ', "T"));
            }
        }

        #[test]
        fn millis_round_trip(millis in -62_135_596_800_000_i64..253_402_300_800_000) {
            let time = Timestamp::from_unix_millis(millis).unwrap();
            prop_assert_eq!(time.unix_nanos(), i128::from(millis) * 1_000_000);
            prop_assert_eq!(time.to_string().parse::<Timestamp>().unwrap(), time);
        }
    }

    #[test]
    fn times_as_python_writes_them() {
        for (text, expected) in [
            ("2026-10-14T12:00:00Z", "2026-10-14 12:00:00+00:00"),
            ("2026-10-14t12:00:00.000z", "2026-10-14 12:00:00+00:00"),
            ("2026-10-14T12:00:00.5-00:00", "2026-10-14 12:00:00.500000+00:00"),
            ("2026-10-14 12:00:00.123456999+05:30", "2026-10-14 12:00:00.123456+05:30"),
            ("2026-10-14T12:00:00.0000009", "2026-10-14 12:00:00"),
        ] {
            assert_eq!(text.parse::<Timestamp>().unwrap().in_python().as_str(), expected);
        }
    }
}
