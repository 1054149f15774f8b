//! Names of members that the walk watches for at every depth.

use vcp_schema::json::string::Quoted;

/// The names that are watched for.
#[derive(Debug, Default)]
pub(crate) struct Watched {
    names: Vec<Box<str>>,
    /// A bit for each name, by its length and its first and last byte. Nearly every other name is
    /// told from all of them by its bit.
    bits: u64,
}

impl Watched {
    pub(crate) fn new<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        let mut names: Vec<Box<str>> = names.into_iter().map(Box::from).collect();
        names.sort_unstable();
        names.dedup();
        let bits = names.iter().fold(0, |bits, name| bits | bit(name));
        Self { names, bits }
    }
}

/// Returns the bit of a name.
#[inline]
fn bit(name: &str) -> u64 {
    let byte = |byte: Option<&u8>| u32::from(byte.copied().unwrap_or_default());
    let bytes = name.as_bytes();
    let number = byte(bytes.first()) + 3 * byte(bytes.last()) + 7 * (bytes.len() as u32 & 0xff);
    1 << (number % 64)
}

/// The watched names that a text has.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// A flag for each name. Empty if none was seen.
    flags: Vec<bool>,
    /// `true` if a name is spelled with escapes, so that it may be any name.
    has_escape: bool,
}

impl Seen {
    /// Notes the name of a member.
    #[inline]
    pub(crate) fn note(&mut self, name: Quoted<'_>, watched: &Watched) {
        self.has_escape |= name.has_escape;
        if watched.bits & bit(name.raw) != 0 {
            self.note_known(name.raw, watched);
        }
    }

    fn note_known(&mut self, name: &str, watched: &Watched) {
        let Ok(at) = watched.names.binary_search_by(|known| (**known).cmp(name)) else { return };
        self.flags.resize(watched.names.len(), false);
        if let Some(flag) = self.flags.get_mut(at) {
            *flag = true;
        }
    }

    /// Returns whether a watched name may be in the text.
    pub(crate) fn may_have(&self, name: &str, watched: &Watched) -> bool {
        let at = watched.names.binary_search_by(|known| (**known).cmp(name));
        self.has_escape || at.is_ok_and(|at| self.flags.get(at).copied().unwrap_or_default())
    }

    /// Returns whether a name is spelled with escapes.
    pub(crate) fn has_escape(&self) -> bool {
        self.has_escape
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_watched_names_are_seen() {
        let watched = Watched::new(["token", "secret", "token"]);
        let mut seen = Seen::default();
        let mut note = |json| seen.note(Quoted::of(json).unwrap(), &watched);
        note("\"tokens\"");
        note("\"secret\"");
        note("\"\"");
        assert_eq!((seen.may_have("secret", &watched), seen.may_have("token", &watched)), (true, false));
        seen.note(Quoted::of(r#""t\u006fken""#).unwrap(), &watched);
        assert!(seen.may_have("token", &watched) && seen.has_escape());
    }
}
