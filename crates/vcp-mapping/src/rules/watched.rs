//! Names of members that the walk watches for at every depth.

use vcp_schema::json::string::Quoted;

/// The names that are watched for.
#[derive(Debug, Default)]
pub(crate) struct Watched {
    names: Vec<Box<str>>,
    /// A bit for each name by its first byte, its last byte and its length. Nearly every other name
    /// lacks it.
    bits: [u64; 16],
}

impl Watched {
    pub(crate) fn new<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        let mut names: Vec<Box<str>> = names.into_iter().map(Box::from).collect();
        names.sort_unstable();
        names.dedup();
        let mut bits = [0; 16];
        for name in &names {
            let (word, bit) = bit(name);
            if let Some(word) = bits.get_mut(word) {
                *word |= bit;
            }
        }
        Self { names, bits }
    }

    /// Returns the place of a name among these.
    pub(crate) fn place(&self, name: &str) -> Option<usize> {
        self.names.binary_search_by(|known| (**known).cmp(name)).ok()
    }

    /// Returns whether a name may be one of these.
    #[inline]
    fn may_be(&self, name: &str) -> bool {
        let (word, bit) = bit(name);
        self.bits.get(word).is_some_and(|word| word & bit != 0)
    }
}

/// Returns the place of the bit of a name: one of 16 words, and a bit in it.
#[inline]
fn bit(name: &str) -> (usize, u64) {
    let (Some(first), Some(last)) = (name.as_bytes().first(), name.as_bytes().last()) else { return (0, 0) };
    let mixed = usize::from(*first) ^ usize::from(*last) << 3 ^ name.len() << 5;
    (mixed / 64 % 16, 1 << (mixed % 64))
}

/// The watched names that a text has.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// The number of times that each name was seen. Empty if none was.
    counts: Vec<u32>,
    /// `true` if a name is spelled with escapes, so that it may be any name.
    has_escape: bool,
}

impl Seen {
    /// Notes the name of a member.
    #[inline]
    pub(crate) fn note(&mut self, name: Quoted<'_>, watched: &Watched) {
        self.has_escape |= name.has_escape;
        if watched.may_be(name.raw) {
            self.note_known(name.raw, watched);
        }
    }

    fn note_known(&mut self, name: &str, watched: &Watched) {
        let Some(at) = watched.place(name) else { return };
        self.counts.resize(watched.names.len(), 0);
        if let Some(count) = self.counts.get_mut(at) {
            *count = count.saturating_add(1);
        }
    }

    /// Adds the names of another text.
    pub(crate) fn add(&mut self, other: &Self) {
        self.has_escape |= other.has_escape;
        self.counts.resize(self.counts.len().max(other.counts.len()), 0);
        for (count, further) in self.counts.iter_mut().zip(&other.counts) {
            *count = count.saturating_add(*further);
        }
    }

    /// Returns whether a name may be in the text. A name that is not watched for may be.
    pub(crate) fn may_have(&self, name: &str, watched: &Watched) -> bool {
        self.has_escape || watched.place(name).is_none_or(|at| self.has_all(&[at]))
    }

    /// Returns whether the names at some places among the watched ones are in the text. Names that
    /// are spelled with escapes were not noted.
    pub(crate) fn has_all(&self, places: &[usize]) -> bool {
        places.iter().all(|at| self.count(*at) > 0)
    }

    /// Returns how often the name at a place among the watched ones is in the text. Names that are
    /// spelled with escapes were not noted.
    pub(crate) fn count(&self, place: usize) -> u32 {
        self.counts.get(place).copied().unwrap_or_default()
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
