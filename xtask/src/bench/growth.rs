//! What a session check costs with more and more sessions stored in PostgreSQL.
//!
//! Each number has a database of its own, and the rounds go over all of them, so that a slow minute of the machine hits
//! all. The same number of sessions is asked for in turn, spread over all that are stored.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result};

use super::Scale;
use super::fill::Fills;
use super::node::Node;
use super::nodes::spread;
use super::sample::Sample;
use super::shared::{Seen, Shared};
use crate::server::{Folder, World};

const AIM: &str = "within 10 %";

pub(crate) fn measure(scale: &Scale) -> Result<String> {
    let folder = Folder::create("bench-growth")?;
    let shared = Shared::start()?;
    let mut sizes = Vec::new();
    for stored in scale.growth {
        eprintln!("  storing {stored} sessions");
        sizes.push(Size::set(folder.path(), &shared, *stored, scale)?);
    }
    for size in &sizes {
        size.fills.warm_up(scale.warm_up_seconds)?;
    }
    for run in 1..=scale.runs {
        let mut least = None;
        for size in &mut sizes {
            size.round(&shared, scale.run_seconds, &mut least)?;
        }
        eprintln!("  run {run} of {}", scale.runs);
    }
    let report = report(&sizes)?;
    drop(sizes);
    folder.remove()?;
    Ok(report)
}

struct Size {
    stored: u64,
    fills: Fills,
    warm_us: Sample,
    cold_us: Sample,
    postgres_us: Sample,
    /// Beside the fewest sessions in the same round.
    warm: Sample,
    cold: Sample,
}

impl Size {
    fn set(folder: &Path, shared: &Shared, stored: u64, scale: &Scale) -> Result<Self> {
        let database = shared.create_database()?;
        let world = World { database: Some(database.url()), redis: None };
        // The first start makes the schema.
        drop(Node::start(&format!("{stored}-first"), folder, &world, &[])?);
        database.store(0, stored, Seen::Ahead)?;
        let cookies = folder.join(format!("cookies-{stored}"));
        database.write_cookies(&cookies, stored, scale.sessions_in_turn.min(stored))?;
        let fills = Fills::start(&stored.to_string(), folder, &world, cookies, &[])?;
        Ok(Self {
            stored,
            fills,
            warm_us: Sample::default(),
            cold_us: Sample::default(),
            postgres_us: Sample::default(),
            warm: Sample::default(),
            cold: Sample::default(),
        })
    }

    fn round(
        &mut self,
        shared: &Shared,
        seconds: u64,
        least: &mut Option<(f64, f64)>,
    ) -> Result<()> {
        let fill = self.fills.run(seconds, || shared.cpu_of_postgres());
        let fill = fill.with_context(|| format!("with {} sessions stored", self.stored))?;
        let (warm, cold) = *least.get_or_insert((fill.warm_us, fill.cold_us));
        self.warm_us.add(fill.warm_us);
        self.cold_us.add(fill.cold_us);
        self.postgres_us.add(fill.elsewhere_us);
        self.warm.add(fill.warm_us / warm);
        self.cold.add(fill.cold_us / cold);
        Ok(())
    }
}

fn report(sizes: &[Size]) -> Result<String> {
    let mut report = String::from(
        "\n## Session checks beside the number of stored sessions\n\n\
         | sessions in PostgreSQL | CPU remembered | times | lowest to highest | CPU not remembered | times | \
         lowest to highest | aim | CPU of PostgreSQL |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for Size { stored, warm_us, cold_us, postgres_us, warm, cold, .. } in sizes {
        writeln!(
            report,
            "| {stored} | {:.1} µs | {} | {:.1} µs | {} | {AIM} | {:.1} µs |",
            warm_us.median(),
            spread(warm),
            cold_us.median(),
            spread(cold),
            postgres_us.median(),
        )?;
    }
    Ok(report)
}
