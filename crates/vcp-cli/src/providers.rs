//! The providers that a command knows: those of the SDK, and those of a folder with rule files.

use clap::Args;
use std::{
    fs,
    path::{Path, PathBuf},
};
use vcp_sdk::{Mapper, Registry};

/// The option that adds a provider of your own.
#[derive(Debug, Args)]
pub(crate) struct RulesArgs {
    /// A folder with `provider.json` and rule files of a provider of your own. Can be given several
    /// times.
    #[arg(long = "rules", value_name = "DIR")]
    folders: Vec<PathBuf>,
}

impl RulesArgs {
    pub(crate) fn mapper(&self) -> Result<Mapper, String> {
        let mut registry = Registry::builtin();
        for folder in &self.folders {
            let Files { provider, rules } = Files::read(folder)?;
            let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
            registry.register_json(&provider, &rules).map_err(|e| format!("`{}`: {e}", folder.display()))?;
        }
        Ok(Mapper::with_registry(registry))
    }
}

/// The files of a provider.
pub(crate) struct Files {
    pub(crate) provider: String,
    pub(crate) rules: Vec<String>,
}

impl Files {
    pub(crate) fn read(folder: &Path) -> Result<Self, String> {
        let read = |path: &Path| fs::read_to_string(path).map_err(|e| format!("cannot read `{}`: {e}", path.display()));
        let provider = read(&folder.join("provider.json"))?;
        let entries = fs::read_dir(folder).map_err(|e| format!("cannot read `{}`: {e}", folder.display()))?;
        let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        paths.retain(|path| {
            path.extension().is_some_and(|end| end == "json") && path.file_name() != Some("provider.json".as_ref())
        });
        paths.sort();
        let rules = paths.iter().map(|path| read(path)).collect::<Result<_, _>>()?;
        Ok(Self { provider, rules })
    }
}
