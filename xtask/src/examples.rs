//! The examples together: one server, the shop, the API, the device, the notes and the handbook, over https on host names of
//! their own.
//!
//! nginx stands before all of them with a certificate of an authority that is thrown away. Browsers resolve `*.localhost` to
//! this machine by themselves; for programs `libnss_wrapper` does, and nothing of the machine is changed.

mod service;
mod site;
mod stage;

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;
use std::thread;

use anyhow::{Context, Result, ensure};

use self::site::{HANDBOOK, NOTES};
use self::stage::{ADMINISTRATOR, Stage, example};
use crate::needs::Need;
use crate::server::{self, Folder, free_port};
use crate::shell::{cargo, program, root, run as run_aloud};
use crate::tools::{NODE, NPM, node, npm_ci};

pub(crate) const NEEDS: &[Need] = &[
    NODE,
    NPM,
    Need::Program { name: "chromium", package: "chromium" },
    Need::Program { name: "openssl", package: "openssl" },
    Need::Service { name: "nginx", package: "nginx" },
    Need::Library { name: "libnss_wrapper.so", package: "libnss-wrapper" },
];

/// Drives a browser and the device through everything.
pub(crate) fn run() -> Result<()> {
    const TESTS: &str = "tests/browser";
    build()?;
    npm_ci(TESTS)?;
    let folder = Folder::create("examples")?;
    let mut stage = Stage::set(folder.path(), free_port()?)?;
    let mut visit = node(TESTS)?;
    visit.arg("examples.mjs").stdin(Stdio::piped()).stdout(Stdio::piped());
    visit.env("SHOP", stage.addresses.shop()).env("NOTES", stage.addresses.of(NOTES));
    visit.env("HANDBOOK", stage.addresses.of(HANDBOOK)).env("COATS", example("coats"));
    visit.env("COATS_FILE", folder.path().join("coats.token"));
    stage.tell(&mut visit);
    let mut visit = visit.spawn()?;
    let mut answers = visit.stdin.take().context("it was asked for")?;
    for line in BufReader::new(visit.stdout.take().context("it was asked for")?).lines() {
        match line?.as_str() {
            // `kill -9`, and another start on the same data.
            "restart the server" => {
                stage = stage.with_another_server(folder.path())?;
                writeln!(answers, "done")?;
            }
            words => println!("{words}"),
        }
    }
    ensure!(visit.wait()?.success(), "a visitor of the examples did not get what they came for");
    drop(stage);
    folder.remove()
}

/// Serves them until it is interrupted.
pub(crate) fn serve() -> Result<()> {
    const PORT: u16 = 8443;
    crate::needs::meet(NEEDS.iter().map(|need| (*need, "examples")))?;
    build()?;
    let folder = Folder::create("examples")?;
    let stage = Stage::set(folder.path(), PORT)?;
    let (email, password) = ADMINISTRATOR;
    println!("\nthe shop          {}", stage.addresses.shop());
    println!("the notes         {}", stage.addresses.of(NOTES));
    println!("the handbook      {}", stage.addresses.of(HANDBOOK));
    println!("your account      {}/account", stage.addresses.issuer());
    println!("administrator     {email}, {password}");
    println!("the API           {}", stage.addresses.api());
    println!("the device        {}", stage.command_line());
    println!(
        "\nBrowsers warn of the certificate: its authority is {}",
        stage.authority.path().display()
    );
    println!("Ctrl-C ends everything.");
    loop {
        thread::park();
    }
}

fn build() -> Result<()> {
    server::build()?;
    let packages =
        ["shop", "api", "device"].map(|name| format!("--package=cloakroom-example-{name}"));
    run_aloud(cargo().args(["build", "--locked"]).args(packages))?;
    // As its README has it.
    let mut setup = program("npm");
    setup.current_dir(root().join("examples/spa"));
    run_aloud(setup.args(["run", "--silent", "setup"]))
}
