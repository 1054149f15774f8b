//! The program `vcp-testee`: the SDK as a program under test.
//!
//! Reads requests of the protocol `vcp-conformance/1` from standard input, one JSON line each, and
//! writes one answer per line to standard output. `conformance/README.md` describes the protocol.

use std::io::{BufRead, Write};
use vcp_conformance::testee::Testee;

fn main() -> std::io::Result<()> {
    let testee = Testee::new();
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().split(b'\n') {
        let line = line?;
        writeln!(out, "{}", testee.answer(&line))?;
        out.flush()?;
    }
    Ok(())
}
