//! The engine, which runs rules on the text of a payload. It has no code for single providers.

pub(crate) mod clock;
pub(crate) mod conversation;
pub(crate) mod defaults;
pub(crate) mod delivery;
pub(crate) mod draft;
pub(crate) mod joined;
pub(crate) mod lists;
pub(crate) mod mask;
pub(crate) mod models;
pub(crate) mod names;
pub(crate) mod plausible;
pub(crate) mod transform;
pub(crate) mod unread;
pub(crate) mod value;
pub(crate) mod walk;
