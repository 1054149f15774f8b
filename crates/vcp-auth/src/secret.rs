//! The secrets that signatures are checked with.

use std::fmt;
use zeroize::Zeroizing;

/// A secret with an id, which tells secrets apart during a rotation.
///
/// The secret is wiped from memory when it is dropped. It is never printed.
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
    /// Creates a secret from the text that the provider shows, with an id of your choice.
    ///
    /// For [`Scheme::LiveKit`](crate::Scheme::LiveKit) the id must be the API key.
    #[must_use]
    pub fn new(id: impl Into<String>, secret: impl AsRef<[u8]>) -> Self {
        Self { id: id.into(), bytes: Zeroizing::new(secret.as_ref().to_vec()) }
    }

    /// Returns the id.
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
