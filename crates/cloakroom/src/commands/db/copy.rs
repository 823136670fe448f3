//! `cloakroom db copy`: everything into another database, with a bar on the way.

use cloakroom_engine::{
    clock::{Clock as _, SystemClock},
    random::{Random, SystemRandomness},
};
use cloakroom_store_sql::copy::{Copied, How, Place, Told, copy};
use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::{
    block_on,
    place::{Opened, Side, Where, alone},
};
use crate::{
    arguments::CopyDatabase,
    asking,
    exit::Failure,
    output::Output,
    settings::{self, Given, Settings},
};

/// Copies, compares, and gives the source up.
pub(super) fn run(what: &CopyDatabase, given: &Given, output: &Output) -> Result<(), Failure> {
    let settings = settings::load(given)?.settings;
    let password = what.from_password_file.as_deref();
    let from = Where::read(&what.from, "--from", password, &settings)?;
    let to = Where::read(&what.to, "--to", what.to_password_file.as_deref(), &settings)?;
    if from.shown() == to.shown() && same_schema(&from, &to) {
        return Err(Failure::Usage("--from and --to are the same database".to_owned()));
    }
    let question = format!(
        "Move everything from {} to {}? No server starts on the first one afterwards.",
        from.shown(),
        to.shown()
    );
    asking::sure(&question, what.yes)?;
    let _alone = alone(&[&from, &to])?;
    let random: &dyn Random = &SystemRandomness::default();
    let how = How { copy: random.bytes(), batch: what.batch };
    let clock = SystemClock::new();
    let copied = block_on(between(&from, &to, how, &settings))?;
    let took = clock.steady();
    let text = format!(
        "{} rows ({}) are in {to} now, and compared with those in {from}. No server starts on {from} any more.\n\
         Set `database` to {to}, and give its servers the same master key: it is not in the database. Nobody was \
         signed out.",
        HumanCount(copied.rows),
        HumanBytes(copied.bytes),
        to = to.shown(),
        from = from.shown(),
    );
    let seconds = took.as_secs_f64();
    output.say(&text, &object(&copied, &from, &to, seconds))
}

/// One schema in one database.
fn same_schema(from: &Where, to: &Where) -> bool {
    match (from, to) {
        (Where::Server(from), Where::Server(to)) => from.schema() == to.schema(),
        _ => true,
    }
}

async fn between(
    from: &Where,
    to: &Where,
    how: How,
    settings: &Settings,
) -> Result<Copied, Failure> {
    let source = from.open(Side::Source, settings).await?;
    let target = to.open(Side::Target, settings).await?;
    match (&source, &target) {
        (Opened::File(source), Opened::File(target)) => show(source, target, how).await,
        (Opened::File(source), Opened::Server(target)) => show(source, &**target, how).await,
        (Opened::Server(source), Opened::File(target)) => show(&**source, target, how).await,
        (Opened::Server(source), Opened::Server(target)) => show(&**source, &**target, how).await,
    }
}

/// Copies with a bar on standard error, where that is a terminal.
async fn show(source: &impl Place, target: &impl Place, how: How) -> Result<Copied, Failure> {
    let bar = ProgressBar::new(0);
    let style = "{msg} {bar:30} {human_pos} of {human_len} rows, {per_sec}, {eta}";
    if let Ok(style) = ProgressStyle::with_template(style) {
        bar.set_style(style);
    }
    let mut of = 0;
    let copied = copy(source, target, how, |told| match told {
        Told::Begun { of: rows_in_all, rows, bytes } => {
            of = rows_in_all;
            bar.set_length(of);
            bar.set_position(rows);
            bar.reset_eta();
            bar.set_message(format!("copying, {}", HumanBytes(bytes)));
        }
        Told::Copied { rows, bytes } => {
            bar.set_position(rows);
            bar.set_message(format!("copying, {}", HumanBytes(bytes)));
        }
        Told::Compared { rows } => {
            if bar.position() >= of && rows < of {
                bar.reset();
            }
            bar.set_message("comparing");
            bar.set_position(rows);
        }
    })
    .await;
    bar.finish_and_clear();
    Ok(copied?)
}

fn object(copied: &Copied, from: &Where, to: &Where, seconds: f64) -> Value {
    let tables = copied.tables.iter().map(|(name, digest)| {
        json!({ "table": name, "rows": digest.rows, "sha256": digest.to_string() })
    });
    json!({
        "from": from.shown(),
        "to": to.shown(),
        "rows": copied.rows,
        "rows_before": copied.before,
        "bytes": copied.bytes,
        "seconds": seconds,
        "tables": tables.collect::<Vec<_>>(),
    })
}
