//! Names of members that the walk watches for at every depth.

use vcp_schema::json::string::Quoted;

/// The names that are watched for.
#[derive(Debug, Default)]
pub(crate) struct Watched {
    names: Vec<Box<str>>,
    /// A bit for each name by its first byte, and one by its length and its last byte. Nearly every
    /// other name lacks one of the two.
    bits: [u64; 2],
}

impl Watched {
    pub(crate) fn new<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        let mut names: Vec<Box<str>> = names.into_iter().map(Box::from).collect();
        names.sort_unstable();
        names.dedup();
        let both = |[a, b]: [u64; 2], [c, d]: [u64; 2]| [a | c, b | d];
        let bits = names.iter().fold([0, 0], |all, name| both(all, bits(name)));
        Self { names, bits }
    }
}

/// Returns the bits of a name.
#[inline]
fn bits(name: &str) -> [u64; 2] {
    let (Some(first), Some(last)) = (name.as_bytes().first(), name.as_bytes().last()) else { return [0, 0] };
    [1 << (first % 64), 1 << (last.wrapping_add((name.len() as u8).wrapping_mul(11)) % 64)]
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
        let ([first, rest], [any_first, any_rest]) = (bits(name.raw), watched.bits);
        if first & any_first != 0 && rest & any_rest != 0 {
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

    /// Returns whether a name may be in the text. A name that is not watched for may be.
    pub(crate) fn may_have(&self, name: &str, watched: &Watched) -> bool {
        let at = watched.names.binary_search_by(|known| (**known).cmp(name));
        self.has_escape || at.map_or(true, |at| self.flags.get(at).copied().unwrap_or_default())
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
        assert!(seen.may_have("tokens", &watched), "nobody watches for it");
        seen.note(Quoted::of(r#""t\u006fken""#).unwrap(), &watched);
        assert!(seen.may_have("token", &watched) && seen.has_escape());
    }
}
