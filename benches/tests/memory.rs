//! A test of the memory that mapping uses beyond its output.

use vcp_benches::with_rows;
use vcp_sdk::{Mapper, Mapping};

#[test]
fn mapping_takes_at_most_the_payload_and_64_kb_beyond_its_output() {
    let long = include_bytes!("../../examples/deliveries/retell/call_analyzed_long.json");
    let mapper = Mapper::new();
    for percent in [1, 42, 100, 462] {
        let body = with_rows(long, percent).unwrap();
        let mut mapped = None;
        let used = allocation_counter::measure(|| {
            mapped = mapper.map("retell", &body, "2026-11-21T12:00:00Z".parse().unwrap()).ok();
        });
        let Some(Mapping::Call(_)) = mapped else { panic!("{percent} % of the rows are no call record") };
        // The bytes still held at the end are the message and the report.
        let beyond = used.bytes_max - u64::try_from(used.bytes_current).unwrap();
        let length = body.len() as u64;
        println!("{length} bytes: {} at most, {} kept, {beyond} beyond", used.bytes_max, used.bytes_current);
        assert!(beyond <= length + (64 << 10), "{length} bytes take {beyond}");
    }
}
