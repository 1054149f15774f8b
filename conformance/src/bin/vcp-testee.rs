//! `vcp-testee`: the SDK behind the protocol `vcp-conformance/1`, JSON lines on standard input and output.

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
