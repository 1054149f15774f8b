//! A test of the order of rooms that `lib.rs` describes. A file uses only files of its own room and
//! of rooms below, and files do not use each other in a circle.

#![allow(clippy::unwrap_used, clippy::string_slice, clippy::panic, reason = "a test program")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Returns the rooms that `lib.rs` draws, highest first. A line of the drawing is the names of a
/// room, and after a colon what it holds.
fn rooms(lib: &str) -> Vec<Vec<String>> {
    let drawing = lib.split("//! ```text\n").nth(1).unwrap().split("//! ```").next().unwrap();
    let names = |line: &str| line.split(':').next().unwrap().split_whitespace().map(str::to_owned).collect();
    drawing.lines().map(|line| names(line.trim_start_matches("//!"))).collect()
}

/// Returns the absolute path of a path in a `use` or in code, from the file `name`.
fn absolute(name: &str, path: &str) -> String {
    let room = name.rsplit_once("::").map_or("", |(room, _)| room);
    match path.strip_prefix("super::") {
        Some(rest) if room.is_empty() => rest.to_owned(),
        Some(rest) => format!("{room}::{rest}"),
        None => path.trim_start_matches("crate::").to_owned(),
    }
}

/// Returns the names that each file passes on, such as `rules::Source`, with the paths of their
/// definitions.
fn exports(all: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (name, code) in all {
        let inside = |path: &str| if name == "lib" { path.to_owned() } else { format!("{name}::{path}") };
        for line in code.lines() {
            let doors = ["pub use ", "pub(crate) use ", "pub(super) use "];
            let Some(rest) = doors.iter().find_map(|door| line.strip_prefix(door)) else { continue };
            let from = code.find(line).unwrap() + (line.len() - rest.len());
            let tree = code[from..].split(';').next().unwrap();
            for path in paths(&tree.split_whitespace().collect::<Vec<_>>().join(" ")) {
                let export = path.rsplit("::").next().unwrap();
                let target = path.strip_prefix("crate::").map_or_else(|| inside(&path), str::to_owned);
                found.insert(inside(export), target);
            }
        }
    }
    found
}

/// Finds the files below a folder. Adds the name of each, such as `engine::walk`, and its code
/// without tests.
fn files(folder: &Path, prefix: &str, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            files(&path, &format!("{prefix}{stem}::"), found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let code = fs::read_to_string(&path).unwrap();
            let code = code.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned();
            found.insert(format!("{prefix}{stem}"), code);
        }
    }
}

/// Returns the paths of a `use` tree, such as `crate::a::{b, c::d}`.
fn paths(tree: &str) -> Vec<String> {
    let Some((before, rest)) = tree.split_once('{') else { return vec![tree.trim().to_owned()] };
    let inside = rest.rsplit_once('}').unwrap().0;
    let (mut parts, mut depth, mut part) = (Vec::new(), 0, String::new());
    for c in inside.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(std::mem::take(&mut part));
                continue;
            }
            _ => {}
        }
        part.push(c);
    }
    parts.push(part);
    let full = parts.iter().filter(|part| !part.trim().is_empty()).flat_map(|part| paths(part.trim()));
    full.map(|path| format!("{}{path}", before.trim())).collect()
}

/// Returns the files that a file uses.
fn used(name: &str, all: &BTreeMap<String, String>, exports: &BTreeMap<String, String>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let code: String =
        all[name].lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut trees: Vec<String> = code
        .split("use ")
        .skip(1)
        .filter(|rest| rest.starts_with("crate::") || rest.starts_with("super::"))
        .filter_map(|rest| rest.split(';').next())
        .map(|tree| tree.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    // Add the paths that are written out in code.
    trees.extend(code.split("crate::").skip(1).map(|rest| {
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != ':').unwrap_or(rest.len());
        format!("crate::{}", &rest[..end])
    }));
    for path in trees.iter().flat_map(|tree| paths(tree)) {
        let mut path = absolute(name, &path);
        while let Some(target) = exports.get(&path) {
            path.clone_from(target);
        }
        let mut steps: Vec<&str> = path.split("::").collect();
        while !steps.is_empty() {
            let candidate = steps.join("::");
            if all.contains_key(&candidate) {
                if candidate != name {
                    found.insert(candidate);
                }
                break;
            }
            steps.pop();
        }
    }
    found
}

#[test]
fn rooms_use_only_the_rooms_below() {
    let mut all = BTreeMap::new();
    files(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src"), "", &mut all);
    assert!(all.len() > 20);
    let (exports, rooms) = (exports(&all), rooms(&all["lib"]));
    all.remove("lib");
    let room_of = |name: &str| {
        let top = name.split("::").next().unwrap();
        let room = rooms.iter().rev().position(|room| room.iter().any(|one| one == top));
        room.unwrap_or_else(|| panic!("`{top}` is in no room"))
    };
    let mut arrows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for name in all.keys() {
        let mut targets = used(name, &all, &exports);
        for target in &targets {
            assert!(room_of(target) <= room_of(name), "`{name}` uses `{target}`, whose room is above");
        }
        // A file and the modules inside it are one unit, so they may use each other.
        targets.retain(|target| room_of(target) == room_of(name) && !target.starts_with(&format!("{name}::")));
        arrows.insert(name.clone(), targets);
    }
    // Files without arrows are removed until none is left. A circle would stay.
    loop {
        let done: Vec<String> = arrows
            .iter()
            .filter(|(_, targets)| targets.iter().all(|target| !arrows.contains_key(target)))
            .map(|(name, _)| name.clone())
            .collect();
        if done.is_empty() {
            break;
        }
        done.iter().for_each(|name| drop(arrows.remove(name)));
    }
    assert!(arrows.is_empty(), "files use each other in a circle: {arrows:?}");
    let names_of_providers = ["retell", "vapi", "bland", "elevenlabs", "openai", "assistable"];
    for (name, code) in all.iter().filter(|(name, _)| name.starts_with("engine")) {
        for provider in names_of_providers {
            assert!(!code.to_lowercase().contains(provider), "`{name}` knows `{provider}`");
        }
    }
}

#[test]
fn a_use_tree_is_taken_apart() {
    assert_eq!(paths("crate::a::{b, c::{d, e}}"), ["crate::a::b", "crate::a::c::d", "crate::a::c::e"]);
}
