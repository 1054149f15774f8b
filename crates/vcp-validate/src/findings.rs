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

    /// The severity of a code; `None` when it is switched off.
    pub(crate) fn severity(&self, code: ErrorCode) -> Option<Severity> {
        self.0.get(&code).copied().unwrap_or_else(|| Some(code.severity()))
    }
}

/// Findings in the making.
pub(crate) struct Findings<'o> {
    overrides: &'o Overrides,
    /// `None`: only whether there is an error is asked.
    list: Option<Vec<Finding>>,
    pub(crate) has_error: bool,
    most: usize,
    pub(crate) is_full: bool,
}

impl<'o> Findings<'o> {
    /// Collects up to so many.
    pub(crate) fn collect(overrides: &'o Overrides, most: usize) -> Self {
        Self { overrides, list: Some(Vec::new()), has_error: false, most, is_full: false }
    }

    /// Only tells whether there is an error, and takes no memory.
    pub(crate) fn only_ask(overrides: &'o Overrides) -> Self {
        Self { overrides, list: None, has_error: false, most: 0, is_full: false }
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
        if self.has_room() {
            self.push(more(Finding::new(code, path(), message)).severity(severity));
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
        if self.has_room() {
            self.push(finding);
        }
    }

    fn has_room(&mut self) -> bool {
        let length = self.list.as_ref().map_or(0, Vec::len);
        self.is_full |= self.list.is_some() && length >= self.most;
        self.list.is_some() && !self.is_full
    }

    fn push(&mut self, finding: Finding) {
        if let Some(list) = &mut self.list {
            list.push(finding);
        }
    }

    pub(crate) fn into_list(self) -> Vec<Finding> {
        self.list.unwrap_or_default()
    }
}
