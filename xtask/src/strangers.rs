//! Steps in which a stranger uses the running server: a browser, services on Node, and a generator of requests.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Result, ensure};

use crate::server::{self, Folder, Server, binary};
use crate::shell::{cargo, program, root, run, target};
use crate::tools::{node, npm_ci, python};

/// Chromium does what people do, on every page, with JavaScript and without.
pub(crate) fn browser() -> Result<()> {
    const FOLDER: &str = "tests/browser";
    server::build()?;
    npm_ci(FOLDER)?;
    let folder = Folder::create("browser")?;
    // A sign-in is soon too old to end other devices with: what is asked then is part of the flows.
    let server = Server::start(folder.path(), &["--fresh-sign-in=1s"])?;
    let mut flows = node(FOLDER)?;
    flows.env("CLOAKROOM_URL", server.url()).env("CLOAKROOM_SETUP_LINK", server.setup_link()?);
    run(flows.arg("run.mjs"))?;
    drop(server);
    folder.remove()
}

/// Who administrates a server that strangers use.
const EMAIL: &str = "admin@example.test";
const PASSWORD: &str = "an administrator of tests";

/// Client libraries that others wrote sign in, with a person in Chromium between.
pub(crate) fn clients() -> Result<()> {
    const FOLDER: &str = "tests/clients";
    server::build()?;
    npm_ci(FOLDER)?;
    let client = rust_client()?;
    let folder = Folder::create("clients")?;
    let server = Server::start(folder.path(), &["--answer-delay=50ms"])?;
    add_administrator(&folder.path().join("data"), EMAIL, PASSWORD)?;
    let mut libraries = node(FOLDER)?;
    libraries.env("CLOAKROOM_URL", server.url());
    libraries.env("CLOAKROOM_RUST_CLIENT", client);
    libraries.env("CLOAKROOM_EMAIL", EMAIL).env("CLOAKROOM_PASSWORD", PASSWORD);
    run(libraries.arg("run.mjs"))?;
    drop(server);
    folder.remove()
}

/// The program that signs in by the crate `openidconnect`. It is no member of the workspace, so that nothing it depends on
/// is near the product, and is built where that finds nothing of it.
fn rust_client() -> Result<PathBuf> {
    let folder = target().join("clients");
    let mut build = cargo();
    build.args(["build", "--locked", "--manifest-path=tests/clients/openidconnect/Cargo.toml"]);
    run(build.arg("--target-dir").arg(&folder))?;
    Ok(folder.join("debug").join("cloakroom-client-openidconnect"))
}

/// The packages for Node and browsers start servers of their own.
pub(crate) fn packages() -> Result<()> {
    const FOLDER: &str = "packages";
    server::build()?;
    npm_ci(FOLDER)?;
    let mut tests = node(FOLDER)?;
    tests.env("CLOAKROOM_BINARY", binary());
    run(tests.arg("run.mjs"))
}

/// schemathesis holds every answer against the OpenAPI document.
pub(crate) fn schemathesis() -> Result<()> {
    const FOLDER: &str = "tests/schemathesis";
    server::build()?;
    let python = python(FOLDER)?;
    let folder = Folder::create("schemathesis")?;
    let settings = [
        "--answer-delay=50ms",
        "--client-registration=open",
        "--open-clients-limit=100000",
        "--trusted-proxies=127.0.0.1",
        "--forward-auth=localhost:9999 open=/",
    ];
    let server = Server::start(folder.path(), &settings)?;
    add_administrator(&folder.path().join("data"), EMAIL, PASSWORD)?;
    let mut generator = program(python);
    generator.arg(root().join(FOLDER).join("run.py"));
    run(generator.args([&server.url(), EMAIL, PASSWORD]))?;
    drop(server);
    folder.remove()
}

/// By the command line beside the running server, which reads a password from standard input alone.
pub(crate) fn add_administrator(data: &Path, email: &str, password: &str) -> Result<()> {
    let mut add = program(binary())
        .args(["user", "add", email, "--role=admin"])
        .arg(format!("--data-dir={}", data.display()))
        .stdin(Stdio::piped())
        .spawn()?;
    let mut input = add.stdin.take().expect("it was asked for");
    writeln!(input, "{password}")?;
    drop(input);
    ensure!(add.wait()?.success(), "the administrator could not be made");
    Ok(())
}
