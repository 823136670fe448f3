//! What we depend on, held against `deny.toml`: licences, banned crates, duplicates and where they come from.
//!
//! Reads the same page as cargo-deny, so that a fresh machine need not build that first. Leaves out
//! the advisories: their database must be fetched, and a test must not fail because of the day it runs.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;

use crate::tree::{metadata, nothing_in, read, root, text};

static POLICY: LazyLock<toml::Table> = LazyLock::new(|| read("deny.toml").parse().unwrap());

/// Everything that this machine would build, ours and theirs, for use and for tests.
///
/// Only this machine's platform, so that what is never built need not be fetched. Which packages those are, `cargo
/// tree` says: `cargo metadata` also lists what is behind features that nobody turns on.
static GRAPH: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let host = host();
    let mut metadata = metadata(&["--locked", "--filter-platform", &host]);
    let built = built(&host);
    let Value::Array(packages) = metadata["packages"].take() else { panic!("no packages") };
    let graph: Vec<Value> =
        packages.into_iter().filter(|package| built.contains(&named(package))).collect();
    assert!(graph.len() > 50, "only {} packages: the graph is not the whole", graph.len());
    graph
});

#[test]
fn every_licence_is_one_that_we_allow() {
    let allowed = strings(&POLICY["licenses"]["allow"]);
    let mut complaints = Vec::new();
    for package in GRAPH.iter() {
        let licence = package["license"].as_str().unwrap_or("a file of its own");
        if !licence::is_met(licence, &allowed) {
            complaints.push(format!("{} is under {licence}", named(package)));
        }
    }
    nothing_in(&complaints, "deny.toml does not allow:");
}

#[test]
fn no_banned_crate_is_in_the_graph() {
    let banned: Vec<&str> = table(&POLICY["bans"]["deny"]).map(|ban| field(ban, "crate")).collect();
    let mut complaints = Vec::new();
    for package in GRAPH.iter() {
        if banned.contains(&text(&package["name"])) {
            complaints.push(named(package));
        }
    }
    nothing_in(&complaints, "deny.toml bans (`cargo tree -i` shows who brings it):");
}

#[test]
fn each_crate_is_built_once_but_for_the_listed_ones() {
    let skipped: BTreeSet<&str> =
        table(&POLICY["bans"]["skip"]).map(|skip| field(skip, "crate")).collect();
    let mut versions: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for package in GRAPH.iter() {
        versions.entry(text(&package["name"])).or_default().push(named(package));
    }
    let duplicates: Vec<&String> =
        versions.values().filter(|versions| versions.len() > 1).flatten().collect();

    let mut complaints = Vec::new();
    for versions in versions.values() {
        let unlisted: Vec<&String> =
            versions.iter().filter(|version| !skipped.contains(version.as_str())).collect();
        if unlisted.len() > 1 {
            complaints.push(format!("{unlisted:?} are built side by side"));
        }
    }
    for skip in skipped {
        if !duplicates.iter().any(|duplicate| *duplicate == skip) {
            complaints.push(format!("{skip} is skipped, but has no second version"));
        }
    }
    nothing_in(&complaints, "duplicates that deny.toml does not list, or lists in vain:");
}

#[test]
fn everything_comes_from_the_public_registry() {
    let allowed = strings(&POLICY["sources"]["allow-registry"]);
    let mut complaints = Vec::new();
    for package in GRAPH.iter() {
        // What has no source lies in this repository.
        if let Some(source) = package["source"].as_str()
            && !allowed.iter().any(|it| source == format!("registry+{it}"))
        {
            complaints.push(format!("{} comes from {source}", named(package)));
        }
    }
    nothing_in(&complaints, "deny.toml allows no such source:");
}

#[test]
fn every_exception_has_a_reason() {
    for list in ["deny", "skip"] {
        for row in table(&POLICY["bans"][list]) {
            assert!(field(row, "reason").len() > 10, "{row} has no reason");
        }
    }
}

/// `name@version`, as `deny.toml` writes it.
fn named(package: &Value) -> String {
    format!("{}@{}", text(&package["name"]), text(&package["version"]))
}

/// What is built on this platform, as [`named`] writes it.
fn built(host: &str) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--workspace", "--locked", "--edges", "normal,build,dev"])
        .args(["--prefix", "none", "--format", "{p}", "--target", host])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    // A name, a version, and perhaps where it lies or that it was shown before.
    let package = |line: &str| {
        let (name, rest) = line.split_once(" v")?;
        Some(format!("{name}@{}", rest.split_whitespace().next()?))
    };
    lines.lines().filter_map(package).collect()
}

fn host() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("-vV").output().unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    let line = output.lines().find_map(|line| line.strip_prefix("host: "));
    line.unwrap_or_else(|| panic!("rustc names no host: {output}")).to_owned()
}

fn table(list: &toml::Value) -> impl Iterator<Item = &toml::Value> {
    list.as_array().unwrap().iter()
}

fn field<'a>(row: &'a toml::Value, name: &str) -> &'a str {
    row.get(name).and_then(toml::Value::as_str).unwrap_or_else(|| panic!("{row} lacks {name}"))
}

fn strings(list: &toml::Value) -> Vec<&str> {
    table(list).map(|item| item.as_str().unwrap()).collect()
}

/// SPDX expressions, as far as crates write them: names joined by `OR`, `AND` and parentheses, and the `/` of older
/// manifests.
mod licence {
    /// Whether these licences suffice.
    pub(super) fn is_met(expression: &str, allowed: &[&str]) -> bool {
        let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
        let mut words = spaced.split_whitespace().peekable();
        let met = any(&mut words, allowed);
        met && words.next().is_none()
    }

    type Words<'a, 'w> = &'a mut std::iter::Peekable<std::str::SplitWhitespace<'w>>;

    fn any(words: Words, allowed: &[&str]) -> bool {
        let mut met = all(words, allowed);
        while words.next_if_eq(&"OR").is_some() {
            met |= all(words, allowed);
        }
        met
    }

    fn all(words: Words, allowed: &[&str]) -> bool {
        let mut met = one(words, allowed);
        while words.next_if_eq(&"AND").is_some() {
            met &= one(words, allowed);
        }
        met
    }

    fn one(words: Words, allowed: &[&str]) -> bool {
        match words.next() {
            Some("(") => any(words, allowed) & words.next_if_eq(&")").is_some(),
            Some(name) => {
                let mut name = name.to_owned();
                if words.next_if_eq(&"WITH").is_some() {
                    name = format!("{name} WITH {}", words.next().unwrap_or_default());
                }
                allowed.contains(&name.as_str())
            }
            None => false,
        }
    }

    #[test]
    fn an_expression_is_met_as_its_words_say() {
        let allowed = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"];
        for met in ["MIT", "GPL-3.0 OR MIT", "GPL-3.0/MIT", "ISC AND (GPL-3.0 OR MIT)"] {
            assert!(is_met(met, &allowed), "{met}");
        }
        assert!(is_met("Apache-2.0 WITH LLVM-exception", &allowed));
        for refused in
            ["GPL-3.0", "MIT AND GPL-3.0", "Apache-2.0", "ISC AND (GPL-3.0", "", "MIT MIT"]
        {
            assert!(!is_met(refused, &allowed), "{refused}");
        }
    }
}
