//! Limits on what is read (decisions 4.7).

/// Limits on what is read, so that hostile input cannot take memory or stack (decisions 4.7).
///
/// ```
/// use vcp_schema::{Limits, VcpMessage};
/// let limits = Limits { text_bytes: 10, ..Limits::default() };
/// let error = VcpMessage::from_json_with("{\"vcp_version\":\"0.5\"}", &limits).unwrap_err();
/// assert_eq!(error.code().as_str(), "VCP_E008");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Length of the text in bytes.
    pub text_bytes: usize,
    /// Open `[` and `{` wherever a structure is built; a text with exactly this depth passes. Modelled objects never come
    /// near it, and free-form data and unknown members are kept as text, which has no depth until it is parsed.
    pub depth: usize,
    /// Members of objects and elements of lists that are built, in the whole message, as the text has them. Defaults that a text leaves out are
    /// not counted; they are once they are written.
    pub members: usize,
}

impl Default for Limits {
    /// 16 MiB of text, depth 128, 100 000 members.
    fn default() -> Self {
        Self { text_bytes: 16 * 1024 * 1024, depth: 128, members: 100_000 }
    }
}
