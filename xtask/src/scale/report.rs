//! What the model says: for a terminal, for the page, and for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::assumptions::Assumptions;
use super::figure::Figure;
use super::limits::{self, OF_POSTGRES, OF_REDIS, OF_THE_LOG, Single};
use super::measured::{Cost, MEASURED};
use super::model::Deployment;

const MIB: f64 = 1024.0 * 1024.0;

/// For a terminal.
pub(super) fn text(deployments: &[Deployment<'_>], assumed: &Assumptions) -> String {
    let mut text = aligned(&table(deployments));
    text.push('\n');
    for line in conclusions(deployments) {
        text += &line;
        text.push('\n');
    }
    text += "\nAssumed (each is a flag):\n";
    text += &aligned(&assumptions(assumed));
    text += "\nMeasured:\n";
    text += &aligned(&measurements());
    text
}

/// For the page.
pub(super) fn markdown(
    with_redis: &[Deployment<'_>],
    without: &[Deployment<'_>],
    assumed: &Assumptions,
) -> String {
    let mut page = "### With Redis\n\n".to_owned();
    page += &section(with_redis);
    page += "\n### Without Redis\n\n";
    page += &section(without);
    page += "\n### Assumed\n\n";
    page += &piped(&assumptions(assumed));
    page += "\n### Measured\n\n";
    page += &piped(&measurements());
    page
}

/// For programs: what is counted for each second is that of the busiest one, and sizes are bytes.
pub(super) fn json(deployments: &[Deployment<'_>], assumed: &Assumptions) -> Value {
    let of_each: Vec<Value> = deployments.iter().map(as_json).collect();
    let assumed: serde_json::Map<String, Value> =
        assumed.all().into_iter().map(|it| (it.flag, json!(it.value))).collect();
    let measured: serde_json::Map<String, Value> =
        MEASURED.all().into_iter().map(|it| (it.name.to_owned(), json!(it.value))).collect();
    json!({ "deployments": of_each, "assumed": assumed, "measured": measured })
}

fn section(deployments: &[Deployment<'_>]) -> String {
    let mut section = piped(&table(deployments));
    for line in conclusions(deployments) {
        section.push('\n');
        section += &line;
        section.push('\n');
    }
    section
}

type Rows = Vec<Vec<String>>;

/// A column for each deployment, below its number of sessions.
fn table(deployments: &[Deployment<'_>]) -> Rows {
    let row = |name: &str, cell: &dyn Fn(&Deployment<'_>) -> String| {
        [name.to_owned()].into_iter().chain(deployments.iter().map(cell)).collect()
    };
    let mut rows: Rows = vec![
        row("live sessions", &|it| count(it.sessions)),
        row("checks a second", &|it| count(it.checks())),
        row("sign-ins a second", &|it| count(it.sign_ins())),
        row("refreshes a second", &|it| count(it.refreshes())),
        row("nodes", &|it| at_least(&it.processors(it.nodes()), |_| count(it.nodes()))),
        row("memory of a node", &|it| at_least(&it.node_memory(it.nodes()), |mib| size(mib * MIB))),
        row("sessions that a node remembers", &|it| count(it.remembered(it.nodes()))),
        row("checks that must read first", &|it| percent(it.fills(it.nodes()) / it.checks())),
        row("PostgreSQL: acts a second", &|it| count(it.acts(it.nodes()))),
        row("of these with rows in the revocation log", &|it| count(it.announced_acts())),
        row("the revocation log's counter is held", &|it| percent(it.counter_held())),
        row("PostgreSQL: last-seen times a second", &|it| count(it.touched_rows(it.nodes()))),
        row("PostgreSQL: sessions read a second", &|it| count(it.database_reads(it.nodes()))),
        row("PostgreSQL: processors busy", &|it| {
            at_least(&it.database_processors(it.nodes()), count)
        }),
        row("PostgreSQL: its own log a second", &|it| at_least(&it.database_log(it.nodes()), size)),
        row("PostgreSQL: disk", &|it| at_least(&it.database_bytes(), size)),
        row("PostgreSQL: shards", &|it| shards(OF_POSTGRES, it)),
    ];
    if deployments.iter().any(|it| it.with_redis) {
        rows.extend([
            row("Redis: memory", &|it| at_least(&it.redis_bytes(), size)),
            row("Redis: calls a second", &|it| count(it.redis_calls(it.nodes()))),
            row("Redis: shards", &|it| shards(OF_REDIS, it)),
        ]);
    }
    rows.push(row("the scarcest", &scarcest));
    rows
}

/// Where one of each ends, in sentences.
fn conclusions(deployments: &[Deployment<'_>]) -> Vec<String> {
    let Some(deployment) = deployments.first() else { return Vec::new() };
    let mut lines = Vec::new();
    let kinds = [("PostgreSQL", OF_POSTGRES), ("revocation log", OF_THE_LOG), ("Redis", OF_REDIS)];
    for (name, these) in kinds.into_iter().take(if deployment.with_redis { 3 } else { 2 }) {
        if let Some((single, sessions)) = limits::first(these, deployment) {
            let most = if limits::is_judged(these, deployment) { "" } else { "at most " };
            lines.push(format!(
                "One {name} is enough for {most}{} live sessions; what is used up first: {}.",
                count(sessions),
                single.name()
            ));
        }
        let unjudged = limits::unjudged(these, deployment);
        if !unjudged.is_empty() {
            lines.push(format!("Not measured yet, so not judged: {}.", unjudged.join(", ")));
        }
    }
    let nodes = deployment.nodes();
    let parts = [
        deployment.processors(nodes),
        deployment.node_memory(nodes),
        deployment.database_processors(nodes),
        deployment.database_log(nodes),
        deployment.database_bytes(),
        deployment.redis_bytes(),
    ];
    let without = Figure::sum(parts).without;
    if !without.is_empty() {
        let names: Vec<&str> = without.into_iter().collect();
        lines.push(format!("Not measured yet, so missing where it says ≥: {}.", names.join(", ")));
    }
    lines
}

/// What is used the most of all that there is one of.
fn scarcest(of: &Deployment<'_>) -> String {
    let loads = limits::singles().filter_map(|single| Some((single, single.load(of)?)));
    match loads.max_by(|(_, a): &(Single, f64), (_, b)| a.total_cmp(b)) {
        Some((single, load)) => format!("{}, {} of one", single.name(), percent(load)),
        None => UNKNOWN.to_owned(),
    }
}

fn shards(these: &[Single], of: &Deployment<'_>) -> String {
    match limits::shards(these, of) {
        Some(shards) if limits::is_judged(these, of) => count(shards),
        Some(shards) => format!("≥ {}", count(shards)),
        None => UNKNOWN.to_owned(),
    }
}

fn assumptions(assumed: &Assumptions) -> Rows {
    let head = ["flag", "is", "unit", "what"].map(str::to_owned).to_vec();
    let rows = assumed.all().into_iter().map(|it| {
        vec![format!("--{}", it.flag), it.value.to_string(), it.unit.to_owned(), it.what.to_owned()]
    });
    [head].into_iter().chain(rows).collect()
}

fn measurements() -> Rows {
    let head = ["figure", "is", "unit", "what", "by"].map(str::to_owned).to_vec();
    let row = |it: Cost| {
        let value = it.value.map_or_else(|| UNKNOWN.to_owned(), |value| value.to_string());
        let by = if it.value.is_some() { it.by } else { "" };
        [it.name, &value, it.unit, it.what, by].map(str::to_owned).to_vec()
    };
    [head].into_iter().chain(MEASURED.all().into_iter().map(row)).collect()
}

const UNKNOWN: &str = "not measured";

fn as_json(of: &Deployment<'_>) -> Value {
    let nodes = of.nodes();
    let known = |figure: Figure| json!({ "is": figure.known, "without": figure.without });
    let single = |single: Single| {
        json!({
            "what": single.name(),
            "load": single.load(of),
            "enough_for_sessions": single.enough_for(of),
        })
    };
    let singles: Vec<Value> = limits::singles().map(single).collect();
    json!({
        "sessions": of.sessions,
        "with_redis": of.with_redis,
        "checks": of.checks(),
        "sign_ins": of.sign_ins(),
        "sign_outs": of.sign_outs(),
        "refreshes": of.refreshes(),
        "nodes": nodes,
        "processors": known(of.processors(nodes)),
        "node_memory": known(of.node_memory(nodes).times(MIB)),
        "remembered_sessions": of.remembered(nodes),
        "fills": of.fills(nodes),
        "postgres": {
            "acts": of.acts(nodes),
            "announced_acts": of.announced_acts(),
            "log_rows": of.log_rows(),
            "touched_rows": of.touched_rows(nodes),
            "reads": of.database_reads(nodes),
            "processors": known(of.database_processors(nodes)),
            "log": known(of.database_log(nodes)),
            "counter_held": of.counter_held(),
            "disk": known(of.database_bytes()),
            "shards": limits::shards(OF_POSTGRES, of),
        },
        "redis": {
            "memory": known(of.redis_bytes()),
            "calls": of.redis_calls(nodes),
            "shards": limits::shards(OF_REDIS, of),
        },
        "there_is_one_of": singles,
    })
}

/// Columns of equal width, the first of each row to the left.
fn aligned(rows: &Rows) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
    };
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        text += cells.collect::<Vec<_>>().join("  ").trim_end();
        text.push('\n');
    }
    text
}

/// A table in Markdown; the first row is its head.
fn piped(rows: &Rows) -> String {
    let mut text = String::new();
    for (number, row) in rows.iter().enumerate() {
        // Writing to a string does not fail.
        let _ = writeln!(text, "| {} |", row.join(" | "));
        if number == 0 {
            let _ = writeln!(text, "|{}", " --- |".repeat(row.len()));
        }
    }
    text
}

fn at_least(figure: &Figure, shown: impl Fn(f64) -> String) -> String {
    if figure.is_unknown() {
        UNKNOWN.to_owned()
    } else if figure.without.is_empty() {
        shown(figure.known)
    } else {
        format!("≥ {}", shown(figure.known))
    }
}

fn percent(share: f64) -> String {
    if share.is_nan() { "0 %".to_owned() } else { format!("{} %", count(share * 100.0)) }
}

/// Three significant digits, with commas between thousands.
fn count(number: f64) -> String {
    if number < 10.0 {
        let text = format!("{number:.1}");
        return text.strip_suffix(".0").map_or(text.clone(), str::to_owned);
    }
    let unit = 10_f64.powf((number.log10().floor() - 2.0).max(0.0));
    let digits = format!("{:.0}", (number / unit).round() * unit);
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Bytes in the unit in which they are read.
fn size(bytes: f64) -> String {
    let mut size = bytes;
    for unit in ["bytes", "KiB", "MiB", "GiB"] {
        if size < 1024.0 {
            return format!("{} {unit}", count(size));
        }
        size /= 1024.0;
    }
    format!("{} TiB", count(size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_as_they_are_read() {
        for (number, shown) in [
            (0.0, "0"),
            (0.25, "0.2"),
            (3.0, "3"),
            (12.4, "12"),
            (1e9, "1,000,000,000"),
            (123_456.0, "123,000"),
        ] {
            assert_eq!(count(number), shown);
        }
        assert_eq!(size(512.0), "512 bytes");
        assert_eq!(size(1024.0 * 1024.0 * 1.5), "1.5 MiB");
        assert_eq!(size(5e15), "4,550 TiB");
    }

    #[test]
    fn a_sum_that_lacks_something_says_that_it_is_only_the_least() {
        assert_eq!(at_least(&Figure::of(2.0), count), "2");
        let lacking = Figure::sum([Figure::of(2.0), Figure::without("fill")]);
        assert_eq!(at_least(&lacking, count), "≥ 2");
        assert_eq!(at_least(&Figure::without("fill"), count), "not measured");
    }

    #[test]
    fn every_face_has_a_column_for_each_deployment() {
        let assumed = Assumptions::default();
        let of = |sessions| Deployment {
            sessions,
            with_redis: true,
            assumed: &assumed,
            costs: &MEASURED,
        };
        let deployments = [of(1e4), of(1e9)];
        assert!(table(&deployments).iter().all(|row| row.len() == 3));
        assert_eq!(json(&deployments, &assumed)["deployments"].as_array().unwrap().len(), 2);
        assert!(text(&deployments, &assumed).contains("1,000,000,000"));
    }
}
