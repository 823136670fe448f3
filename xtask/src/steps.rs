//! The steps of `cargo xtask test`, in the order in which a mistake is cheapest to find.

use std::thread;

use anyhow::Result;

use crate::generate;
use crate::needs::Need;
use crate::shell::{cargo, program, root, run, target};
use crate::step::Step;
use crate::tools::{NODE, NPM, node, npm_ci, python};
use crate::{cluster, crash, deploy, examples, fuzz, proxies, server, strangers, sync};

/// Cryptography and SQLite come as C sources.
const C_COMPILER: Need = Need::Program { name: "cc", package: "build-essential" };
const CPP_COMPILER: Need = Need::Program { name: "c++", package: "build-essential" };
/// For the README's first minute, and for whoever comes through a proxy.
const CURL: Need = Need::Program { name: "curl", package: "curl" };
/// Makes certificates of proxies and databases.
const OPENSSL: Need = Need::Program { name: "openssl", package: "openssl" };
/// What the storage backends and clusters of nodes are tried with.
const POSTGRES: Need = Need::Service { name: "postgres", package: "postgresql" };
const PGBOUNCER: Need = Need::Service { name: "pgbouncer", package: "pgbouncer" };
const REDIS: Need = Need::Service { name: "redis-server", package: "redis-server" };
const HAPROXY: Need = Need::Service { name: "haproxy", package: "haproxy" };
const NGINX: Need = Need::Service { name: "nginx", package: "nginx" };
/// Sets the clock of a process off.
const FAKETIME: Need = Need::Program { name: "faketime", package: "faketime" };
pub(crate) const COMPILERS: &[Need] = &[C_COMPILER, CPP_COMPILER];
pub(crate) const CLUSTER: &[Need] = &[OPENSSL, POSTGRES, REDIS, HAPROXY, NGINX, FAKETIME];

pub(crate) const ALL: &[Step] = &[
    Step {
        name: "format",
        proves: "sources are laid out as rustfmt.toml has it",
        needs: &[Need::Component { name: "rustfmt", subcommand: "fmt" }],
        run: format,
    },
    Step {
        name: "clippy",
        proves: "no lint complains, in code, tests or benches",
        needs: &[C_COMPILER, Need::Component { name: "clippy", subcommand: "clippy" }],
        run: clippy,
    },
    Step {
        name: "docs",
        proves: "the documentation builds and every link in it leads somewhere",
        needs: &[C_COMPILER],
        run: docs,
    },
    Step {
        name: "cargo-test",
        proves: "unit and integration tests pass, those about the repository among them",
        needs: &[C_COMPILER, CURL, OPENSSL, POSTGRES, PGBOUNCER, REDIS, HAPROXY, NGINX],
        run: cargo_test,
    },
    Step {
        name: "interop",
        proves: "tokens made here are read by npm jose and PyPI joserfc, and theirs here",
        needs: &[C_COMPILER, NODE, NPM, Need::PythonVenv],
        run: interop,
    },
    Step {
        name: "release",
        proves: "the binary builds as it is shipped",
        needs: &[C_COMPILER],
        run: server::build,
    },
    Step {
        name: "generated",
        proves: "every generated file is what its generator writes",
        needs: &[C_COMPILER],
        // That binary is there by then, and one more need not be built.
        run: || generate::run(&generate::Options { check: true, release: true }),
    },
    Step {
        name: "sync",
        proves: "what is acknowledged is on the disk, by the system calls",
        needs: &[Need::Program { name: "strace", package: "strace" }],
        run: sync::run,
    },
    Step {
        name: "crash",
        proves: "SIGKILL under load loses nothing that was acknowledged, and revives nothing",
        needs: &[],
        run: || crash::run(KILLS, SEED),
    },
    Step {
        name: "cluster",
        proves: "what clients see under load and faults is explained by the promises, whichever node they ask",
        needs: CLUSTER,
        run: || cluster::run(SEED),
    },
    Step {
        name: "proxies",
        proves: "behind nginx and Caddy, as deploy/ configures them, it is as without a proxy, and services are guarded by it",
        needs: &[CURL, OPENSSL, NGINX, Need::Service { name: "caddy", package: "caddy" }],
        run: proxies::run,
    },
    Step {
        name: "deploy",
        proves: "the scripts of deploy/cluster start two nodes, and who signs out at one is refused by both",
        needs: &[CURL, OPENSSL, POSTGRES, REDIS, NGINX],
        run: deploy::run_scripts,
    },
    Step {
        name: "browser",
        proves: "people can do what they come for, in Chromium, with JavaScript and without",
        needs: &[NODE, NPM, Need::Program { name: "chromium", package: "chromium" }],
        run: strangers::browser,
    },
    Step {
        name: "examples",
        proves: "a cart stays from guest to sign-in, second device and kill -9; one sign-in serves shop, notes and handbook, and one sign-out ends it in all of them and at the API",
        needs: examples::NEEDS,
        run: examples::run,
    },
    Step {
        name: "clients",
        proves: "openid-client, oauth4webapi and the crate openidconnect sign in from nothing but the server's URL",
        needs: &[NODE, NPM, Need::Program { name: "chromium", package: "chromium" }],
        run: strangers::clients,
    },
    Step {
        name: "packages",
        proves: "the packages for Node and browsers build, pass their tests before the server, and import as npm would publish them",
        needs: &[NODE, NPM],
        run: strangers::packages,
    },
    Step {
        name: "schemathesis",
        proves: "every answer is one that the OpenAPI document allows",
        needs: &[Need::PythonVenv],
        run: strangers::schemathesis,
    },
    Step {
        name: "fuzz",
        proves: "what reads untrusted bytes holds under coverage-guided input, for a short while",
        needs: COMPILERS,
        run: || fuzz::run_each(FUZZ_SECONDS),
    },
];

/// The soak kills more often.
const KILLS: u64 = 3;
const SEED: u64 = 1;

/// For each target. What a longer run finds belongs among the seeds, where the short one begins.
const FUZZ_SECONDS: u64 = 10;

fn format() -> Result<()> {
    run(cargo().args(["fmt", "--all", "--check"]))
}

fn clippy() -> Result<()> {
    run(cargo().args([
        "clippy",
        "--locked",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))
}

fn docs() -> Result<()> {
    let mut doc = cargo();
    doc.env("RUSTDOCFLAGS", "-D warnings");
    run(doc.args(["doc", "--locked", "--workspace", "--no-deps"]))
}

/// Many tests wait: for a disk, for another process, until a time has passed. More than this only get into each other's way.
const TESTS_FOR_ONE_PROCESSOR: usize = 2;

fn cargo_test() -> Result<()> {
    const AT_ONCE: &str = "RUST_TEST_THREADS";
    let mut tests = cargo();
    if std::env::var_os(AT_ONCE).is_none() {
        let processors = thread::available_parallelism()?.get();
        tests.env(AT_ONCE, (TESTS_FOR_ONE_PROCESSOR * processors).to_string());
    }
    run(tests.args(["test", "--locked", "--workspace", "--no-fail-fast"]))
}

fn interop() -> Result<()> {
    const FOLDER: &str = "tests/interop";
    let example = ["--package=cloakroom-jose", "--example=interop"];
    run(cargo().args(["build", "--locked"]).args(example))?;
    let ours = target().join("debug/examples/interop");
    npm_ci(FOLDER)?;
    run(node(FOLDER)?.arg("jose.mjs").arg(&ours))?;
    let mut joserfc = program(python(FOLDER)?);
    run(joserfc.arg(root().join(FOLDER).join("joserfc_check.py")).arg(&ours))
}
