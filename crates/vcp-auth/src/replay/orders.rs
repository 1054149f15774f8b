//! A test of the guard in every order of the steps of several threads. Run it with
//! `RUSTFLAGS="--cfg loom" cargo test -p vcp-auth --lib replay`.

use super::*;
use loom::{sync::Arc, thread};

fn key() -> ReplayKey {
    ReplayKey::of(["delivery"])
}

#[test]
fn of_three_at_once_one_is_first() {
    loom::model(|| {
        let guard = Arc::new(MemoryGuard::new(1));
        let remember = |guard: &MemoryGuard| guard.remember(key(), DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH);
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let guard = guard.clone();
                thread::spawn(move || remember(&guard))
            })
            .collect();
        let mut answers = vec![remember(&guard)];
        answers.extend(threads.into_iter().map(|thread| thread.join().unwrap()));
        assert_eq!(answers.iter().filter(|seen| **seen == Ok(Seen::First)).count(), 1);
        assert_eq!(answers.iter().filter(|seen| **seen == Ok(Seen::Again)).count(), 2);
    });
}

/// A thread whose clock is far ahead makes the guard forget. A slow one gets an error then, and
/// never a second `First`.
#[test]
fn a_fast_clock_lets_nothing_through() {
    loom::model(|| {
        let guard = Arc::new(MemoryGuard::new(2));
        let start = DateTime::UNIX_EPOCH;
        let ahead = start + MemoryGuard::SLACK + TimeDelta::seconds(1);
        let threads = [start, ahead].map(|now| {
            let guard = guard.clone();
            thread::spawn(move || guard.remember(key(), start, now))
        });
        let mut answers = threads.map(|thread| thread.join().unwrap()).to_vec();
        answers.push(guard.remember(key(), start, ahead));
        assert!(answers.iter().filter(|seen| **seen == Ok(Seen::First)).count() <= 1, "{answers:?}");
        assert_eq!(answers.last(), Some(&Err(GuardError::TooLate)));
    });
}
