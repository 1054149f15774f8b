//! `custom`: what is particular to the provider (schema-v0.5 §6).

use super::model;
use crate::{OrderedMap, RawObject};

model! {
    /// What is particular to the provider (schema-v0.5 §6).
    Custom {
        /// The provider's own data, by provider.
        defaulted provider_specific: OrderedMap<String, CustomProviderData>,
        /// Data of third-party systems, by system, free-form.
        optional integrations: OrderedMap<String, RawObject>,
        /// Anything experimental, free-form.
        optional experimental: RawObject,
    }

    /// One provider's own data (schema-v0.5 §6; decisions 1.6, 1.11).
    CustomProviderData {
        /// The payload's own text, byte for byte.
        required data: RawObject,
    }
}
