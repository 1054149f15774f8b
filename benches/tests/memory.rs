//! A test of the memory that mapping uses beyond its output.

use vcp_benches::{
    Delivery,
    conversation::{PROVIDERS, conversation},
    memory_beyond_output,
};

#[test]
fn mapping_takes_at_most_the_payload_and_64_kb_beyond_its_output() {
    for (provider, bytes) in
        PROVIDERS.iter().flat_map(|provider| [4_000, 100_000, 1_000_000].map(|bytes| (provider, bytes)))
    {
        let body = conversation(provider, bytes).unwrap();
        let beyond = memory_beyond_output(&Delivery::of(provider), &body).unwrap();
        let length = body.len() as u64;
        println!("{provider}, {length} bytes: {beyond} beyond");
        // The rows of ElevenLabs have the most members that rules read.
        let most = if *provider == "elevenlabs" { length * 3 / 2 } else { length };
        assert!(beyond <= most + (64 << 10), "{provider}: {length} bytes take {beyond}");
    }
}

/// Lists of the smallest rows take at most twelve times what goes in and comes out, and 1 MB.
#[test]
fn small_rows_take_bounded_memory() {
    let shapes = [
        ("retell", r#"{"event":"call_ended","call":{"call_id":"c1","transcript_object":[ROWS]}}"#),
        ("retell", r#"{"event":"call_ended","call":{"call_id":"c1","transcript_with_tool_calls":[ROWS]}}"#),
        ("vapi", r#"{"message":{"type":"end-of-call-report","call":{"id":"v1"},"artifact":{"messages":[ROWS]}}}"#),
        ("vapi", r#"{"message":{"type":"end-of-call-report","call":{"id":"v1"},"costs":[ROWS]}}"#),
        ("bland", r#"{"call_id":"b","corrected_transcript":[ROWS]}"#),
        ("bland", r#"{"call_id":"b","transcripts":[ROWS]}"#),
        (
            "elevenlabs",
            r#"{"type":"post_call_transcription","data":{"conversation_id":"c","status":"done","transcript":[ROWS]}}"#,
        ),
        ("assistable", r#"{"call_id":"a","disconnection_reason":"user_hangup","called_tools":[ROWS]}"#),
    ];
    for (provider, shape) in shapes {
        for row in ["{}", "0", "[]", r#"{"role":1}"#, r#"{"text":1}"#, r#"{"time":1}"#, r#"{"a":1}"#] {
            let rows = vec![row; (2 << 20) / (row.len() + 1)].join(",");
            let body = shape.replace("ROWS", &rows);
            let beyond = memory_beyond_output(&Delivery::of(provider), body.as_bytes()).unwrap();
            // The payload comes out again.
            let (length, most) = (body.len() as u64, 12 * 2 * body.len() as u64 + (1 << 20));
            println!("{provider}, {row}: {beyond} beyond");
            assert!(beyond + length <= most, "{provider}, {row}: {length} bytes take {beyond}");
        }
    }
}
