//! Tests that the program `new_provider` succeeds and that the example stays short.

use std::{fs, path::Path, process::Command};

#[test]
fn its_case_and_its_signature_are_good() {
    let output = Command::new(env!("CARGO_BIN_EXE_new_provider")).output().unwrap();
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "{err}");
    assert!(out.starts_with("map::parrot::finished: as expected\n"), "{out}");
    assert!(out.contains("another body: VCP_E204: "), "{out}");
}

#[test]
fn it_is_short() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/new_provider");
    let lines = |file: fs::DirEntry| fs::read_to_string(file.path()).unwrap().lines().count();
    let total: usize = fs::read_dir(folder).unwrap().map(|file| lines(file.unwrap())).sum();
    assert!(total < 80, "data and code have {total} lines");
}
