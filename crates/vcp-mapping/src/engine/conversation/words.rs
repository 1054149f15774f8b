//! The number of words of a text.

/// A byte with only its lowest bit, in each of eight bytes.
const ONES: u64 = 0x0101_0101_0101_0101;
/// A byte with only its highest bit, in each of eight bytes.
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Returns the number of words, which white space separates. The bytes are examined eight at a
/// time.
pub(super) fn count(text: &str) -> usize {
    /// The number of chunks after which a byte that counts words could overflow.
    const MOST: usize = 255;
    if !text.is_ascii() && text.chars().any(|c| !c.is_ascii() && c.is_whitespace()) {
        return text.split_whitespace().count();
    }
    let (chunks, rest) = text.as_bytes().as_chunks::<8>();
    let mut last = [b' '; 8];
    last.iter_mut().zip(rest).for_each(|(place, byte)| *place = *byte);
    // The space before a chunk is in its lowest byte. The text begins after a space.
    let (mut words, mut before) = (0, HIGHS);
    let mut begins = |chunk: &[u8; 8]| {
        let spaces = spaces(u64::from_le_bytes(*chunk));
        let begins = ((spaces << 8) | (before >> 56)) & !spaces & HIGHS;
        before = spaces;
        begins >> 7
    };
    for chunks in chunks.chunks(MOST).chain([[last].as_slice()]) {
        let counts = chunks.iter().map(&mut begins).fold(0, u64::wrapping_add);
        words += counts.to_le_bytes().into_iter().map(usize::from).sum::<usize>();
    }
    words
}

/// Returns the highest bit of each byte that is white space: a space, or a control character from
/// the tab to the carriage return.
fn spaces(bytes: u64) -> u64 {
    let low = bytes & !HIGHS;
    let at_least = |byte: u8| low.wrapping_add(ONES * u64::from(0x80 - byte));
    let is_other = (low ^ (ONES * u64::from(b' '))).wrapping_add(!HIGHS);
    let is_control = at_least(b'\t') & !at_least(b'\r' + 1);
    (!is_other | is_control) & !bytes & HIGHS
}

#[cfg(test)]
mod tests {
    use super::count;
    use proptest::prelude::*;

    #[test]
    fn every_byte_of_ascii_is_a_space_or_not() {
        for byte in 0..128 {
            let text = format!("a{}b", char::from(byte));
            assert_eq!(count(&text), text.split_whitespace().count(), "{byte}");
        }
        assert_eq!(count(&"a ".repeat(5_000)), 5_000);
    }

    proptest! {
        #[test]
        fn words_are_what_white_space_separates(
            text in "[a-c \t\u{b}\r\né、我\u{85}\u{a0}\u{2003}\u{3000}–]{0,60}|[a-c é\n–]{0,60}",
        ) {
            prop_assert_eq!(count(&text), text.split_whitespace().count());
        }
    }
}
