//! Laws of migration (decisions 2.5), over messages made from the description of each dialect.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "helpers of tests"
)]

mod support;

use proptest::prelude::*;
use support::{entropy, exact::same, generate, many};
use vcp_schema::{
    Dialect, VcpMessage, describe,
    migrate::{self, ChangeKind, Downgrade, Options},
};

const OLDER: [Dialect; 3] = [Dialect::Spec03, Dialect::Production03, Dialect::V04];

proptest! {
    #![proptest_config(many())]

    #[test]
    fn down_and_up_again(bytes in entropy()) {
        let text = generate::message(describe::message(), &bytes);
        let message = VcpMessage::from_json(&text).unwrap();
        let down = migrate::downgrade(&message, Downgrade::Reversible).unwrap();
        prop_assert_eq!(down.report.count(ChangeKind::Dropped), 0);
        let up = migrate::upgrade(&down.text, &Options::default()).map_err(|e| TestCaseError::fail(format!("{e}\n{}", down.text)))?;
        prop_assert!(same(&up.message.to_json(), &message.to_json()), "{}\n{}\n{}", down.text, up.message.to_json(), message.to_json());
    }

    #[test]
    fn up_and_down_again(bytes in entropy(), which in 0..OLDER.len()) {
        let dialect = OLDER[which];
        let text = generate::message(dialect.message(), &bytes);
        let up = migrate::upgrade(&text, &Options::default()).map_err(|e| TestCaseError::fail(format!("{e}\n{text}")))?;
        prop_assert_eq!(up.from, dialect);
        prop_assert_eq!(up.report.count(ChangeKind::Dropped), 0);
        prop_assert_eq!(&migrate::upgrade(&text, &Options::default()).unwrap(), &up);
        let down = migrate::downgrade(&up.message, Downgrade::Reversible).unwrap();
        prop_assert_eq!(down.dialect, dialect, "{}\n{}", text, up.message.to_json());
        prop_assert!(same(&down.text, &text), "{}\n{}\n{}", text, up.message.to_json(), down.text);
        let again = migrate::upgrade(&up.message.to_json(), &Options::default()).unwrap();
        prop_assert_eq!(again.message, up.message);
    }
}
