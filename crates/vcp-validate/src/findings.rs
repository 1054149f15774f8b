//! The collector of findings. It lists them, or only notes whether one is an error.

use crate::{Code, Finding};
use std::collections::BTreeMap;
use vcp_schema::{ErrorCode, FieldPath, Severity};

/// The settings of a validator for single codes. `Some` replaces the severity of a code. `None`
/// switches it off.
#[derive(Debug, Clone, Default)]
pub(crate) struct Overrides(BTreeMap<ErrorCode, Option<Severity>>);

impl Overrides {
    pub(crate) fn set(&mut self, code: ErrorCode, severity: Option<Severity>) {
        self.0.insert(code, severity);
    }

    /// Returns the setting of a code. `None` means that it has none. `Some(None)` means that it is
    /// switched off.
    pub(crate) fn chosen(&self, code: ErrorCode) -> Option<Option<Severity>> {
        self.0.get(&code).copied()
    }

    /// Returns the severity of a code. `None` if the code is switched off.
    pub(crate) fn severity(&self, code: ErrorCode) -> Option<Severity> {
        self.chosen(code).unwrap_or_else(|| Some(code.severity()))
    }
}

/// The findings of one validation.
pub(crate) struct Findings<'o> {
    overrides: &'o Overrides,
    /// The findings. `None` if only `has_error` is wanted.
    list: Option<Vec<Finding>>,
    pub(crate) has_error: bool,
}

impl<'o> Findings<'o> {
    /// Creates a collector that keeps all findings.
    pub(crate) fn collect(overrides: &'o Overrides) -> Self {
        Self { overrides, list: Some(Vec::new()), has_error: false }
    }

    /// Creates a collector that only notes whether there is an error. It allocates no memory.
    pub(crate) fn only_ask(overrides: &'o Overrides) -> Self {
        Self { overrides, list: None, has_error: false }
    }

    /// Adds a finding of the catalogue. It is built only if the findings are kept.
    pub(crate) fn add(&mut self, code: ErrorCode, path: impl FnOnce() -> FieldPath, message: &str) {
        self.add_with(code, path, message, |finding| finding);
    }

    /// Adds a finding as [`Findings::add`] does, and completes it with `more`.
    pub(crate) fn add_with(
        &mut self,
        code: ErrorCode,
        path: impl FnOnce() -> FieldPath,
        message: &str,
        more: impl FnOnce(Finding) -> Finding,
    ) {
        let Some(severity) = self.overrides.severity(code) else { return };
        self.has_error |= severity == Severity::Error;
        if let Some(list) = &mut self.list {
            list.push(more(Finding::new(code, path(), message)).severity(severity));
        }
    }

    /// Adds a finding that a rule of the user has built.
    pub(crate) fn push_made(&mut self, finding: Finding) {
        let finding = match &finding.code {
            Code::Vcp(code) => match self.overrides.severity(*code) {
                // The rule chose a severity other than the catalogue's: keep it.
                Some(severity) if finding.severity == code.severity() => finding.severity(severity),
                Some(_) => finding,
                None => return,
            },
            Code::Own(_) => finding,
        };
        self.has_error |= finding.severity == Severity::Error;
        if let Some(list) = &mut self.list {
            list.push(finding);
        }
    }

    pub(crate) fn into_list(self) -> Vec<Finding> {
        self.list.unwrap_or_default()
    }
}
