//! Node.js and Python as the steps use them: packages at pinned versions, in folders that git does not see.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::needs::Need;
use crate::shell::{program, root, run};

pub(crate) const NODE: Need = Need::Program { name: "node", package: "nodejs" };
pub(crate) const NPM: Need = Need::Program { name: "npm", package: "npm" };

/// The first version of Node.js where the Web Cryptography API is there without being asked for; Debian 12 has 18.
const WITH_WEB_CRYPTO: u32 = 20;

/// Installs what the folder's lock file names, and runs no script of any package.
pub(crate) fn npm_ci(folder: &str) -> Result<()> {
    let mut npm = program("npm");
    npm.current_dir(root().join(folder));
    run(npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]))
}

/// Node.js, to run a script in this folder.
pub(crate) fn node(folder: &str) -> Result<Command> {
    let version = program("node").arg("--version").output()?;
    let version = String::from_utf8(version.stdout)?;
    let major: u32 = version
        .trim_start_matches('v')
        .split('.')
        .next()
        .and_then(|major| major.parse().ok())
        .with_context(|| format!("node says that its version is {version:?}"))?;
    let mut node = program("node");
    node.current_dir(root().join(folder));
    // Where `localhost` is `::1` first, versions before 20 try nothing else, and our servers are not there.
    node.arg("--dns-result-order=ipv4first");
    if major < WITH_WEB_CRYPTO {
        node.arg("--experimental-global-webcrypto");
    }
    Ok(node)
}

/// A Python with what a folder's `requirements.txt` names, and nothing of the machine's.
pub(crate) fn python(folder: &str) -> Result<PathBuf> {
    let home = root().join("target/xtask/python").join(folder.replace('/', "-"));
    let python = home.join("bin/python");
    run(program("python3").args([Path::new("-m"), Path::new("venv"), &home]))?;
    let mut pip = program(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
    run(pip.arg(root().join(folder).join("requirements.txt")))?;
    Ok(python)
}
