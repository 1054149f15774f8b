//! The providers that a command knows: those of the SDK, and those of a folder with rule files.

use crate::input;
use clap::Args;
use serde::{Deserialize, de::IgnoredAny};
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use vcp_sdk::{
    Mapper, Registry,
    mapping::{ConsentDefault, MapOptions},
};

/// The option that adds a provider of your own.
#[derive(Debug, Args)]
pub(crate) struct RulesArgs {
    /// A folder with `provider.json` and rule files of a provider of your own. Can be given several
    /// times.
    #[arg(long = "rules", value_name = "DIR")]
    folders: Vec<PathBuf>,
}

/// The option for messages whose delivery says nothing of consent.
#[derive(Debug, Args)]
pub(crate) struct ConsentArgs {
    /// The consent of a message whose delivery says nothing of it.
    #[arg(long, value_name = "WORD", default_value = "granted")]
    consent: Consent,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Consent {
    Granted,
    Pending,
    Omit,
}

impl ConsentArgs {
    /// Returns the default options of a mapper with this consent.
    pub(crate) fn options(&self) -> MapOptions {
        MapOptions::default().consent_default(match self.consent {
            Consent::Granted => ConsentDefault::Granted,
            Consent::Pending => ConsentDefault::Pending,
            Consent::Omit => ConsentDefault::Omit,
        })
    }
}

impl RulesArgs {
    pub(crate) fn mapper(&self) -> Result<Mapper, String> {
        let mut registry = Registry::builtin();
        for folder in &self.folders {
            Files::read(folder)?.register(&mut registry).map_err(|e| format!("`{}`: {e}", folder.display()))?;
        }
        Ok(Mapper::with_registry(registry))
    }
}

/// The most bytes of the files of a provider together. The library has a limit for each.
const MOST_BYTES: u64 = 4 << 20;

/// The files of a provider.
pub(crate) struct Files {
    pub(crate) provider: String,
    rules: Vec<String>,
}

impl Files {
    pub(crate) fn read(folder: &Path) -> Result<Self, String> {
        let mut files = input::Folder::with_limit(MOST_BYTES);
        let mut read = |path: &Path| {
            let text = files.read(path)?;
            String::from_utf8(text).map_err(|_| format!("cannot read `{}`: it is not UTF-8", path.display()))
        };
        let provider = read(&folder.join("provider.json"))?;
        let mut paths = json_files(folder)?;
        paths.retain(|path| path.file_name() != Some("provider.json".as_ref()));
        let rules = paths.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?;
        // The name of a rule file is in its text, so a text that is not JSON is named by its path.
        for (path, text) in paths.iter().zip(&rules) {
            serde_json::from_str::<IgnoredAny>(text)
                .map_err(|e| format!("cannot read `{}`: it is not JSON: {e}", path.display()))?;
        }
        Ok(Self { provider, rules })
    }

    /// Returns the name of the provider.
    pub(crate) fn name(&self) -> Result<String, String> {
        /// The part of the file that is read. The library reads the others, within its limits.
        #[derive(Deserialize)]
        struct Named {
            provider: String,
        }
        let named: Result<Named, _> = serde_json::from_str(&self.provider);
        named.map(|named| named.provider).map_err(|e| format!("provider.json: {e}"))
    }

    /// Returns the texts of the rule files.
    pub(crate) fn rules(&self) -> Vec<&str> {
        self.rules.iter().map(String::as_str).collect()
    }

    /// Adds the provider to a registry. Says it if a provider of the same name is replaced.
    pub(crate) fn register(&self, registry: &mut Registry) -> Result<(), String> {
        let known = self.name().ok().filter(|name| registry.get(name).is_some());
        registry.register_json(&self.provider, &self.rules()).map_err(|e| e.to_string())?;
        if let Some(name) = known {
            tell!("the rules of `{name}` replace those of the provider that vcp knows by this name");
        }
        Ok(())
    }
}

/// Returns the `.json` files of a folder, in the order of their names.
pub(crate) fn json_files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let list = || fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>();
    let mut paths = list().map_err(|e| format!("cannot read `{}`: {e}", folder.display()))?;
    paths.retain(|path| path.extension().is_some_and(|end| end == "json"));
    paths.sort();
    Ok(paths)
}
