//! The server's log, on standard error.

use std::io::{self, IsTerminal};

use tracing::{Level, level_filters::LevelFilter};
use tracing_subscriber::{
    Layer as _, filter::Targets, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

use crate::settings::{LogFormat, Settings};

/// Starts the log, once in the life of the process.
///
/// Only our own crates say more than `info`: below it the libraries for HTTP write down whole headers, and with them
/// cookies and tokens.
pub(crate) fn start(settings: &Settings) {
    let ours = LevelFilter::from_level(settings.log_level);
    let theirs = ours.min(LevelFilter::from_level(Level::INFO));
    let filter = Targets::new().with_default(theirs).with_target("cloakroom", ours);
    let lines = fmt::layer().with_writer(io::stderr).with_ansi(io::stderr().is_terminal());
    let lines = match settings.log_format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().boxed(),
    };
    tracing_subscriber::registry().with(lines.with_filter(filter)).init();
}
