//! What is generated and committed: each file with the command that writes it.
//!
//! Committed, so that it can be read without building anything; checked, so that it is never stale.

use std::fs;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::conformance;
use crate::scale;
use crate::shell::{cargo, root};

/// A file, and what writes it.
struct Generated {
    file: &'static str,
    by: Writer,
}

enum Writer {
    /// Our binary, asked for this.
    Binary(&'static [&'static str]),
    /// The example `vectors` of the guard, asked for these.
    Vectors(&'static str),
    /// The example of the crate that writes the feed.
    FeedVectors,
    /// A part of this program.
    Here(fn() -> Result<String>),
}

const ALL: &[Generated] = &[
    Generated { file: "docs/config.md", by: Writer::Binary(&["generate", "config-docs"]) },
    Generated { file: "docs/openapi.json", by: Writer::Binary(&["generate", "openapi"]) },
    Generated { file: "docs/conformance.md", by: Writer::Here(conformance::page) },
    Generated { file: "docs/operating/scale.md", by: Writer::Here(scale::page) },
    Generated { file: "tests/vectors/feed.json", by: Writer::FeedVectors },
    Generated { file: "tests/vectors/follower.json", by: Writer::Vectors("follower") },
    Generated { file: "tests/vectors/tokens.json", by: Writer::Vectors("tokens") },
];

#[derive(Args)]
pub(crate) struct Options {
    /// Changes nothing, and fails where a file is not what would be written
    #[arg(long)]
    pub(crate) check: bool,
    /// Asks the binary as it is shipped, rather than one that is built for this
    #[arg(long)]
    pub(crate) release: bool,
}

/// Writes every generated file, or tells which ones are stale.
pub(crate) fn run(options: &Options) -> Result<()> {
    let mut stale = Vec::new();
    for generated in ALL {
        let text = generated.text(options.release)?;
        let path = root().join(generated.file);
        let up_to_date = fs::read(&path).is_ok_and(|committed| committed == text);
        if up_to_date {
            println!("{} is up to date", generated.file);
        } else if options.check {
            stale.push(generated.file);
        } else {
            fs::write(&path, text).with_context(|| generated.file.to_owned())?;
            println!("{} written", generated.file);
        }
    }
    if stale.is_empty() {
        return Ok(());
    }
    bail!("stale: {}; `cargo xtask generate` writes them", stale.join(", "))
}

impl Generated {
    fn text(&self, release: bool) -> Result<Vec<u8>> {
        const GUARD: &[&str] = &["--package=cloakroom-guard", "--example=vectors"];
        const FEED: &[&str] = &["--package=cloakroom-oauth", "--example=feed_vectors"];
        let (what, arguments) = match &self.by {
            Writer::Here(page) => return Ok(page()?.into_bytes()),
            Writer::Binary(arguments) => (&["--package=cloakroom"][..], *arguments),
            Writer::FeedVectors => (FEED, &[][..]),
            Writer::Vectors(name) => (GUARD, std::slice::from_ref(name)),
        };
        let mut command = cargo();
        command.args(["run", "--quiet", "--locked"]).args(what);
        if release && matches!(self.by, Writer::Binary(_)) {
            command.arg("--release");
        }
        let output = command.arg("--").args(arguments).output()?;
        if !output.status.success() {
            bail!("{} cannot be written: {}", self.file, String::from_utf8_lossy(&output.stderr));
        }
        Ok(output.stdout)
    }
}
