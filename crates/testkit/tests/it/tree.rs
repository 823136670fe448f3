//! The repository as the other checks read it: its files, and what cargo knows of its crates.
//!
//! Leaves out what is built or downloaded. It walks folders instead of asking git, because a source archive has
//! no git.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// What holds no source of ours (`.git` is a file in a linked worktree).
const NOT_OURS: &[&str] =
    &[".git", "target", "node_modules", "cloakroom-data", "corpus", "artifacts"];

/// A file, by its path from the root and its text.
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    pub(crate) fn is_rust(&self) -> bool {
        Path::new(&self.path).extension().is_some_and(|extension| extension == "rs")
    }

    /// Its lines with their numbers, as an editor counts them.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// One file that must exist.
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every text file of the repository, in the order of its path.
pub(crate) fn files() -> Vec<File> {
    let root = root();
    let mut found = Vec::new();
    walk(&root, &root, &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(
        found.iter().any(|file| file.path == "Cargo.toml"),
        "the walk misses the root manifest"
    );
    found
}

/// Every Rust source of the repository.
pub(crate) fn sources() -> Vec<File> {
    let sources: Vec<File> = files().into_iter().filter(File::is_rust).collect();
    assert!(sources.len() > 10, "the walk finds only {} sources", sources.len());
    sources
}

/// Our packages as `cargo metadata` lists them, without what they depend on from elsewhere.
pub(crate) fn packages() -> Vec<Value> {
    let mut metadata = metadata(&["--no-deps", "--offline"]);
    match metadata["packages"].take() {
        Value::Array(packages) => packages,
        other => panic!("packages is {other}"),
    }
}

/// `cargo metadata` with these arguments.
pub(crate) fn metadata(arguments: &[&str]) -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1"])
        .args(arguments)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The folder of a package, from the root.
pub(crate) fn folder(package: &Value) -> String {
    let manifest = Path::new(text(&package["manifest_path"]));
    let folder = manifest.parent().unwrap().strip_prefix(root()).unwrap();
    folder.to_str().unwrap().to_owned()
}

/// A value that must be a string.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is not a string"))
}

/// Fails with every complaint at once, so that one run shows all there is to do.
#[track_caller]
pub(crate) fn nothing_in(complaints: &[String], rule: &str) {
    assert!(complaints.is_empty(), "{rule}\n  {}", complaints.join("\n  "));
}

fn walk(root: &Path, folder: &Path, found: &mut Vec<File>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let path = entry.path();
        let kind = entry.file_type().unwrap();
        if NOT_OURS.contains(&name.as_str()) {
            continue;
        }
        if kind.is_dir() {
            walk(root, &path, found);
        } else if kind.is_file() {
            // What is not UTF-8 is a picture or a font.
            if let Ok(text) = fs::read_to_string(&path) {
                let path = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                found.push(File { path, text });
            }
        }
    }
}
