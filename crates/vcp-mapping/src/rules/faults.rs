//! The faults of rule files.

use super::limits;
use std::fmt;
use vcp_schema::ErrorCode;

/// A fault of a rule file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RuleFault {
    /// The file: `provider.json`, or the name of a rule file.
    pub file: String,
    /// The place in the file, such as `rules[3].from[0].as`.
    pub place: String,
    /// The fault and its remedy, in one line.
    pub message: String,
}

impl fmt::Display for RuleFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: {}", self.file, self.place, self.message)
    }
}

/// The error of rule files: all their faults. `Display` writes the code and all faults in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleError {
    faults: Vec<RuleFault>,
}

impl RuleError {
    pub(crate) fn new(faults: Vec<RuleFault>) -> Self {
        Self { faults }
    }

    /// Returns the code of all faults, `VCP_E002`.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        ErrorCode::Mapping
    }

    /// Returns the faults.
    #[must_use]
    pub fn faults(&self) -> &[RuleFault] {
        &self.faults
    }
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.code())?;
        for (at, fault) in self.faults.iter().enumerate() {
            write!(f, "{}{fault}", if at > 0 { "; " } else { "" })?;
        }
        Ok(())
    }
}

impl std::error::Error for RuleError {}

/// A collector of the faults of one file.
pub(super) struct Faults {
    file: String,
    list: Vec<RuleFault>,
}

impl Faults {
    pub(super) fn new() -> Self {
        Self { file: String::new(), list: Vec::new() }
    }

    /// Continues with another file.
    pub(super) fn file(&mut self, file: &str) {
        self.file = file.to_owned();
    }

    /// Adds a fault. If there are many, the last one says that there are more.
    ///
    /// A rule file is compiled for each form of a delivery. A fault that was added for an earlier
    /// form is not added again, even if it has no suggestion now.
    pub(super) fn add(&mut self, place: impl Into<String>, message: impl Into<String>) {
        let (place, message) = (place.into(), message.into());
        let is_same =
            |fault: &RuleFault| fault.file == self.file && fault.place == place && fault.message.starts_with(&*message);
        if self.list.len() > limits::FAULTS || self.list.iter().any(is_same) {
            return;
        }
        let is_last = self.list.len() == limits::FAULTS;
        let message = if is_last { "there are more faults: mend these first".to_owned() } else { message };
        self.list.push(RuleFault { file: self.file.clone(), place, message });
    }

    /// Returns a suggestion of the nearest name, to be put behind a fault. Empty if none is near,
    /// or if there are many faults.
    pub(super) fn suggestion<'n>(&self, given: &str, known: impl IntoIterator<Item = &'n str>) -> String {
        let near = if self.list.len() < limits::SUGGESTIONS { nearest(given, known) } else { None };
        near.map(|name| format!(": did you mean `{name}`?")).unwrap_or_default()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(super) fn into_error(self) -> RuleError {
        RuleError::new(self.list)
    }
}

/// Returns the nearest name by edit distance, case ignored, if it is near enough to be meant.
pub(crate) fn nearest<'n>(given: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    /// Names from outside may be long, and the distance takes the product of the lengths.
    const LONGEST: usize = 100;
    if given.len() > LONGEST {
        return None;
    }
    let given = given.to_lowercase();
    let most = given.chars().count().div_ceil(4).max(1);
    let near = known.into_iter().map(|name| (strsim::osa_distance(&given, &name.to_lowercase()), name));
    near.filter(|(distance, _)| *distance <= most).min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_near() {
        let known = ["retell", "vapi", "openai_realtime", "openai"];
        for (given, expected) in [
            ("retel", Some("retell")),
            ("Vapii", Some("vapi")),
            ("opneai", Some("openai")),
            ("openai-realtime", Some("openai_realtime")),
            ("twilio", None),
            ("", None),
        ] {
            assert_eq!(nearest(given, known), expected, "{given}");
        }
        assert_eq!(nearest(&"retell".repeat(1_000_000), known), None);
    }
}
