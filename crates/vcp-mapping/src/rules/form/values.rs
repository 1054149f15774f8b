//! Helpers that the modules of the form share.

/// Returns whether a value is the default, which is not written.
pub(super) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A value, or a list of values.
#[cfg(feature = "jsonschema")]
#[derive(schemars::JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "describes the form of other types")]
pub(super) enum OneOrList<T> {
    One(T),
    List(Vec<T>),
}
