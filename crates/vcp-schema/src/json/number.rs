//! Numbers that are read and computed from their decimal digits.
//!
//! A value that a double cannot hold therefore stays exact (`DECISIONS.md` 1.5 and 5.8).

use std::{
    fmt,
    hash::{Hash, Hasher},
};

/// A decimal number with the exact value of its JSON text: `coefficient × 10^exponent`.
///
/// ```
/// use vcp_schema::Decimal;
/// let cents: Decimal = "4.56".parse()?;
/// assert_eq!(cents.scaled(-2).to_string(), "0.0456");
/// assert_eq!("1.85e2".parse::<Decimal>()?.to_i64(), Some(185));
/// assert_eq!("185.5".parse::<Decimal>()?.to_i64(), None);
/// assert_eq!("35.5".parse::<Decimal>()?.rounded(0).to_i64(), Some(36));
/// # Ok::<(), vcp_schema::DecimalError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Decimal {
    coefficient: i128,
    exponent: i32,
}

/// Two decimals are equal if they have the same value.
impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.shortest() == other.shortest()
    }
}

impl Eq for Decimal {}

impl Hash for Decimal {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.shortest().hash(state);
    }
}

/// The error for a text that is not a [`Decimal`].
///
/// The text is not a JSON number, or it has more than 37 significant digits or an exponent beyond
/// ±100 000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a JSON number with at most 37 digits and an exponent within ±100000")]
#[non_exhaustive]
pub struct DecimalError;

const MOST_DIGITS: usize = 37;
const LARGEST_EXPONENT: i64 = 100_000;

/// The reason why a text is not a [`Decimal`].
enum Unfit {
    /// The text is not a JSON number.
    NoNumber,
    /// The text is a number other than zero, with too many digits or an exponent out of range.
    /// Holds the exponent of the last digit that is not zero.
    TooLong(i64),
}

fn parse(text: &str) -> Result<Decimal, Unfit> {
    let (negative, unsigned) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent_of(exponent).ok_or(Unfit::NoNumber)?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((_, "")) => return Err(Unfit::NoNumber),
        Some(parts) => parts,
        None => (mantissa, ""),
    };
    let is_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) || (whole.len() > 1 && whole.starts_with('0')) {
        return Err(Unfit::NoNumber);
    }
    let digits = || whole.bytes().chain(fraction.bytes());
    let trailing = digits().rev().take_while(|b| *b == b'0').count();
    let significant = || digits().take(whole.len() + fraction.len() - trailing).skip_while(|b| *b == b'0');
    if significant().next().is_none() {
        return Ok(Decimal { coefficient: 0, exponent: 0 });
    }
    let length = |count: usize| i64::try_from(count).unwrap_or(i64::MAX / 4);
    let exponent = exponent.saturating_add(length(trailing) - length(fraction.len()));
    if significant().count() > MOST_DIGITS || exponent.unsigned_abs() > LARGEST_EXPONENT.unsigned_abs() {
        return Err(Unfit::TooLong(exponent));
    }
    let coefficient = significant().fold(0_i128, |sum, digit| sum * 10 + i128::from(digit - b'0'));
    let exponent = i32::try_from(exponent).map_err(|_| Unfit::TooLong(exponent))?;
    Ok(Decimal { coefficient: if negative { -coefficient } else { coefficient }, exponent })
}

impl std::str::FromStr for Decimal {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        parse(text).map_err(|_| DecimalError)
    }
}

fn exponent_of(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    // An exponent beyond 64 bits is out of range for every number except zero.
    Some(text.parse().unwrap_or(if text.starts_with('-') { i64::MIN / 4 } else { i64::MAX / 4 }))
}

impl Decimal {
    /// Returns a whole number as a decimal number.
    #[must_use]
    pub fn from_i64(value: i64) -> Self {
        Self { coefficient: value.into(), exponent: 0 }
    }

    /// Returns this number times ten to the power `places`. For example, `-2` turns cents into
    /// dollars.
    #[must_use]
    pub fn scaled(self, places: i32) -> Self {
        if self.coefficient == 0 {
            return self;
        }
        Self { exponent: self.exponent.saturating_add(places), ..self }
    }

    /// Returns this number times a whole number. Returns `None` if the coefficient of the result
    /// does not fit 128 bits.
    #[must_use]
    pub fn times(self, factor: u32) -> Option<Self> {
        Some(Self { coefficient: self.coefficient.checked_mul(factor.into())?, ..self })
    }

    /// Rounds this number to at most `places` digits after the point. A half is rounded away from
    /// zero.
    #[must_use]
    pub fn rounded(self, places: u32) -> Self {
        let Some(drop) = i64::from(places).checked_add(self.exponent.into()).filter(|d| *d < 0) else {
            return self;
        };
        let exponent = -i32::try_from(places).unwrap_or(i32::MAX);
        let Some(divisor) = u32::try_from(-drop).ok().and_then(|n| 10_i128.checked_pow(n)) else {
            return Self { coefficient: 0, exponent: 0 };
        };
        let (quotient, rest) = (self.coefficient / divisor, self.coefficient % divisor);
        let up = if rest.abs() >= divisor - rest.abs() { self.coefficient.signum() } else { 0 };
        Self { coefficient: quotient + up, exponent }
    }

    /// Returns this number as an integer. Returns `None` if the number has a fraction or does not
    /// fit 64 bits.
    #[must_use]
    pub fn to_i64(self) -> Option<i64> {
        i64::try_from(self.to_i128()?).ok()
    }

    /// Returns this number as an integer. Returns `None` if the number has a fraction or does not
    /// fit 128 bits.
    #[must_use]
    pub fn to_i128(self) -> Option<i128> {
        if self.coefficient == 0 {
            return Some(0);
        }
        let power = 10_i128.checked_pow(self.exponent.unsigned_abs())?;
        if self.exponent >= 0 {
            self.coefficient.checked_mul(power)
        } else {
            (self.coefficient % power == 0).then_some(self.coefficient / power)
        }
    }

    /// Returns the nearest double. Returns `None` beyond the range of doubles.
    #[must_use]
    pub fn to_f64(self) -> Option<f64> {
        let value: f64 = format!("{}e{}", self.coefficient, self.exponent).parse().ok()?;
        value.is_finite().then_some(value)
    }

    /// Returns coefficient and exponent with the shortest coefficient, which are the same for equal
    /// numbers.
    fn shortest(self) -> (i128, i32) {
        let (mut coefficient, mut exponent) = (self.coefficient, self.exponent);
        if coefficient == 0 {
            return (0, 0);
        }
        while coefficient % 10 == 0 && exponent < i32::MAX {
            (coefficient, exponent) = (coefficient / 10, exponent + 1);
        }
        (coefficient, exponent)
    }

    /// Returns whether the number is below zero.
    #[must_use]
    pub fn is_negative(self) -> bool {
        self.coefficient < 0
    }

    /// Returns whether the number is zero.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.coefficient == 0
    }
}

impl fmt::Display for Decimal {
    /// Writes a JSON number, such as `0.0456`. Writes an exponent only for very large and very
    /// small numbers, for which the plain form would be long.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.exponent > 20 || self.exponent < -40 {
            return write!(f, "{}e{}", self.coefficient, self.exponent);
        }
        let digits = self.coefficient.unsigned_abs().to_string();
        if self.coefficient < 0 {
            f.write_str("-")?;
        }
        let Ok(places) = usize::try_from(-self.exponent) else {
            return write!(f, "{digits}{}", "0".repeat(usize::try_from(self.exponent).unwrap_or(0)));
        };
        if places == 0 {
            return f.write_str(&digits);
        }
        let padded = format!("{digits:0>width$}", width = places + 1);
        let (whole, fraction) = padded.split_at(padded.len() - places);
        write!(f, "{whole}.{fraction}")
    }
}

/// The reason why a JSON number is not an integer of 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IntegerFault {
    Fraction,
    Range,
}

/// Returns the integer that a JSON number has as its value, such as 185 for `185`, `185.0` and
/// `1.85e2` (`DECISIONS.md` 1.5).
pub(crate) fn integer(number: &str) -> Result<i64, IntegerFault> {
    if let Ok(value) = number.parse() {
        return Ok(value);
    }
    if !number.contains(['.', 'e', 'E']) {
        return Err(IntegerFault::Range);
    }
    let exponent = match parse(number) {
        Ok(decimal) => match decimal.to_i64() {
            Some(value) => return Ok(value),
            None => decimal.exponent.into(),
        },
        // The number has too many digits or zeros for 64 bits.
        Err(Unfit::TooLong(exponent)) => exponent,
        Err(Unfit::NoNumber) => 0,
    };
    Err(if exponent < 0 { IntegerFault::Fraction } else { IntegerFault::Range })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_longest_exponents_are_refused() {
        for text in
            ["1e-9223372036854775808", "1e9223372036854775807", "1e-99999999999999999999", "10e9223372036854775807"]
        {
            assert!(text.parse::<Decimal>().is_err() && integer(text).is_err(), "{text}");
        }
        assert!("0e-9223372036854775808".parse::<Decimal>().unwrap().is_zero());
    }

    #[test]
    fn an_exponent_has_digits_only() {
        for text in ["0e", "0e+", "0E-", "0e+-1", "0ex", "0e1x", "1e", "1e1.0"] {
            assert!(text.parse::<Decimal>().is_err(), "{text}");
        }
        assert!("0e+7".parse::<Decimal>().unwrap().is_zero());
    }

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn equal_numbers_are_equal() {
        for (number, text) in [
            (Decimal::from_i64(10), "10"),
            (decimal("9.96").rounded(1), "10"),
            (decimal("2.5").times(2).unwrap(), "5"),
            (decimal("0.4").rounded(0), "-0"),
        ] {
            assert_eq!(number, decimal(text));
        }
        assert_ne!(decimal("1"), decimal("10"));
    }

    #[test]
    fn integers_by_value() {
        for (text, value) in [
            ("185", 185),
            ("-0", 0),
            ("185.0", 185),
            ("1.85e2", 185),
            ("1850e-1", 185),
            ("0e999999999999999999999", 0),
            ("0.000", 0),
            ("9007199254740993.0", 9_007_199_254_740_993),
            ("-9223372036854775808", i64::MIN),
            ("9.223372036854775807e18", i64::MAX),
            ("1.0000000000000000000000000000000000000000000000", 1),
            ("0.0000000000000000000000000000000000000000001e43", 1),
        ] {
            assert_eq!(integer(text), Ok(value), "{text}");
        }
        for text in [
            "185.5",
            "1e-1",
            "0.99999999999999999999",
            "1.0000000000000000000000000000000000000000000001",
            "1e-999999999999999999999",
        ] {
            assert_eq!(integer(text), Err(IntegerFault::Fraction), "{text}");
        }
        for text in
            ["9223372036854775808", "1e19", "1e400", "1e999999999999999999999", "123456789012345678901234567890.0"]
        {
            assert_eq!(integer(text), Err(IntegerFault::Range), "{text}");
        }
    }

    #[test]
    fn money_is_scaled_on_the_digits() {
        assert_eq!(decimal("4.56").scaled(-2).to_f64(), Some(0.0456));
        assert_eq!(decimal("12.350").scaled(-2).to_string(), "0.1235");
        assert_eq!(decimal("-0.5").to_string(), "-0.5");
        assert_eq!(decimal("1200").to_string(), "1200");
        assert_eq!(decimal("0").scaled(-2).to_string(), "0");
    }

    #[test]
    fn rounds_half_away_from_zero() {
        for (text, places, rounded) in [
            ("2.5", 0, "3"),
            ("-2.5", 0, "-3"),
            ("2.4999", 0, "2"),
            ("0.00005", 4, "0.0001"),
            ("0.00004", 4, "0.0000"),
            ("7", 2, "7"),
            ("1e-90", 3, "0"),
        ] {
            assert_eq!(decimal(text).rounded(places).to_string(), rounded, "{text}");
        }
    }

    #[test]
    fn refuses_what_json_refuses() {
        for text in ["", "-", "+1", "01", "1.", ".5", "1e", "1e+", "0x1", "NaN", "1 ", "1_0", "--1"] {
            assert_eq!(text.parse::<Decimal>(), Err(DecimalError), "{text}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_double_of_the_same_text(whole in 0_i64..1_000_000_000, fraction in 0_u32..1_000_000, exponent in -20_i32..20) {
            let text = format!("{whole}.{fraction:06}e{exponent}");
            prop_assert_eq!(decimal(&text).to_f64(), text.parse::<f64>().ok());
        }

        #[test]
        fn display_reads_back(coefficient in any::<i64>(), places in -30_i32..30) {
            let number = Decimal::from_i64(coefficient).scaled(places);
            prop_assert_eq!(decimal(&number.to_string()).to_f64(), number.to_f64());
        }

        #[test]
        fn zeros_after_the_point_change_nothing(whole in any::<i64>(), zeros in 1_usize..60) {
            prop_assert_eq!(integer(&format!("{whole}.{}", "0".repeat(zeros))), Ok(whole));
        }
    }
}
