//! What the example programs share.

pub mod input;
pub mod progress;
