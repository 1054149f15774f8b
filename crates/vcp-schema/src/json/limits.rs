//! Limits on the size of messages (`DECISIONS.md` 4.7).

/// Limits on the text that is read, so that hostile input cannot exhaust memory or stack
/// (`DECISIONS.md` 4.7).
///
/// Start from the default, and change what is needed:
///
/// ```
/// use vcp_schema::{Limits, ReadOptions};
/// let limits = Limits::default().text_bytes(10);
/// let options = ReadOptions::default().limits(limits);
/// let error = options.from_json("{\"vcp_version\":\"0.5\"}").unwrap_err();
/// assert_eq!(error.code().as_str(), "VCP_E008");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The greatest length of the text, in bytes.
    pub text_bytes: usize,
    /// The greatest depth: the number of `[` and `{` that are open at once. A text with exactly
    /// this depth passes.
    ///
    /// Modelled objects do not come near the default. Free-form data and unknown members are kept
    /// as text, so their depth counts only when they are parsed.
    pub depth: usize,
    /// The greatest number of members of objects and elements of lists that are built, in the whole
    /// message.
    ///
    /// Only members and elements in the text are counted. Defaults that the text leaves out count
    /// only after they are written.
    pub members: usize,
}

impl Default for Limits {
    /// Returns the defaults: 16 MiB of text, depth 128, 100 000 members.
    fn default() -> Self {
        Self { text_bytes: 16 * 1024 * 1024, depth: 128, members: 100_000 }
    }
}

impl Limits {
    /// Sets the greatest length of the text, in bytes.
    #[must_use]
    pub const fn text_bytes(mut self, text_bytes: usize) -> Self {
        self.text_bytes = text_bytes;
        self
    }

    /// Sets the greatest depth.
    #[must_use]
    pub const fn depth(mut self, depth: usize) -> Self {
        self.depth = depth;
        self
    }

    /// Sets the greatest number of members and elements.
    #[must_use]
    pub const fn members(mut self, members: usize) -> Self {
        self.members = members;
        self
    }
}
