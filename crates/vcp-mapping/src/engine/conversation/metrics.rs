//! The metrics of a conversation: turns, talk, speed, interruptions and latency.

use super::{Talk, Turn, words};
use crate::engine::{clock::SECOND, transform::thousandths};
use vcp_schema::Timestamp;

/// The longest gap that is latency, in nanoseconds. A longer one is silence.
const LONGEST_GAP: i128 = 30 * SECOND;
/// The time by which the talk of one side may exceed the length of the call, in nanoseconds.
const TALK_BEYOND: i128 = 2 * SECOND;

impl Talk<'_> {
    /// Returns the metrics of the rows by name, as JSON numbers, and the problems with them. The
    /// call has a length of `duration` seconds, if it is known.
    pub(crate) fn metrics(
        &self,
        duration: Option<i64>,
        end: Option<Timestamp>,
    ) -> (Vec<(&'static str, String)>, Vec<&'static str>) {
        let mut problems = Vec::new();
        let mut metrics = Vec::new();
        let of = |is_agent: bool| self.turns().filter(move |turn| turn.is_agent == is_agent);
        let (user_turns, agent_turns) = (of(false).count(), of(true).count());
        if self.knows_turns {
            metrics.push(("total_turns", (user_turns + agent_turns).to_string()));
            metrics.push(("user_turns", user_turns.to_string()));
            metrics.push(("agent_turns", agent_turns.to_string()));
        }
        let knows_tools = self.knows_tools || (self.rows.is_empty() && self.may_know_tools);
        if knows_tools || !self.rows.calls.is_empty() {
            let errors =
                self.rows.calls.iter().filter(|call| call.result.as_ref().is_some_and(|result| !result.success));
            metrics.push(("tool_calls", self.rows.calls.len().to_string()));
            metrics.push(("tool_errors", errors.count().to_string()));
        }

        let are_timed =
            user_turns + agent_turns > 0 && self.turns().all(|turn| turn.start.is_some() && turn.end.is_some());
        if are_timed {
            let talk = |is_agent| of(is_agent).filter_map(Turn::length).sum::<i128>();
            let words = |is_agent| of(is_agent).map(|turn| words::count(&turn.text)).sum::<usize>() as i128;
            let longest = duration.map(|seconds| i128::from(seconds) * SECOND + TALK_BEYOND);
            let fits = |talk: i128| longest.is_none_or(|longest| talk <= longest);
            let (user, agent) = (talk(false), talk(true));
            for (talk_sec, wpm, talk, is_agent) in
                [("user_talk_sec", "user_wpm", user, false), ("agent_talk_sec", "agent_wpm", agent, true)]
            {
                if !fits(talk) {
                    problems.push(if is_agent {
                        "the agent talks for longer than the call"
                    } else {
                        "the user talks for longer than the call"
                    });
                    continue;
                }
                metrics.push((talk_sec, thousandths(talk, SECOND / 1000)));
                if talk > 0 {
                    metrics.push((wpm, thousandths(words(is_agent) * 60 * SECOND * 1000, talk)));
                }
            }
            if user > 0 && problems.is_empty() {
                metrics.push(("talk_ratio", thousandths(agent * 1000, user)));
            }
        }
        if problems.is_empty() && self.has_turn_after(duration, end) {
            problems.push("a turn starts after the end of the call");
        }
        for (name, by_agent) in [("user_interruptions", false), ("agent_interruptions", true)] {
            if let Some(count) = self.interruptions(by_agent, are_timed) {
                metrics.push((name, count.to_string()));
            }
        }
        match self.rows.latencies.as_slice() {
            [] if are_timed => metrics.extend(latency(self.gaps())),
            [] => {}
            own => metrics.extend(latency(own.to_vec())),
        }
        (metrics, problems)
    }

    /// Returns whether a turn starts more than two seconds after the end of the call.
    fn has_turn_after(&self, duration: Option<i64>, end: Option<Timestamp>) -> bool {
        /// The longest time in a call, in nanoseconds. A later one is an absolute time.
        const IN_CALL: i128 = 1_000_000_000 * SECOND;
        let Some(last) = self.turns().filter_map(|turn| turn.start).max() else { return false };
        let end = if last > IN_CALL {
            end.map(|end| end.unix_nanos())
        } else {
            duration.map(|seconds| i128::from(seconds) * SECOND)
        };
        end.is_some_and(|end| last > end + TALK_BEYOND)
    }

    /// Returns how often one side began to speak while the other was speaking. Uses the provider's
    /// own flags if there are any, else the times.
    fn interruptions(&self, by_agent: bool, are_timed: bool) -> Option<usize> {
        let of_turns = self.turns().filter_map(|turn| Some((turn.is_agent, turn.cut_off?)));
        let flags: Vec<bool> = of_turns
            .chain(self.rows.flags.iter().copied())
            .filter(|(is_agent, _)| *is_agent != by_agent)
            .map(|(_, flag)| flag)
            .collect();
        if !flags.is_empty() {
            return Some(flags.into_iter().filter(|flag| *flag).count());
        }
        if !are_timed {
            return None;
        }
        let mut turns = self.timed();
        turns.sort_by_key(|(start, ..)| *start);
        let mut until = None;
        let mut count = 0;
        for (start, end, is_agent) in turns {
            if is_agent == by_agent {
                count += usize::from(until.is_some_and(|until| start < until));
            } else {
                until = until.max(Some(end));
            }
        }
        Some(count)
    }

    /// Returns start, end and side of the timed turns.
    fn timed(&self) -> Vec<(i128, i128, bool)> {
        self.turns().filter_map(|turn| Some((turn.start?, turn.end?, turn.is_agent))).collect()
    }

    /// Returns the gaps between the end of a user turn and the start of the agent's answer, in
    /// nanoseconds.
    fn gaps(&self) -> Vec<i128> {
        let mut turns = self.timed();
        turns.sort_by_key(|(start, ..)| *start);
        let mut gaps = Vec::new();
        // The end of the unanswered user turn. An agent that speaks before it does not answer.
        let mut until: Option<i128> = None;
        for (start, end, is_agent) in turns {
            if !is_agent {
                until = until.max(Some(end));
            } else if let Some(user_end) = until.take_if(|user_end| *user_end <= start) {
                gaps.push(start - user_end);
            }
        }
        gaps.retain(|gap| *gap <= LONGEST_GAP);
        gaps
    }
}

/// Returns mean, median and 95th percentile of gaps, in milliseconds. Percentiles are by nearest
/// rank.
fn latency(mut gaps: Vec<i128>) -> Vec<(&'static str, String)> {
    gaps.sort_unstable();
    let count = gaps.len();
    let rank = |percent: usize| gaps.get((count * percent).div_ceil(100).saturating_sub(1)).copied();
    let (Some(median), Some(high)) = (rank(50), rank(95)) else { return Vec::new() };
    let sum: i128 = gaps.iter().sum();
    vec![
        ("agent_latency_ms_avg", thousandths(sum, 1000 * count as i128)),
        ("agent_latency_ms_p50", thousandths(median, 1000)),
        ("agent_latency_ms_p95", thousandths(high, 1000)),
    ]
}
