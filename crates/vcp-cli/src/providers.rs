//! The providers that a command knows: those of the SDK, and those of a folder with rule files.

use clap::Args;
use std::{
    fs, io,
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
        let mut paths = json_files(folder)?;
        paths.retain(|path| path.file_name() != Some("provider.json".as_ref()));
        let rules = paths.iter().map(|path| read(path)).collect::<Result<_, _>>()?;
        Ok(Self { provider, rules })
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
