//! `cloakroom compare`: measures, with a bar on the way, and shows what was measured.

use std::{
    fs::File,
    io::{self, Write as _},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    arguments::Compare,
    compare::{self, Advice, Comparison, Extent, Kind, Steps},
    exit::Failure,
    offline,
    output::Output,
    settings::Given,
};

/// Measures and shows.
pub(super) fn run(what: &Compare, given: &Given, output: &Output) -> Result<(), Failure> {
    if let Some((key, _)) = given.flags.first() {
        let flag = key.replace('_', "-");
        return Err(Failure::Usage(format!(
            "--{flag} changes nothing here: the comparison runs on a private server with its default settings"
        )));
    }
    let extent = Extent { checks: what.checks, users: what.users, sign_outs: what.sign_outs };
    // What cannot be written is said before anybody waits for it.
    let report = what.report.as_deref().map(Report::create).transpose()?;
    let comparison = offline::block_on(measured(extent))?;
    let advice = compare::advise(&comparison);
    if let Some(report) = report {
        report.write(&compare::report(&comparison, &advice))?;
    }
    let choice = match advice.iter().find(|advice| Some(advice.kind) == what.kind) {
        Some(advice) => compare::reasons(advice),
        None => format!(
            "{}\n\n`--for {}` says why, `--report compare.html` shows all of it as a page.",
            compare::choices(&advice),
            Kind::Web.word()
        ),
    };
    let report = match &what.report {
        Some(path) => format!("\n\nThe report is in {}.", path.display()),
        None => String::new(),
    };
    let text = format!("{}\n\n{choice}{report}", compare::table(&comparison));
    output.say(&text, &Answer { comparison: &comparison, advice: &advice })
}

/// What `--json` prints.
#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    comparison: &'a Comparison,
    advice: &'a [Advice],
}

/// The file that becomes the report.
struct Report<'a> {
    path: &'a Path,
    file: File,
}

impl<'a> Report<'a> {
    fn create(path: &'a Path) -> Result<Self, Failure> {
        // An earlier report stays until there is another one.
        let file = File::options().create(true).write(true).truncate(false).open(path);
        let file = file.map_err(|error| no_report(path, &error))?;
        Ok(Self { path, file })
    }

    fn write(mut self, page: &str) -> Result<(), Failure> {
        let written = self.file.set_len(0).and_then(|()| self.file.write_all(page.as_bytes()));
        written.map_err(|error| no_report(self.path, &error))
    }
}

fn no_report(path: &Path, error: &io::Error) -> Failure {
    Failure::Usage(format!(
        "the report cannot be written to {}: {error}. Name a file in a folder that is there and that you may write to",
        path.display()
    ))
}

/// Measures on a thread of its own, so that Ctrl-C is heard: then whatever was started is ended, and the folder removed.
async fn measured(extent: Extent) -> Result<Comparison, Failure> {
    // Drawn on standard error, and only where that is a terminal.
    let bar = ProgressBar::new(compare::steps());
    if let Ok(style) = ProgressStyle::with_template("{bar:24} {elapsed} {msg}") {
        bar.set_style(style);
    }
    // Heard from now on: whoever is told that it began may stop it.
    let mut interrupted = signal(SignalKind::interrupt())
        .map_err(|error| Failure::Unavailable(format!("Ctrl-C cannot be heard: {error}")))?;
    let stop = Arc::new(AtomicBool::new(false));
    let steps = Steps::new(bar.clone(), Arc::clone(&stop));
    let mut measuring = tokio::task::spawn_blocking(move || compare::measure(extent, &steps));
    let measured = tokio::select! {
        measured = &mut measuring => measured,
        _ = interrupted.recv() => {
            stop.store(true, Relaxed);
            measuring.await
        }
    };
    bar.finish_and_clear();
    measured.map_err(|error| Failure::Unavailable(format!("the comparison broke off: {error}")))?
}
