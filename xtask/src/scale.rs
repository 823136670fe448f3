//! What a deployment needs: `cargo xtask scale`.
//!
//! A model. It multiplies what was measured ([`measured`]) by what is assumed about people and machines
//! ([`assumptions`]), and shows both beside what comes out, so that anybody can put their own numbers in. It measures
//! nothing itself, and what was not measured is said to be missing, never guessed.

mod assumptions;
mod figure;
mod limits;
mod measured;
mod model;
mod report;

use std::fs;

use anyhow::{Context, Result};
use clap::Args;

use self::assumptions::Assumptions;
use self::measured::MEASURED;
use self::model::Deployment;
use crate::shell::root;

const PAGE: &str = "docs/operating/scale.md";
const BEGINS: &str = "<!-- What follows is written by `cargo xtask generate`. -->\n";
const ENDS: &str = "<!-- What was written ends here. -->";

#[derive(Args)]
pub(crate) struct Options {
    /// Live sessions, guests among them; may be given several times
    #[arg(long, value_name = "COUNT", value_parser = assumptions::number, default_values_t = [1e4, 1e7, 1e9])]
    sessions: Vec<f64>,
    /// Guests and all that Redis would hold are in PostgreSQL
    #[arg(long)]
    without_redis: bool,
    /// Answers in JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    assumptions: Assumptions,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            sessions: vec![1e4, 1e7, 1e9],
            without_redis: false,
            json: false,
            assumptions: Assumptions::default(),
        }
    }
}

impl Options {
    fn deployments(&self) -> Vec<Deployment<'_>> {
        let of = |sessions: &f64| Deployment {
            sessions: *sessions,
            with_redis: !self.without_redis,
            assumed: &self.assumptions,
            costs: &MEASURED,
        };
        self.sessions.iter().map(of).collect()
    }
}

/// Prints what is needed for each number of sessions.
pub(crate) fn run(options: &Options) {
    let deployments = options.deployments();
    if options.json {
        println!("{:#}", report::json(&deployments, &options.assumptions));
    } else {
        print!("{}", report::text(&deployments, &options.assumptions));
    }
}

/// The page that explains the model, with what it says by default, with Redis and without.
pub(crate) fn page() -> Result<String> {
    let page = fs::read_to_string(root().join(PAGE)).context(PAGE)?;
    let (before, rest) = page.split_once(BEGINS).context("the page has no place for the model")?;
    let (_, after) = rest.split_once(ENDS).context("the model's place on the page has no end")?;
    let with = Options::default();
    let without = Options { without_redis: true, ..Options::default() };
    let written = report::markdown(&with.deployments(), &without.deployments(), &with.assumptions);
    Ok(format!("{before}{BEGINS}\n{written}\n{ENDS}{after}"))
}
