//! The registry of known providers.

use crate::{
    Assemble,
    providers::{self, FUNCTIONS},
    rules::{Provider, RuleError, RuleFault, TargetField, compile, nearest, target},
};
use std::{collections::BTreeMap, fmt, sync::Arc};
use vcp_schema::{ErrorCode, UnknownNameError};

/// The known providers (provider integration guide, "Provider Registry System").
///
/// ```
/// use vcp_mapping::Registry;
/// let registry = Registry::builtin();
/// assert_eq!(registry.get("OpenAI").map(|p| p.name()), Some("openai_realtime"));
/// let with_calls_ended: Vec<&str> = registry.with_event("call_ended").map(|p| p.name()).collect();
/// assert_eq!(with_calls_ended, ["retell"]);
/// ```
#[derive(Clone, Default)]
pub struct Registry {
    providers: Vec<Arc<Provider>>,
    /// The assemblers, by the name of the provider.
    assemblers: BTreeMap<String, Arc<dyn Assemble>>,
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.providers().map(Provider::name).collect();
        f.debug_struct("Registry").field("providers", &names).finish_non_exhaustive()
    }
}

/// The error of registering an assembler.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// The registry has no provider of this name. Code `VCP_E009`.
    #[error("{code}: {0}", code = self.code())]
    UnknownProvider(#[from] UnknownNameError),
    /// The file of the provider, whose name this is, declares no `assembled` event. Code
    /// `VCP_E002`.
    #[error("{code}: the file of `{0}` declares no event with `\"assembled\": true`", code = self.code())]
    NothingToAssemble(String),
}

impl RegisterError {
    /// Returns the code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::UnknownProvider(_) => ErrorCode::UnknownProvider,
            Self::NothingToAssemble(_) => ErrorCode::Mapping,
        }
    }
}

macro_rules! builtin {
    ($( $provider:literal [$($rules:literal)*] )*) => {
        [$( (
            include_str!(concat!("../rules/", $provider, "/provider.json")),
            &[$( include_str!(concat!("../rules/", $provider, "/", $rules, ".json")) ),*] as &[&str],
        ) ),*]
    };
}

/// The rule files of the six providers.
pub(crate) const BUILTIN: [(&str, &[&str]); 6] = builtin! {
    "retell" ["call"]
    "vapi" ["call"]
    "bland" ["call"]
    "elevenlabs" ["conversation" "initiation_failure"]
    "openai_realtime" ["webhook" "event" "session"]
    "assistable" ["call"]
};

impl Registry {
    /// Returns the fields that rules can write.
    ///
    /// ```
    /// let targets = vcp_mapping::Registry::targets();
    /// let direction = targets.iter().find(|target| target.name == "call.direction");
    /// assert!(direction.is_some_and(|target| target.takes.contains("inbound")));
    /// ```
    #[must_use]
    pub fn targets() -> Vec<TargetField> {
        target::targets()
    }

    /// Makes a registry of the six providers of the specification. Reads about 100 kB of rule
    /// files, so make it once.
    #[must_use]
    pub fn builtin() -> Self {
        let mut registry = Self::default();
        for (provider, rules) in BUILTIN {
            match compile(provider, rules, FUNCTIONS) {
                Ok(provider) => registry.providers.push(Arc::new(provider)),
                #[expect(clippy::panic, reason = "a test compiles the files of this crate")]
                Err(error) => panic!("a rule file of this crate is wrong: {error}"),
            }
        }
        registry.assemblers.extend(providers::assemblers().map(|(name, assembler)| (name.to_owned(), assembler)));
        registry
    }

    /// Makes a registry without providers.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Adds a provider. A provider of the same name, case ignored, is replaced.
    ///
    /// # Errors
    ///
    /// Every fault of the files, and a name or alias that another provider has.
    pub fn register_json(&mut self, provider: &str, rules: &[&str]) -> Result<(), RuleError> {
        let provider = compile(provider, rules, FUNCTIONS)?;
        let others = self.providers.iter().filter(|known| !known.name().eq_ignore_ascii_case(provider.name()));
        let taken = provider
            .names()
            .find_map(|name| others.clone().find(|other| other.is_called(name)).map(|other| (name, other)));
        if let Some((name, other)) = taken {
            let message = format!("the name `{name}` is that of provider `{}`", other.name());
            return Err(RuleError::new(vec![RuleFault {
                file: "provider.json".to_owned(),
                place: "provider".to_owned(),
                message,
            }]));
        }
        self.providers.retain(|known| !known.name().eq_ignore_ascii_case(provider.name()));
        self.providers.push(Arc::new(provider));
        Ok(())
    }

    /// Registers the assembler that turns a provider's session events into one record.
    ///
    /// # Errors
    ///
    /// The provider is unknown, or its file declares no `assembled` event.
    pub fn register_assembler(&mut self, provider: &str, assembler: Arc<dyn Assemble>) -> Result<(), RegisterError> {
        let known = self.find(provider)?;
        let name = known.name().to_owned();
        if known.assembled().is_none() {
            return Err(RegisterError::NothingToAssemble(name));
        }
        self.assemblers.insert(name, assembler);
        Ok(())
    }

    /// Returns the provider with this name or alias, case ignored.
    ///
    /// # Errors
    ///
    /// No provider has the name. The error has the names of all providers, and the nearest known
    /// name if one is near enough to be meant.
    ///
    /// ```
    /// let error = vcp_mapping::Registry::builtin().find("retel").unwrap_err();
    /// assert_eq!(error.to_string(), "the provider `retel` is not known: did you mean `retell`?");
    /// ```
    pub fn find(&self, name: &str) -> Result<&Provider, UnknownNameError> {
        self.get(name).ok_or_else(|| {
            let known: Vec<&str> = self.providers().map(Provider::name).collect();
            let nearest = nearest(name, self.providers().flat_map(Provider::names));
            UnknownNameError::new("provider", name, &known).with_nearest(nearest)
        })
    }

    pub(crate) fn assembler(&self, provider: &Provider) -> Option<&dyn Assemble> {
        self.assemblers.get(provider.name()).map(|assembler| &**assembler)
    }

    /// Returns the provider with this name or alias, case ignored.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Provider> {
        self.providers.iter().find(|provider| provider.is_called(name)).map(|provider| &**provider)
    }

    /// Returns all providers, in order of registration.
    pub fn providers(&self) -> impl Iterator<Item = &Provider> {
        self.providers.iter().map(|provider| &**provider)
    }

    /// Returns the comparison matrix: for each field of a message, from `vcp_payload` down, the
    /// providers whose rules write it.
    ///
    /// ```
    /// let registry = vcp_mapping::Registry::builtin();
    /// let with_sentiment = &registry.comparison()["outcomes.user_satisfaction_score"];
    /// assert_eq!(with_sentiment, &["retell", "elevenlabs", "assistable"]);
    /// ```
    #[must_use]
    pub fn comparison(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut fields: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for provider in self.providers() {
            provider.fields().for_each(|field| fields.entry(field).or_default().push(provider.name()));
        }
        fields
    }

    /// Returns the providers that send an event of this name.
    pub fn with_event<'a>(&'a self, event: &'a str) -> impl Iterator<Item = &'a Provider> {
        self.providers().filter(move |provider| provider.event(event).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_that_ship_have_no_fault() {
        for (provider, rules) in BUILTIN {
            if let Err(error) = compile(provider, rules, FUNCTIONS) {
                panic!("{error}");
            }
        }
        assert_eq!(Registry::builtin().providers().count(), BUILTIN.len());
    }

    #[test]
    fn a_provider_of_ones_own() {
        let mut registry = Registry::builtin();
        let provider = r#"{"provider":"hallo","info":{"name":"Hallo","company":"Hallo","website":"https://example.com","docs_url":"x","api_base_url":"x"},
            "detect":[{"has":["id"],"event":"done"}],"events":{"done":{"rules":"call"}}}"#;
        let rules = r#"{"provider":"hallo","name":"call","rules":[{"to":"call.call_id","from":{"path":"id"}}]}"#;
        registry.register_json(provider, &[rules]).unwrap();
        registry
            .register_json(
                &provider.replace("\"provider\":\"hallo\"", "\"provider\":\"Hallo\""),
                &[&rules.replace("hallo", "Hallo")],
            )
            .unwrap();
        let clash = registry.register_json(&provider.replace("hallo", "OpenAI"), &[&rules.replace("hallo", "OpenAI")]);
        assert!(clash.unwrap_err().to_string().ends_with("the name `OpenAI` is that of provider `openai_realtime`"));
        assert_eq!(registry.providers().count(), BUILTIN.len() + 1);
        assert_eq!(registry.get("HALLO").map(|p| p.events().collect::<Vec<_>>()), Some(vec![("done", true)]));
    }
}
