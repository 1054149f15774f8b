//! The section `custom`: data of providers, integrations and experiments (schema-v0.5 §6).

use super::model;
use crate::{OrderedMap, RawObject};

model! {
    /// The data that is specific to a provider, an integration or an experiment (schema-v0.5 §6).
    Custom {
        /// The data of each provider, by the name of the provider.
        defaulted provider_specific: OrderedMap<String, CustomProviderData>,
        /// The data of third-party systems, by the name of the system. Each is a free-form object.
        optional integrations: OrderedMap<String, RawObject>,
        /// Experimental data as a free-form object. Migration between versions stores under
        /// `vcp_migration` what it needs to restore the original message.
        optional experimental: RawObject,
    }

    /// The data of one provider (schema-v0.5 §6).
    CustomProviderData {
        /// The payload as the provider sent it, kept byte for byte. The mapper replaces secrets in
        /// it by `"***"` unless told to keep them.
        required data: RawObject,
    }
}
