//! The options of reading a message.

use crate::{Limits, ParseError, ReadError, VcpMessage, describe::Described, fits, json::text, read, structure};
use std::io::{self, Read, Write};

/// The options of reading a 0.5 message.
///
/// The functions of [`VcpMessage`] with the same names read with the default options.
///
/// ```
/// use vcp_schema::{Limits, ReadOptions};
/// # let text = include_str!("../../tests/data/minimal.json");
/// let options = ReadOptions::default().limits(Limits::default().members(1000));
/// let message = options.from_json(text)?;
/// assert!(options.is_readable(&message.to_json()));
/// # Ok::<(), vcp_schema::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ReadOptions {
    /// The limits on the text and on the message.
    pub limits: Limits,
}

impl ReadOptions {
    /// Sets the limits on the text and on the message.
    #[must_use]
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Reads a 0.5 message.
    ///
    /// # Errors
    ///
    /// The same as [`VcpMessage::from_json`].
    pub fn from_json(&self, text: &str) -> Result<VcpMessage, ParseError> {
        structure::read(text, &self.limits)
    }

    /// Reads a 0.5 message from bytes.
    ///
    /// # Errors
    ///
    /// The same as [`VcpMessage::from_slice`].
    pub fn from_slice(&self, bytes: &[u8]) -> Result<VcpMessage, ParseError> {
        self.from_json(text::utf8(bytes, &self.limits)?)
    }

    /// Reads a 0.5 message from a source, up to the end of the source.
    ///
    /// Reading stops at most one byte beyond the limit on the length of the text.
    ///
    /// # Errors
    ///
    /// The same as [`VcpMessage::from_reader`].
    pub fn from_reader(&self, source: impl Read) -> Result<VcpMessage, ReadError> {
        let mut bytes = Vec::new();
        let most = u64::try_from(self.limits.text_bytes).unwrap_or(u64::MAX).saturating_add(1);
        source.take(most).read_to_end(&mut bytes)?;
        Ok(self.from_slice(&bytes)?)
    }

    /// Reads a 0.5 message from a `serde_json` tree.
    ///
    /// A tree cannot hold numbers beyond a double or 64 bits. If you have the text, read the text.
    ///
    /// # Errors
    ///
    /// The same as [`VcpMessage::from_value`].
    pub fn from_value(&self, value: &serde_json::Value) -> Result<VcpMessage, ParseError> {
        let mut text = BoundedText { bytes: Vec::new(), most: self.limits.text_bytes };
        match serde_json::to_writer(&mut text, value) {
            Ok(()) => self.from_slice(&text.bytes),
            Err(_) => Err(text::too_long(&self.limits)),
        }
    }

    /// Reads a 0.5 message. Returns `None` for any other text.
    ///
    /// On failure this is faster than [`ReadOptions::from_json`], because no error is built.
    #[must_use]
    pub fn if_readable(&self, text: &str) -> Option<VcpMessage> {
        text::within(text.len(), &self.limits).ok()?;
        read::from_text(text, self.limits.members).ok()
    }

    /// Returns whether [`ReadOptions::if_readable`] would read the text.
    ///
    /// The message is not built, so this takes about two thirds of the time. The check is stricter
    /// than the JSON Schema: it also rejects invalid timestamps and duplicate members, and applies
    /// the limits.
    #[must_use]
    pub fn is_readable(&self, text: &str) -> bool {
        text::within(text.len(), &self.limits).is_ok() && fits::fits(text, &VcpMessage::KIND, self.limits.members)
    }
}

/// A text buffer that refuses to grow beyond a limit.
struct BoundedText {
    bytes: Vec<u8>,
    most: usize,
}

impl Write for BoundedText {
    fn write(&mut self, more: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + more.len() > self.most {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.write(more)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINIMAL: &str = include_str!("../../tests/data/minimal.json");

    #[test]
    fn every_way_of_reading_obeys_the_limits() {
        let value: serde_json::Value = serde_json::from_str(MINIMAL).unwrap();
        let reads = |options: ReadOptions| {
            [
                options.from_json(MINIMAL).is_ok(),
                options.from_slice(MINIMAL.as_bytes()).is_ok(),
                options.from_reader(MINIMAL.as_bytes()).is_ok(),
                options.from_value(&value).is_ok(),
                options.if_readable(MINIMAL).is_some(),
                options.is_readable(MINIMAL),
            ]
        };
        assert_eq!(reads(ReadOptions::default()), [true; 6]);
        for limits in [Limits::default().text_bytes(10), Limits::default().members(10)] {
            assert_eq!(reads(ReadOptions::default().limits(limits)), [false; 6], "{limits:?}");
        }
    }
}
