//! The map of ARCHITECTURE.md: which crates there are and who may import whom.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::tree::{folder, nothing_in, packages, read, text};

/// A package, its folder, and what of ours it may import.
struct Place(&'static str, &'static str, &'static [&'static str]);

/// A crate or an edge that is missing here fails the test: adding one is a decision, made on this page.
const MAP: &[Place] = &[
    Place("cloakroom-model", "crates/model", &[]),
    Place("cloakroom-jose", "crates/jose", &[]),
    Place("cloakroom-oauth", "crates/oauth", &["cloakroom-jose", "cloakroom-model"]),
    Place("cloakroom-store", "crates/store", &["cloakroom-model"]),
    Place("cloakroom-store-redis", "crates/store-redis", &["cloakroom-model", "cloakroom-store"]),
    Place("cloakroom-store-sql", "crates/store-sql", &["cloakroom-model", "cloakroom-store"]),
    Place(
        "cloakroom-store-postgres",
        "crates/store-postgres",
        &["cloakroom-model", "cloakroom-store", "cloakroom-store-sql", "cloakroom-testservers"],
    ),
    Place(
        "cloakroom-store-sqlite",
        "crates/store-sqlite",
        &["cloakroom-model", "cloakroom-store", "cloakroom-store-sql"],
    ),
    Place(
        "cloakroom-engine",
        "crates/engine",
        &["cloakroom-jose", "cloakroom-model", "cloakroom-oauth", "cloakroom-store"],
    ),
    // The way out: what asks other servers lies apart from everything that might be tempted to.
    Place("cloakroom-fetch", "crates/fetch", &["cloakroom-engine"]),
    // Lives in other people's services: what it imports, they build.
    Place("cloakroom-guard", "crates/guard", &["cloakroom-jose"]),
    Place(
        "cloakroom-server",
        "crates/server",
        // `jose` for its reader of strict JSON: bodies are held to what tokens are held to.
        &["cloakroom-engine", "cloakroom-jose", "cloakroom-model", "cloakroom-oauth"],
    ),
    // The only crate that names concrete backends, and so the only one that sees everything.
    Place(
        "cloakroom",
        "crates/cloakroom",
        &[
            "cloakroom-engine",
            "cloakroom-fetch",
            // For the comparison alone: what serves knows nothing of it.
            "cloakroom-guard",
            "cloakroom-jose",
            "cloakroom-model",
            "cloakroom-server",
            "cloakroom-store",
            "cloakroom-store-postgres",
            "cloakroom-store-redis",
            "cloakroom-store-sql",
            "cloakroom-store-sqlite",
        ],
    ),
    // Stands beside the others in their tests, so it may hold any of them; nobody may ship it.
    Place(
        "cloakroom-testkit",
        "crates/testkit",
        &[
            "cloakroom-engine",
            "cloakroom-jose",
            "cloakroom-model",
            "cloakroom-oauth",
            "cloakroom-server",
            "cloakroom-store",
            "cloakroom-store-sqlite",
            "cloakroom-testservers",
        ],
    ),
    // Other people's servers, for tests: it knows nothing of ours, so that everybody's tests may use it.
    Place("cloakroom-testservers", "crates/testservers", &[]),
    // What reads untrusted bytes is fuzzed where it lies.
    Place(
        "cloakroom-fuzz",
        "fuzz",
        &[
            "cloakroom-guard",
            "cloakroom-jose",
            "cloakroom-model",
            "cloakroom-oauth",
            "cloakroom-server",
            "cloakroom-testkit",
        ],
    ),
    // What people copy: nothing of ours but what they would take.
    Place("cloakroom-example-api", "examples/api", &["cloakroom-guard"]),
    Place("cloakroom-example-device", "examples/device", &[]),
    Place("cloakroom-example-shop", "examples/shop", &["cloakroom-guard"]),
    // What is measured against, what is measured with, and what fills a database for it.
    Place("cloakroom-bench-bare", "bench/bare", &[]),
    Place("cloakroom-bench-client", "bench/client", &["cloakroom-store-sql"]),
    Place("cloakroom-bench-followers", "bench/followers", &["cloakroom-guard"]),
    Place("cloakroom-bench-rounds", "bench/rounds", &[]),
    Place("cloakroom-bench-service", "bench/service", &["cloakroom-bench-bare", "cloakroom-guard"]),
    Place("cloakroom-bench-storm", "bench/storm", &[]),
    Place(
        "cloakroom-bench-seed",
        "bench/seed",
        &["cloakroom-engine", "cloakroom-model", "cloakroom-store", "cloakroom-store-sqlite"],
    ),
    Place("xtask", "xtask", &["cloakroom-testservers"]),
];

/// Crates that decide and never wait, and what waiting is made of.
const NEVER_WAIT: &[&str] = &["cloakroom-model", "cloakroom-jose", "cloakroom-oauth"];
const WAITING: &[&str] = &[
    "tokio",
    "axum",
    "hyper",
    "hyper-util",
    "tower",
    "reqwest",
    "rusqlite",
    "async-trait",
    "futures",
];

#[test]
fn crates_import_only_what_the_map_allows() {
    let ours: BTreeSet<&str> = MAP.iter().map(|Place(name, ..)| *name).collect();
    let mut complaints = Vec::new();
    for package in packages() {
        let name = text(&package["name"]);
        let Some(Place(_, _, allowed)) = place(name) else { continue };
        for import in imports(&package) {
            if ours.contains(import.as_str()) && !allowed.contains(&import.as_str()) {
                complaints.push(format!("{name} imports {import}"));
            }
        }
    }
    nothing_in(&complaints, "an import that the map does not allow:");
}

#[test]
fn every_crate_stands_on_the_map_where_it_lies() {
    let mut complaints = Vec::new();
    let packages = packages();
    for package in &packages {
        let (name, folder) = (text(&package["name"]), folder(package));
        match place(name) {
            None => complaints.push(format!("{name} in {folder} is not on the map")),
            Some(Place(_, expected, _)) if *expected != folder => {
                complaints.push(format!("{name} lies in {folder}, the map says {expected}"));
            }
            Some(_) => {}
        }
    }
    for Place(name, folder, _) in MAP {
        if !packages.iter().any(|package| text(&package["name"]) == *name) {
            complaints.push(format!("{name} is on the map, but {folder} does not hold it"));
        }
    }
    nothing_in(&complaints, "the map and the folders differ:");
}

#[test]
fn what_decides_never_waits() {
    let mut complaints = Vec::new();
    for package in packages() {
        let name = text(&package["name"]);
        if NEVER_WAIT.contains(&name) {
            let waits = imports(&package).into_iter().filter(|it| WAITING.contains(&it.as_str()));
            complaints.extend(waits.map(|import| format!("{name} imports {import}")));
        }
    }
    nothing_in(&complaints, "model, jose and oauth are without input and output:");
}

/// libFuzzer calls a function by its name, which no crate that forbids `unsafe` may define.
const OWN_LINTS: &[&str] = &["cloakroom-fuzz"];

#[test]
fn every_crate_obeys_the_lints_of_the_workspace() {
    let mut complaints = Vec::new();
    for Place(name, folder, _) in MAP {
        let manifest: toml::Table = read(&format!("{folder}/Cargo.toml")).parse().unwrap();
        let obeys = manifest.get("lints").and_then(|lints| lints.get("workspace"));
        if obeys.and_then(toml::Value::as_bool) != Some(true) && !OWN_LINTS.contains(name) {
            complaints.push(format!("{name} lacks `[lints] workspace = true`"));
        }
    }
    nothing_in(&complaints, "lints are set once, for everybody:");
}

fn place(name: &str) -> Option<&'static Place> {
    MAP.iter().find(|Place(known, ..)| *known == name)
}

/// What the package needs to be built or run; its tests may import what they like.
fn imports(package: &Value) -> Vec<String> {
    let dependencies = package["dependencies"].as_array().unwrap();
    let needed = dependencies.iter().filter(|dependency| dependency["kind"] != "dev");
    needed.map(|dependency| text(&dependency["name"]).to_owned()).collect()
}
