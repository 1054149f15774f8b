//! Secrets.

use std::fmt;
use zeroize::Zeroizing;

/// A secret with the id that you know it by, for rotation. Wiped from memory when dropped; never printed.
///
/// ```
/// let secret = vcp_auth::Secret::new("primary", "hunter2");
/// assert_eq!(format!("{secret:?}"), "Secret { id: \"primary\", .. }");
/// ```
#[derive(Clone)]
pub struct Secret {
    id: String,
    bytes: Zeroizing<Vec<u8>>,
}

impl Secret {
    /// A secret as the provider shows it, with an id of your choice.
    #[must_use]
    pub fn new(id: impl Into<String>, secret: impl AsRef<[u8]>) -> Self {
        Self { id: id.into(), bytes: Zeroizing::new(secret.as_ref().to_vec()) }
    }

    /// The id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret").field("id", &self.id).finish_non_exhaustive()
    }
}
