//! What `deploy/cluster` starts on one machine: two nodes over PostgreSQL and Redis behind nginx, by the scripts that
//! operators run, and the promises that they try.

use std::env;
use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cloakroom_testservers::Port;
use cloakroom_testservers::program::{self, PASSES_WHERE_ROOT_DOES, find};

use crate::server::{self, binary};
use crate::shell::{self, root, run};

/// As many ports in a row as the script takes.
const PORTS: u16 = 5;

/// What the scripts look for on the search path.
const PROGRAMS: &[&str] = &["initdb", "psql", "redis-server", "nginx"];

pub(crate) fn run_scripts() -> Result<()> {
    server::build()?;
    let ports = Port::in_a_row(PORTS)?;
    let folder = env::temp_dir().join(format!("cloakroom-deploy-{}", std::process::id()));
    let tried =
        with(&folder, ports[0].number(), |script| script("up.sh").and_then(|()| script("try.sh")));
    tried.with_context(|| format!("what was said lies in {}", folder.display()))?;
    fs::remove_dir_all(&folder).with_context(|| folder.display().to_string())
}

/// Runs scripts with a folder and a port, and stops what they started whatever comes of it.
fn with(
    folder: &Path,
    port: u16,
    scripts: impl FnOnce(&dyn Fn(&str) -> Result<()>) -> Result<()>,
) -> Result<()> {
    let libraries = libraries();
    let path = search_path(libraries.is_some().then(|| setpriv(folder)).transpose()?)?;
    let script = |name: &str| {
        let mut sh = shell::program("sh");
        sh.arg(root().join("deploy/cluster").join(name)).arg(folder);
        sh.env("PORT", port.to_string()).env("CLOAKROOM", binary()).env("PATH", &path);
        if let Some(libraries) = &libraries {
            sh.env("LD_LIBRARY_PATH", libraries);
        }
        run(&mut sh)
    };
    let outcome = scripts(&script);
    // A script that failed has stopped what it had started.
    if folder.join("running").exists() {
        script("down.sh")?;
    }
    outcome
}

/// Writes a `setpriv` that leaves PostgreSQL's user the right to pass where root alone may, as to what was unpacked below a
/// home of root's; answers its folder.
fn setpriv(folder: &Path) -> Result<PathBuf> {
    let real = find("setpriv").context("there is no setpriv")?;
    let programs = folder.join("programs");
    fs::create_dir_all(&programs)?;
    let shim = programs.join("setpriv");
    let options = PASSES_WHERE_ROOT_DOES.join(" ");
    fs::write(&shim, format!("#!/bin/sh\nexec {} {options} \"$@\"\n", real.display()))?;
    fs::set_permissions(&shim, Permissions::from_mode(0o755))?;
    Ok(programs)
}

/// The search path, and before it this folder, and those of what is elsewhere or was unpacked.
fn search_path(first: Option<PathBuf>) -> Result<OsString> {
    let mut folders = Vec::from_iter(first);
    for name in PROGRAMS {
        let program = find(name).with_context(|| format!("there is no {name}"))?;
        folders.extend(program.parent().map(PathBuf::from));
    }
    let path = env::var_os("PATH").unwrap_or_default();
    Ok(env::join_paths(folders.into_iter().chain(env::split_paths(&path)))?)
}

/// Where what was unpacked finds its libraries; nothing where all of it is on the machine.
fn libraries() -> Option<OsString> {
    PROGRAMS.iter().find_map(|name| {
        let command = program::run(&find(name)?);
        let (_, value) = command.get_envs().find(|(name, _)| *name == "LD_LIBRARY_PATH")?;
        value.map(OsString::from)
    })
}
