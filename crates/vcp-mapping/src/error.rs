//! The errors of mapping and of rule files.

use vcp_schema::{FieldPath, ParseError};

vcp_schema::located_error! {
    /// The error of a delivery that was not mapped: a code and the place in the payload.
    ///
    /// | code | reason |
    /// |---|---|
    /// | `VCP_E001` | no message can hold the time of receipt |
    /// | `VCP_E002` | the payload does not have the provider's shape |
    /// | `VCP_E005` | a required member is missing |
    /// | `VCP_E007` | the payload is not JSON |
    /// | `VCP_E008` | the payload, or the message made of it, exceeds a limit |
    /// | `VCP_E009` | the provider is unknown |
    ///
    /// It never holds a value of the payload.
    MapError
}

impl MapError {
    /// Moves the error below a place, for a document that is a part of another one.
    pub(crate) fn below(mut self, place: &FieldPath) -> Self {
        let steps = self.path.steps().to_vec();
        self.path = steps.into_iter().fold(place.clone(), FieldPath::step);
        self
    }
}

impl From<ParseError> for MapError {
    fn from(error: ParseError) -> Self {
        Self { position: error.position(), ..Self::new(error.code(), error.path().clone(), error.message()) }
    }
}
