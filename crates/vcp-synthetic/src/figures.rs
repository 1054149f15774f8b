//! The figures of a conversation, computed from the truth (`MAPPING.md` 6). All of it is exact.

use crate::call::{Speaker, Turn};

/// Divides and rounds half up to thousandths. Returns `None` for a division by 0.
fn thousandths(amount: u64, by: u64) -> Option<u64> {
    let (amount, by) = (u128::from(amount) * 1000, u128::from(by));
    u64::try_from((2 * amount + by).checked_div(2 * by)?).ok()
}

/// The turns of a conversation, in the order in which they began.
pub(crate) struct Figures<'t>(pub(crate) &'t [Turn]);

impl Figures<'_> {
    fn of(&self, speaker: Speaker) -> impl Iterator<Item = &Turn> {
        self.0.iter().filter(move |turn| turn.speaker == speaker)
    }

    /// Returns pairs of neighbouring turns of different sides, of which this side has the second.
    fn answers_of(&self, speaker: Speaker) -> impl Iterator<Item = (&Turn, &Turn)> {
        let pairs = self.0.iter().zip(self.0.iter().skip(1));
        pairs.filter(move |(before, turn)| turn.speaker == speaker && before.speaker != speaker)
    }

    /// Returns the number of turns of a side.
    pub(crate) fn turns(&self, speaker: Speaker) -> usize {
        self.of(speaker).count()
    }

    /// Returns the time in milliseconds during which a side spoke.
    pub(crate) fn talk_ms(&self, speaker: Speaker) -> u64 {
        self.of(speaker).map(|turn| turn.end_ms() - turn.start_ms()).sum()
    }

    /// Returns the speed of a side in thousandths of words per minute. Words are separated by white
    /// space.
    pub(crate) fn words_per_minute(&self, speaker: Speaker) -> Option<u64> {
        let words: usize = self.of(speaker).map(|turn| turn.text.split_whitespace().count()).sum();
        thousandths(u64::try_from(words).ok()? * 60_000, self.talk_ms(speaker))
    }

    /// Returns the talk of the agent divided by that of the person, in thousandths.
    pub(crate) fn talk_ratio(&self) -> Option<u64> {
        thousandths(self.talk_ms(Speaker::Agent), self.talk_ms(Speaker::User))
    }

    /// Returns how often a side began to speak while the other one still spoke.
    pub(crate) fn interruptions_by(&self, speaker: Speaker) -> usize {
        self.answers_of(speaker).filter(|(before, turn)| turn.start_ms() < before.end_ms()).count()
    }

    /// Returns the times in milliseconds from the end of what the person said to the answer of the
    /// agent.
    pub(crate) fn latencies_ms(&self) -> Vec<u64> {
        let gap = |(before, turn): (&Turn, &Turn)| turn.start_ms().checked_sub(before.end_ms());
        self.answers_of(Speaker::Agent).filter_map(gap).collect()
    }

    /// Returns the mean latency in thousandths of a millisecond.
    pub(crate) fn mean_latency(&self) -> Option<u64> {
        let latencies = self.latencies_ms();
        thousandths(latencies.iter().sum(), u64::try_from(latencies.len()).ok()?)
    }

    /// Returns a percentile of the latencies in milliseconds, by nearest rank.
    pub(crate) fn latency_percentile(&self, percent: usize) -> Option<u64> {
        let mut latencies = self.latencies_ms();
        latencies.sort_unstable();
        let rank = (latencies.len() * percent).div_ceil(100);
        latencies.get(rank.checked_sub(1)?).copied()
    }
}
