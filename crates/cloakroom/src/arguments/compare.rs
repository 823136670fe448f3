//! `cloakroom compare`

use std::path::PathBuf;

use clap::Args;

use crate::compare::Kind;

/// The end of `--help`.
pub(super) const HELP: &str = "\
A private server is started for it, with a temporary folder and free ports, and small services that know their users in
different ways: by a cookie about which the server is asked at each request, by a token about which it is asked, by a
signed token alone. People are really signed out, and the server is really killed and started again. It takes
about half a minute and leaves nothing behind. Figures are those of this machine; compare them with each other.

Examples:
  cloakroom compare
  cloakroom compare --for mobile
  cloakroom compare --report compare.html
  cloakroom compare --json --checks 20000 > compare.json";

/// What is compared, for whom, and where it goes.
#[derive(Args, Debug)]
pub(crate) struct Compare {
    /// Say what to choose for this kind of application, and why
    #[arg(long = "for", value_name = "KIND")]
    pub(crate) kind: Option<Kind>,
    /// Check so many requests in each arrangement
    #[arg(long, value_name = "NUMBER", default_value_t = 5000, value_parser = clap::value_parser!(u32).range(5..=100_000))]
    pub(crate) checks: u32,
    /// Let so many people be seen, to tell what each takes in memory
    #[arg(long, value_name = "NUMBER", default_value_t = 4000, value_parser = clap::value_parser!(u32).range(2..=20_000))]
    pub(crate) users: u32,
    /// Sign so many people out in each arrangement
    #[arg(long, value_name = "NUMBER", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=500))]
    pub(crate) sign_outs: u32,
    /// Write a page that shows the figures as pictures and explains the choice, in one HTML file
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
}
