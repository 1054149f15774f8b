//! The parts of a provider that no rule can express.

mod assistable;
mod openai_realtime;

use crate::{Assemble, rules::plan::Function};
use std::sync::Arc;

/// The functions that the transform `function` can call, by name.
pub(crate) const FUNCTIONS: &[(&str, Function)] = &[
    ("assistable_crm", assistable::crm),
    ("assistable_calendar", assistable::calendar),
    ("assistable_sales", assistable::sales),
];

/// Returns the assemblers of the built-in providers, by provider.
pub(crate) fn assemblers() -> [(&'static str, Arc<dyn Assemble>); 1] {
    [("openai_realtime", Arc::new(openai_realtime::OpenAi))]
}
