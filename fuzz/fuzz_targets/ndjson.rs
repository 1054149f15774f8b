//! Arbitrary bytes are read as an archive. Each line that is not blank gives a message or an error
//! with its number, in order.

#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use vcp_fuzz::mutate_parts;
use vcp_schema::ndjson::Reader;

fuzz_target!(|data: &[u8]| {
    let lines = data.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).count();
    let mut reader = Reader::new(data);
    let mut read = 0;
    let mut last = 0;
    while let Some(line) = reader.next_line() {
        read += 1;
        let number = line.map_or_else(|error| error.line(), |line| line.number);
        assert!(number > last, "line {number} comes after line {last}");
        last = number;
    }
    assert_eq!(read, lines);
    assert_eq!(Reader::new(data).count(), lines);
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate_parts(data, size, 0, b'\n', seed).unwrap_or_else(|| fuzzer_mutate(data, size, max_size))
});
