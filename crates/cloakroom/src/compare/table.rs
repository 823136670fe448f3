//! What was measured, as a table for the terminal, and the choice in words.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use super::{
    advice::Advice,
    figures::Comparison,
    measures,
    units::{time, time_ms},
};

/// Wide enough for every cell to stand in one line and every head in two, and narrow enough for a usual terminal.
const WIDTH: u16 = 100;

/// The table, with what it was measured on.
pub(crate) fn text(comparison: &Comparison) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_HORIZONTAL_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(WIDTH);
    let titles =
        comparison.arrangements.iter().map(|column| column.arrangement.title().replace(' ', "\n"));
    table.set_header([String::new()].into_iter().chain(titles));
    for group in measures::ALL {
        // One row of lines for a group, so that the lines between rows part the groups.
        let joined = |of: &dyn Fn(&measures::Measure) -> String| {
            group.iter().map(of).collect::<Vec<_>>().join("\n")
        };
        let name = joined(&|measure| measure.name.to_owned());
        let cells =
            comparison.arrangements.iter().map(|column| joined(&|measure| (measure.cell)(column)));
        table.add_row([name].into_iter().chain(cells));
    }
    for index in 1..=comparison.arrangements.len() {
        if let Some(column) = table.column_mut(index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    format!("{}\n\n{}", table.trim_fmt(), on_what(comparison))
}

/// What was measured, how often and on what.
pub(crate) fn on_what(comparison: &Comparison) -> String {
    let machine = &comparison.machine;
    let unoptimised = if machine.optimised {
        ""
    } else {
        " This program was built without optimisation, so its figures say little."
    };
    let first = comparison.arrangements.first();
    let bare = first.map_or(0.0, |column| column.cost.unchecked_cpu_us.median);
    let away = first.map_or(0.0, |column| column.outage.server_away_ms);
    format!(
        "Measured in {} on {} ({}, {}), everything over the loopback interface: {} requests in each arrangement, {} \
         users, the server away for {}. A request that is not checked takes {} of the service's processor time. On \
         another machine all of it is more or less; what stays is how they compare.{unoptimised}",
        time(comparison.took_seconds * 1e6),
        machine.processor,
        cores(machine.cores),
        machine.system,
        comparison.checks,
        comparison.users,
        time_ms(away),
        time(bare),
    )
}

/// The choice for each kind, in a line each.
pub(crate) fn choices(advice: &[Advice]) -> String {
    let lines = advice.iter().map(|advice| {
        format!("{:<14} {:<18} {}", advice.kind.word(), advice.choice.title(), advice.kind.title())
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The choice for one kind, with the reasons.
pub(crate) fn reasons(advice: &Advice) -> String {
    let mut text =
        format!("{}: {}\n{}", advice.kind.title(), advice.choice.title(), advice.carries);
    for reason in &advice.reasons {
        text += "\n- ";
        text += reason;
    }
    text + "\n" + advice.otherwise
}

fn cores(count: usize) -> String {
    if count == 1 { "1 core".to_owned() } else { format!("{count} cores") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::figures::sample;

    #[test]
    fn every_cell_stands_in_one_line_and_no_line_is_too_long() {
        let comparison = sample();
        let text = text(&comparison);
        let (table, _) = text.split_once("\n\n").unwrap();
        assert!(table.lines().all(|line| line.chars().count() <= WIDTH.into()), "{table}");
        for measure in measures::ALL.iter().copied().flatten() {
            let line = table.lines().find(|line| line.trim_start().starts_with(measure.name));
            let cells = comparison.arrangements.iter().map(|column| (measure.cell)(column));
            let mut words: Vec<_> = line.unwrap().split_whitespace().collect();
            let expected = cells.collect::<Vec<_>>().join(" ");
            let expected: Vec<_> = expected.split_whitespace().collect();
            words.drain(..measure.name.split_whitespace().count());
            assert_eq!(words, expected, "{table}");
        }
    }
}
