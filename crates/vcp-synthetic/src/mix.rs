//! Many calls, with the shares of scenarios, providers and hours of a day.

use crate::{Call, Generation, Scenario, random::Random};
use chrono::{DateTime, TimeDelta, Timelike as _, Utc};

/// The distribution of many calls.
///
/// ```
/// use vcp_synthetic::{Generation, Mix, Scenario};
/// let mut mix = Mix::default();
/// mix.generations = vec![(Generation::Retell, 3), (Generation::Vapi, 1)];
/// mix.scenarios = vec![(Scenario::BookedService, 9), (Scenario::NoAnswer, 1)];
/// let (from, until) = ("2026-10-01T00:00:00Z".parse()?, "2026-10-08T00:00:00Z".parse()?);
/// let calls: Vec<_> = mix.calls(42, from, until).take(200).collect();
/// assert!(calls.iter().filter(|(call, _)| call.scenario == Scenario::NoAnswer).count() < 40);
/// assert!(calls.iter().all(|(call, _)| (from..until).contains(&call.requested_at)));
/// # Ok::<(), chrono::ParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mix {
    /// The scenarios, with their weights.
    pub scenarios: Vec<(Scenario, u32)>,
    /// The generations of payloads, with their weights.
    pub generations: Vec<(Generation, u32)>,
    /// The weight of each hour of a day, in UTC.
    pub hours: [u32; 24],
    /// The shortest and the longest pauses, in percent of the usual ones.
    pub pauses: (u32, u32),
}

impl Default for Mix {
    /// Makes a mix of all scenarios but the call of two hours, the present generations of all
    /// providers, and mostly the hours of a working day.
    fn default() -> Self {
        let often = |scenario: &Scenario| match scenario {
            Scenario::BookedService => 30,
            Scenario::TwoHours => 0,
            Scenario::QuoteRequested | Scenario::ScheduledCallback | Scenario::NoAnswer => 10,
            _ => 4,
        };
        let hours = [1, 1, 1, 1, 1, 2, 6, 10, 14, 16, 16, 14, 12, 14, 16, 16, 14, 10, 8, 6, 4, 3, 2, 1];
        let present = Generation::ALL.iter().filter(|generation| generation.name() == generation.provider());
        Self {
            scenarios: Scenario::ALL.iter().map(|scenario| (*scenario, often(scenario))).collect(),
            generations: present.map(|generation| (*generation, 1)).collect(),
            hours,
            pauses: (70, 160),
        }
    }
}

impl Mix {
    /// Returns calls without end, requested from `from` to `until` (without `until`), each with the
    /// generation of its payloads. The same arguments give the same calls.
    ///
    /// Returns no call if all weights of scenarios or generations are 0. The hours do not count if
    /// all their weights are 0, or if the time is shorter than a day.
    pub fn calls(
        &self,
        seed: u64,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> impl Iterator<Item = (Call, Generation)> + '_ {
        (0..).map_while(move |number| {
            let mut random = Random::new(seed, &format!("call {number}"));
            let (scenario, _) =
                self.scenarios.get(random.weighted(self.scenarios.iter().map(|(_, weight)| *weight))?)?;
            let (generation, _) =
                self.generations.get(random.weighted(self.generations.iter().map(|(_, weight)| *weight))?)?;
            let percent = random.between(u64::from(self.pauses.0), u64::from(self.pauses.1));
            let percent = u32::try_from(percent).unwrap_or(100);
            let at = self.time(&mut random, from, until);
            Some((Call::stretched(*scenario, random.below(u64::MAX), at, percent), *generation))
        })
    }

    fn time(&self, random: &mut Random, from: DateTime<Utc>, until: DateTime<Utc>) -> DateTime<Utc> {
        let length = u64::try_from((until - from).num_milliseconds()).unwrap_or(0);
        let mut at = from;
        // Times whose hour is rare are drawn again, a limited number of times.
        for _ in 0..50 {
            at = from + TimeDelta::milliseconds(i64::try_from(random.below(length)).unwrap_or(0));
            let hour = usize::try_from(at.hour()).unwrap_or(0);
            let weight = self.hours.get(hour).copied().unwrap_or(0);
            let most = self.hours.iter().copied().max().unwrap_or(0);
            if length < 86_400_000 || random.below(u64::from(most)) < u64::from(weight) || most == 0 {
                break;
            }
        }
        at
    }
}
