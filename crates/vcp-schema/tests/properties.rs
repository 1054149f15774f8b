//! Tests of rules that hold for every message (`DECISIONS.md` 1.1–1.13 and 3). The messages are
//! made from the description of the model.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "helpers of tests"
)]

mod support;

use proptest::prelude::*;
use support::{entropy, expected, generate, many};
use vcp_schema::{
    Dialect, ErrorCode, FieldPath, Limits, VcpMessage,
    checksum::{Algorithm, Verdict},
    describe::{self, Kind},
    ndjson, structure,
};

proptest! {
    #![proptest_config(many())]

    #[test]
    fn what_is_read_is_written(bytes in entropy()) {
        let text = generate::message(describe::message(), &bytes);
        let message = VcpMessage::from_json(&text).map_err(|e| TestCaseError::fail(format!("{e}\n{text}")))?;
        let written = message.to_json();
        prop_assert_eq!(&written, &expected::text(text.trim(), &Kind::Object(describe::message())));

        let again = VcpMessage::from_json(&written).unwrap();
        prop_assert_eq!(&again, &message);
        prop_assert_eq!(again.to_json(), written);
    }

    #[test]
    fn a_displayed_path_is_read_again(names in prop::collection::vec(any::<String>(), 0..6), index: usize) {
        let path = names.into_iter().fold(FieldPath::root(), |path, name| path.name(name)).index(index);
        prop_assert_eq!(path.to_string().parse(), Ok(path));
    }

    #[test]
    fn any_text_is_a_path_or_none(text in r"\$?[.\['\]\\u0-9a-z]{0,12}") {
        if let Ok(path) = text.parse::<FieldPath>() {
            prop_assert_eq!(path.to_string().parse(), Ok(path));
        }
    }

    #[test]
    fn other_ways_give_the_same(bytes in entropy()) {
        let text = generate::message(describe::message(), &bytes);
        let message = VcpMessage::from_json(&text).unwrap();
        prop_assert_eq!(&VcpMessage::from_slice(text.as_bytes()).unwrap(), &message);
        prop_assert_eq!(&VcpMessage::from_reader(text.as_bytes()).unwrap(), &message);
        prop_assert_eq!(&serde_json::from_str::<VcpMessage>(&text).unwrap(), &message);
        prop_assert_eq!(serde_json::to_string(&message).unwrap(), message.to_json());

        // The only faults that remain are unknown words.
        let faults = structure::check(&text, &Limits::default());
        prop_assert!(faults.iter().all(|fault| fault.code == ErrorCode::Type && !fault.fatal), "{:?}", faults);
        prop_assert_eq!(faults.is_empty(), message.is_plain());

        // A line of NDJSON is the message with spaces instead of line breaks.
        let mut writer = ndjson::Writer::new(Vec::new());
        writer.write(&message).unwrap();
        let line = String::from_utf8(writer.into_inner()).unwrap();
        prop_assert_eq!(line.trim_end_matches('\n'), message.to_json().replace(['\r', '\n'], " "));
        prop_assert_eq!(ndjson::Reader::new(line.as_bytes()).map(|m| m.is_ok()).collect::<Vec<_>>(), [true]);
    }

    #[test]
    fn a_checksum_is_of_the_message_not_of_its_text(bytes in entropy()) {
        let text = generate::message(describe::message(), &bytes);
        let mut message = VcpMessage::from_json(&text).unwrap();
        let written = VcpMessage::from_json(&message.to_json()).unwrap();
        for algorithm in [Algorithm::Jcs, Algorithm::Legacy] {
            prop_assert_eq!(message.checksum(algorithm), written.checksum(algorithm));
            let Ok(checksum) = message.checksum(algorithm) else {
                // Some values of JSON have no canonical form, because a double or UTF-16 cannot
                // hold them. Others are too deep.
                let error = message.checksum(algorithm).unwrap_err();
                prop_assert!(matches!(error.code(), ErrorCode::Unreadable | ErrorCode::Limit), "{}", error);
                continue;
            };
            message.audit.checksum = Some(checksum);
            prop_assert_eq!(message.verify_checksum().unwrap(), Verdict::Match(algorithm));
            let headline = message.vcp_payload.hcr.headline.clone();
            message.vcp_payload.hcr.headline.push('!');
            prop_assert_eq!(message.verify_checksum().unwrap(), Verdict::Mismatch(Some(algorithm)));
            message.vcp_payload.hcr.headline = headline;
        }
    }

    #[test]
    fn messages_of_every_dialect_are_of_their_shape(bytes in entropy(), which in 0..Dialect::ALL.len()) {
        let dialect = Dialect::ALL[which];
        let text = generate::message(dialect.message(), &bytes);
        let faults = structure::check_as(dialect, &text, &Limits::default());
        prop_assert!(faults.iter().all(|fault| !fault.fatal), "{:?}\n{}", faults, text);
    }
}
