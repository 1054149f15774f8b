//! Runs every case of the suite as one named test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test program")]

use libtest_mimic::{Arguments, Failed, Trial};
use std::{path::Path, sync::Arc};
use vcp_conformance::{
    case::{self, Case},
    judge::Verdict,
    recipe::Bases,
    testee::Testee,
};

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let bases = Arc::new(Bases::read(&root.join("bases")).unwrap());
    let testee = Arc::new(Testee::new());
    let files = case::read_all(&root.join("cases")).unwrap();
    let trial = |case: Case| {
        let (testee, bases) = (testee.clone(), bases.clone());
        Trial::test(case.id.clone(), move || run(&case, &testee, &bases))
    };
    let trials = files.into_iter().flat_map(|(_, file)| file.cases).map(trial).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn run(case: &Case, testee: &Testee, bases: &Bases) -> Result<(), Failed> {
    let answer = testee.answer(case.request(1, bases)?.as_bytes());
    match case.judge(1, &answer, true) {
        Verdict::Met => Ok(()),
        Verdict::Unsupported(what) => Err(format!("unsupported: {what}").into()),
        Verdict::Failed(why) | Verdict::NotOfTheProtocol(why) => Err(format!("{why}\nanswer: {answer}").into()),
    }
}
