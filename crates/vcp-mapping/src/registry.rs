//! The providers that are known.

use crate::{Assemble, error::RuleError, openai_realtime::OpenAi, provider::Provider};
use std::{collections::BTreeMap, sync::Arc};

/// The providers that are known (provider integration guide, "Provider Registry System"; decisions 5.5).
///
/// ```
/// use vcp_mapping::Registry;
/// let registry = Registry::builtin();
/// assert_eq!(registry.get("OpenAI").map(|p| p.name()), Some("openai_realtime"));
/// let with_calls_ended: Vec<&str> = registry.with_event("call_ended").map(|p| p.name()).collect();
/// assert_eq!(with_calls_ended, ["retell"]);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Registry {
    providers: Vec<Arc<Provider>>,
    /// By the name of the provider.
    assemblers: BTreeMap<String, Arc<dyn Assemble>>,
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
    /// The six providers of the specification. Reads about 100 kB of rule files: make it once.
    #[must_use]
    pub fn builtin() -> Self {
        let mut registry = Self::default();
        for (provider, rules) in BUILTIN {
            // A test proves that the files that ship have no fault.
            if let Ok(provider) = Provider::from_json(provider, rules) {
                registry.providers.push(Arc::new(provider));
            }
        }
        registry.register_assembler("openai_realtime", Arc::new(OpenAi));
        registry
    }

    /// No providers.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Adds a provider; one of the same name, case ignored, is replaced.
    ///
    /// # Errors
    ///
    /// Every fault of the files at once; a name or alias that another provider has.
    pub fn register_json(&mut self, provider: &str, rules: &[&str]) -> Result<(), RuleError> {
        let provider = Provider::from_json(provider, rules)?;
        let others = self.providers.iter().filter(|known| !known.name().eq_ignore_ascii_case(provider.name()));
        let taken = provider
            .names()
            .find_map(|name| others.clone().find(|other| other.is_called(name)).map(|other| (name, other)));
        if let Some((name, other)) = taken {
            return Err(RuleError {
                faults: vec![format!("the name `{name}` is that of provider `{}`", other.name())],
            });
        }
        self.providers.retain(|known| !known.name().eq_ignore_ascii_case(provider.name()));
        self.providers.push(Arc::new(provider));
        Ok(())
    }

    /// Sets what makes one record of the events of a session of a provider, whose file has an event that is `assembled`. Says whether there is such a provider.
    pub fn register_assembler(&mut self, provider: &str, assembler: Arc<dyn Assemble>) -> bool {
        let name = self.get(provider).filter(|known| known.assembled().is_some()).map(|known| known.name().to_owned());
        name.map(|name| self.assemblers.insert(name, assembler)).is_some()
    }

    pub(crate) fn assembler(&self, provider: &Provider) -> Option<&dyn Assemble> {
        self.assemblers.get(provider.name()).map(|assembler| &**assembler)
    }

    /// The provider with this name or alias, case ignored.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Provider> {
        self.providers.iter().find(|provider| provider.is_called(name)).map(|provider| &**provider)
    }

    /// All providers, in order of registration.
    pub fn providers(&self) -> impl Iterator<Item = &Provider> {
        self.providers.iter().map(|provider| &**provider)
    }

    /// Which providers have rules for which fields of a message, from `vcp_payload` down: the comparison matrix.
    ///
    /// ```
    /// let registry = vcp_mapping::Registry::builtin();
    /// let with_sentiment = &registry.comparison()["outcomes.user_satisfaction_score"];
    /// assert_eq!(with_sentiment, &["retell", "assistable"]);
    /// ```
    #[must_use]
    pub fn comparison(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut fields: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for provider in self.providers() {
            provider.fields().for_each(|field| fields.entry(field).or_default().push(provider.name()));
        }
        fields
    }

    /// The providers that send an event of this name.
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
            if let Err(error) = Provider::from_json(provider, rules) {
                panic!("{error}");
            }
        }
        assert_eq!(Registry::builtin().providers().count(), BUILTIN.len());
    }

    #[test]
    fn every_fault_is_reported_at_once() {
        let info = r#"{"name":"X","company":"X","website":"x","docs_url":"x","api_base_url":"x"}"#;
        let provider = format!(
            r#"{{"provider":"x","secrets":["a*.b","c.**.d.e"],"info":{info},"detect":[{{"has":["a"]}}],"events":{{"e":{{"rules":"lost"}},"f":{{"rules":"call"}}}},"tables":{{"t":{{"words":{{"a":"great"}}}}}}}}"#
        );
        let rules = r#"{"provider":"y","name":"call","rules":[
            {"to":"call.nothing","value":"v"},
            {"to":"call.call_id"},
            {"to":"outcomes.objective.status","from":[{"path":"a","as":"word","with":"t"},{"path":"a","as":"word","with":"u"}]},
            {"to":"call.duration_sec","from":[{"as":"millis"}]},
            {"to":"call.start_time","from":[{"path":"a"}]},
            {"to":"custom.provider_specific.z.a","from":[{"path":"a","as":"json"}]},
            {"to":"call.to","from":[{"path":"a"}],"when":{"$written":["call.from"]}}
        ],"conversation":{"rows":[{"path":""}],"role":"a.b","roles":{},"text":"","calls":{"name":"a.b","types":{"x":"great"}}}}"#;
        let error = Provider::from_json(&provider, &[rules]).unwrap_err();
        assert_eq!(
            error.faults(),
            [
                "`secrets`: `a*.b` does not work: names are plain ASCII, `*` goes into the last name, `**` right before it",
                "`secrets`: `c.**.d.e` does not work: names are plain ASCII, `*` goes into the last name, `**` right before it",
                "rule file `call` is for provider `y`, not `x`",
                "event `e` needs the rule file `lost`, which is not there",
                "`detect[0]` names no event: give `name` or `from`",
                "y/call[0]: `call.nothing` is no field that rules can write",
                "y/call[1]: give either `from` or `value`",
                "y/call[2]: `great` is no word of the field",
                "y/call[2]: there is no table `u`",
                "y/call[3]: a source has a path, or a transform that works on other fields",
                "y/call[4]: `call.start_time` does not take what this transform gives",
                "y/call[5]: `custom.provider_specific.z.a` is beside another provider's data",
                "y/call[6]: no rule before writes `call.from`",
                "y/call: `conversation`: `rows` names the lists, each with a path",
                "y/call: `conversation`: `a.b` is a member of a row, named without dots",
                "y/call: `conversation`: `` is a member of a row, named without dots",
                "y/call: `conversation`: `great` is no word of the field",
            ]
        );
        assert!(Provider::from_json("{}", &["[]", "{\"odd\":1}"]).unwrap_err().faults().len() == 3);
    }

    #[test]
    fn a_provider_of_ones_own() {
        let mut registry = Registry::builtin();
        let provider = r#"{"provider":"hallo","info":{"name":"Hallo","company":"Hallo","website":"https://example.com","docs_url":"x","api_base_url":"x"},
            "detect":[{"has":["id"],"name":"done"}],"events":{"done":{"rules":"call"}}}"#;
        let rules = r#"{"provider":"hallo","name":"call","rules":[{"to":"call.call_id","from":[{"path":"id"}]}]}"#;
        registry.register_json(provider, &[rules]).unwrap();
        registry
            .register_json(
                &provider.replace("\"provider\":\"hallo\"", "\"provider\":\"Hallo\""),
                &[&rules.replace("hallo", "Hallo")],
            )
            .unwrap();
        let clash = registry.register_json(&provider.replace("hallo", "OpenAI"), &[&rules.replace("hallo", "OpenAI")]);
        assert_eq!(clash.unwrap_err().faults(), ["the name `OpenAI` is that of provider `openai_realtime`"]);
        assert_eq!(registry.providers().count(), BUILTIN.len() + 1);
        assert_eq!(registry.get("HALLO").map(|p| p.events().collect::<Vec<_>>()), Some(vec![("done", true)]));
    }
}
