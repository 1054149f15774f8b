//! Where findings are collected, or only counted.

use crate::{Code, Finding};
use std::collections::BTreeMap;
use vcp_schema::{ErrorCode, FieldPath, Severity};

/// What a validator does with codes: another severity, or nothing at all.
#[derive(Debug, Clone, Default)]
pub(crate) struct Overrides(BTreeMap<ErrorCode, Option<Severity>>);

impl Overrides {
    pub(crate) fn set(&mut self, code: ErrorCode, severity: Option<Severity>) {
        self.0.insert(code, severity);
    }

    /// What was said of a code: a severity, or that it is switched off; `None` when nothing was.
    pub(crate) fn chosen(&self, code: ErrorCode) -> Option<Option<Severity>> {
        self.0.get(&code).copied()
    }

    /// The severity of a code; `None` when it is switched off.
    pub(crate) fn severity(&self, code: ErrorCode) -> Option<Severity> {
        self.chosen(code).unwrap_or_else(|| Some(code.severity()))
    }
}

/// Findings in the making.
pub(crate) struct Findings<'o> {
    overrides: &'o Overrides,
    /// `None`: only whether there is an error is asked.
    list: Option<Vec<Finding>>,
    pub(crate) has_error: bool,
}

impl<'o> Findings<'o> {
    /// Collects them.
    pub(crate) fn collect(overrides: &'o Overrides) -> Self {
        Self { overrides, list: Some(Vec::new()), has_error: false }
    }

    /// Only tells whether there is an error, and takes no memory.
    pub(crate) fn only_ask(overrides: &'o Overrides) -> Self {
        Self { overrides, list: None, has_error: false }
    }

    /// Adds a finding of the catalogue, which is made only when somebody wants it.
    pub(crate) fn add(&mut self, code: ErrorCode, path: impl FnOnce() -> FieldPath, message: &str) {
        self.add_with(code, path, message, |finding| finding);
    }

    /// As [`Findings::add`], with more in it.
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

    /// Adds a finding that was made already.
    pub(crate) fn push_made(&mut self, finding: Finding) {
        let finding = match &finding.code {
            Code::Vcp(code) => match self.overrides.severity(*code) {
                // A severity that differs from the catalogue's was chosen by who made it.
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
