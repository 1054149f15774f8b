//! Secrets. They come from a variable, a file or a prompt, and never from an argument, which other
//! users of the machine can see.

use clap::Args;
use std::{env, fs, path::PathBuf};
use vcp_sdk::auth::{Scheme, SigningFacts};
use vcp_synthetic::Generation;

/// The options that name a secret.
#[derive(Debug, Args)]
pub(crate) struct SecretArgs {
    /// The variable that holds the secret. Without an option for the secret, it is read from
    /// `WEBHOOK_SECRET_<PROVIDER>`, such as WEBHOOK_SECRET_RETELL, if that is set.
    #[arg(long, value_name = "NAME", group = "secret")]
    secret_env: Option<String>,
    /// The file that holds the secret. Its last line end is ignored.
    #[arg(long, value_name = "FILE", group = "secret")]
    secret_file: Option<PathBuf>,
    /// Ask for the secret.
    #[arg(long, group = "secret")]
    ask_secret: bool,
}

/// The option for a scheme that the provider's name does not tell.
#[derive(Debug, Args)]
pub(crate) struct SchemeArgs {
    /// The provider is one of your own, with its secret in the URL as `?token=`.
    #[arg(long)]
    token_in_url: bool,
}

impl SchemeArgs {
    /// Returns the name and the usual scheme of a provider, which is given by its name, an alias or
    /// a generation of its payloads.
    ///
    /// # Errors
    ///
    /// Returns a message if the provider is unknown and not said to be one of the user's own. The
    /// secret of a provider that is misspelt must not become a part of the URL.
    pub(crate) fn scheme(&self, provider: &str) -> Result<(String, Scheme), String> {
        let name = match SigningFacts::of(provider) {
            Some(facts) => facts.name,
            None if self.token_in_url => provider,
            None => provider
                .parse::<Generation>()
                .map_err(|error| format!("{error}, or --token-in-url for a provider of your own"))?
                .provider(),
        };
        Ok((name.to_owned(), Scheme::usual(name)))
    }
}

impl SecretArgs {
    /// Returns the secret for a provider. Returns `None` if there is none.
    pub(crate) fn find(&self, provider: &str) -> Result<Option<String>, String> {
        if let Some(name) = &self.secret_env {
            return match env::var(name) {
                Ok(secret) => Ok(Some(secret)),
                Err(_) => Err(format!("the variable `{name}` is not set, or is not UTF-8")),
            };
        }
        if let Some(path) = &self.secret_file {
            let text = fs::read_to_string(path).map_err(|e| format!("cannot read `{}`: {e}", path.display()))?;
            return Ok(Some(
                text.strip_suffix('\n').map_or(text.as_str(), |text| text.trim_end_matches('\r')).to_owned(),
            ));
        }
        if self.ask_secret {
            let asked = rpassword::prompt_password(format!("secret of {provider}: "));
            return asked.map(Some).map_err(|e| format!("cannot ask for the secret: {e}"));
        }
        of_environment(provider)
    }

    /// Returns the secret for a provider. It is an error if there is none.
    pub(crate) fn require(&self, provider: &str) -> Result<String, String> {
        self.find(provider)?.ok_or_else(|| {
            let name = variable(provider);
            format!("no secret for {provider}: set {name}, or use --secret-env, --secret-file or --ask-secret")
        })
    }
}

/// Returns the name of the variable for the secret of a provider, also for an alias.
pub(crate) fn variable(provider: &str) -> String {
    let name = SigningFacts::of(provider).map_or(provider, |facts| facts.name);
    format!("WEBHOOK_SECRET_{}", name.to_uppercase().replace('-', "_"))
}

/// Returns the secret of a provider that the environment has.
///
/// # Errors
///
/// Returns a message if the variable is not UTF-8. A secret that cannot be read is not an absent
/// one.
pub(crate) fn of_environment(provider: &str) -> Result<Option<String>, String> {
    let name = variable(provider);
    match env::var(&name) {
        Ok(secret) => Ok(Some(secret).filter(|secret| !secret.is_empty())),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => Err(format!("the variable `{name}` is not UTF-8")),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_alias_has_the_variable_of_its_provider() {
        assert_eq!(super::variable("OpenAI"), super::variable("openai_realtime"));
        assert_eq!(super::variable("my-provider"), "WEBHOOK_SECRET_MY_PROVIDER");
    }
}
