//! What was measured, as one HTML file with nothing outside of it: figures in tables, with pictures in them, and the
//! choice with its reasons.

use askama::Template;

use super::{
    advice::Advice,
    bars::{Part, logarithmic, place, stacked, timeline},
    figures::{AT_ONCE_MS, Answered, Column, Comparison, SeenBy, Span},
    measures::{self, Measure, as_float},
    table::on_what,
    units::{differences, time, time_ms, times},
};

/// The scale of sign-outs, in milliseconds: from a tenth to three quarters of an hour.
const DELAYS: (f64, f64) = (0.1, 2_700_000.0);

/// The scale of waiting, in microseconds.
const WAITS: (f64, f64) = (5.0, 30_000.0);

/// Makes the page.
pub(crate) fn page(comparison: &Comparison, advice: &[Advice]) -> String {
    let columns = &comparison.arrangements;
    let page = Page {
        version: comparison.version,
        in_short: in_short(columns),
        columns,
        panels: vec![
            time_panel(columns),
            processor(columns),
            sign_outs(columns),
            wire(columns),
            memory(columns),
            absences(columns),
        ],
        advice,
        on_what: on_what(comparison),
    };
    // It is written into a string, which takes whatever comes.
    page.render().unwrap_or_default()
}

#[derive(Template)]
#[template(path = "compare.html")]
struct Page<'a> {
    version: &'static str,
    in_short: Vec<String>,
    columns: &'a [Column],
    panels: Vec<Panel>,
    advice: &'a [Advice],
    on_what: String,
}

/// One question and its answer.
struct Panel {
    id: &'static str,
    question: &'static str,
    answer: String,
    /// What the colours of the pictures mean: a class and its sense.
    legend: &'static [(&'static str, &'static str)],
    /// The heads of the cells.
    heads: Vec<&'static str>,
    rows: Vec<Row>,
    /// What stands below the pictures: where, in hundredths of their width, and what.
    ticks: Vec<(f64, String)>,
}

/// A line of a panel.
struct Row {
    name: String,
    /// Pictures, one below the other.
    pictures: Vec<String>,
    cells: Vec<String>,
}

impl Panel {
    fn of(
        (id, question): (&'static str, &'static str),
        answer: String,
        legend: &'static [(&'static str, &'static str)],
        measures: &[Measure],
        columns: &[Column],
        picture: impl Fn(&Column) -> String,
    ) -> Self {
        let rows = columns.iter().map(|column| Row {
            name: column.arrangement.title().to_owned(),
            pictures: vec![picture(column)],
            cells: measures.iter().map(|measure| (measure.cell)(column)).collect(),
        });
        Self {
            id,
            question,
            answer,
            legend,
            heads: measures.iter().map(|measure| measure.name).collect(),
            rows: rows.collect(),
            ticks: Vec::new(),
        }
    }
}

fn in_short(columns: &[Column]) -> Vec<String> {
    let by_work = |a: &&Column, b: &&Column| a.cost.both_us().total_cmp(&b.cost.both_us());
    let (Some(least), Some(most)) =
        (columns.iter().min_by(by_work), columns.iter().max_by(by_work))
    else {
        return Vec::new();
    };
    let mut sentences = vec![format!(
        "A check takes {} of processor time with “{}” and {} with “{}”: {} as much.",
        differences(1.0, least.cost.both_us()),
        least.arrangement.title(),
        differences(1.0, most.cost.both_us()),
        most.arrangement.title(),
        times(most.cost.both_us(), least.cost.both_us()),
    )];
    sentences.push(sign_outs_in_short(columns));
    sentences.push(outage_in_short(columns));
    sentences
}

fn sign_outs_in_short(columns: &[Column]) -> String {
    let (late, soon): (Vec<&Column>, Vec<&Column>) = columns
        .iter()
        .partition(|column| column.revocation.seen_by == SeenBy::SettingTheClockAhead);
    let longest = soon.iter().map(|column| column.revocation.longest_ms).fold(0.0, f64::max);
    let refused = format!("Who signs out is refused within {}", time_ms(longest));
    let late = late.iter().map(|column| {
        format!("with “{}” after {}", column.arrangement.title(), time_ms(column.revocation.p50_ms))
    });
    let late: Vec<String> = late.collect();
    match &late[..] {
        [] => format!("{refused}."),
        late if soon.is_empty() => format!("Who signs out is refused {}.", listed(late)),
        late => format!("{refused}, but {}.", listed(late)),
    }
}

fn outage_in_short(columns: &[Column]) -> String {
    let away = columns.first().map_or(0.0, |column| column.outage.server_away_ms);
    let named = |which: &dyn Fn(&Column) -> bool| {
        let of_them = columns.iter().filter(|column| which(column));
        of_them.map(|column| format!("“{}”", column.arrangement.title())).collect::<Vec<_>>()
    };
    let for_a_while = |column: &Column| {
        column.outage.not_served_ms > 0.0 && column.outage.served_on_ms >= AT_ONCE_MS
    };
    let always = named(&|column| column.outage.not_served_ms <= 0.0);
    let at_first = named(&for_a_while);
    let whiles = columns.iter().filter(|column| for_a_while(column));
    let shortest = whiles.map(|column| column.outage.served_on_ms).fold(f64::INFINITY, f64::min);
    let mut parts = Vec::new();
    if !always.is_empty() {
        let left = columns.iter().any(|column| column.outage.let_in_who_signed_out);
        let left = if left { ", and who had signed out as well" } else { "" };
        parts.push(format!("{} let people in all the time{left}", listed(&always)));
    }
    if !at_first.is_empty() {
        parts.push(format!("{} for the first {}", listed(&at_first), time_ms(shortest)));
    }
    let others = columns.len() - always.len() - at_first.len();
    parts.push(match others {
        0 => String::new(),
        _ if parts.is_empty() => "nobody was let in".to_owned(),
        _ => "the others could not tell who asks".to_owned(),
    });
    parts.retain(|part| !part.is_empty());
    format!("While the server was away for {}, {}.", time_ms(away), parts.join("; "))
}

fn time_panel(columns: &[Column]) -> Panel {
    let bare = columns.first().map_or(0.0, |column| column.cost.unchecked_p50_us);
    let mut panel = Panel::of(
        ("time", "How long does a client wait?"),
        format!(
            "From the request to the service’s answer, on this machine, on a scale where each step is ten times the one \
             before. Without any check half of the answers come within {}. Between machines each question to the server adds the way there and back.",
            time(bare)
        ),
        &[("p50", "half of the answers"), ("p99", "99 in 100")],
        measures::TIME,
        columns,
        |column| {
            let of = |us| place(us, WAITS.0, WAITS.1);
            let (half, most) = (of(column.cost.p50_us), of(column.cost.p99_us));
            stacked(
                &[Part { amount: half, class: "p50" }, Part { amount: most - half, class: "p99" }],
                1.0,
            )
        },
    );
    panel.ticks =
        ticks(&[(10.0, "10 µs"), (100.0, "0.1 ms"), (1e3, "1 ms"), (1e4, "10 ms")], WAITS);
    panel
}

fn processor(columns: &[Column]) -> Panel {
    let bare = columns.first().map_or(0.0, |column| column.cost.unchecked_cpu_us.median);
    let most = largest(columns, |column| column.cost.both_us());
    Panel::of(
        ("work", "How much work is a check?"),
        format!(
            "What a check adds to a request that takes {} of the service’s processor time by itself. A server that is \
             asked works as well, for every service that asks. What adds less than a microsecond cannot be told from \
             nothing in this way.",
            time(bare)
        ),
        &[("service", "at the service"), ("server", "at the server")],
        measures::PROCESSOR,
        columns,
        |column| {
            let (service, server) =
                (column.cost.service_cpu_us.median, column.cost.server_cpu_us.median);
            stacked(
                &[
                    Part { amount: service, class: "service" },
                    Part { amount: server, class: "server" },
                ],
                most,
            )
        },
    )
}

fn sign_outs(columns: &[Column]) -> Panel {
    let mut panel = Panel::of(
        ("sign-out", "When does a sign-out arrive?"),
        "From the server’s acknowledgement to the first refusal by the service. Each step of the scale is ten times the \
         one before. Where a service is not told, its clock was set ahead until it refused."
            .to_owned(),
        &[("soon", "within a second"), ("late", "later")],
        measures::REVOCATION,
        columns,
        |column| {
            let delay = column.revocation.p50_ms;
            let class = if column.revocation.longest_ms <= 1000.0 { "soon" } else { "late" };
            logarithmic(delay, DELAYS.0, DELAYS.1, class)
        },
    );
    panel.ticks = ticks(
        &[(1.0, "1 ms"), (100.0, "0.1 s"), (1e3, "1 s"), (1e4, "10 s"), (6e5, "10 min")],
        DELAYS,
    );
    panel
}

fn wire(columns: &[Column]) -> Panel {
    let all = |column: &Column| as_float(column.traffic.credential) + column.traffic.asked;
    let most = largest(columns, all);
    Panel::of(
        ("wire", "What goes over the wire?"),
        "The cookie or the token travels with every request, from wherever the client is. A question travels between \
         service and server, there and back. Cloakroom’s tokens are always signed, so one that is asked about weighs as \
         much as one that is verified; elsewhere it may be as short as a cookie. A guard is told once a second that it has \
         missed nothing, however many requests there are."
            .to_owned(),
        &[("service", "with each request"), ("server", "asked for each request")],
        measures::WIRE,
        columns,
        |column| {
            let credential = as_float(column.traffic.credential);
            stacked(
                &[
                    Part { amount: credential, class: "service" },
                    Part { amount: column.traffic.asked, class: "server" },
                ],
                most,
            )
        },
    )
}

fn memory(columns: &[Column]) -> Panel {
    let most = largest(columns, |column| column.memory.server + column.memory.service);
    Panel::of(
        ("memory", "Who remembers whom?"),
        "What a process grew by for each user whom it saw for the first time. It is memory for answers that need not be \
         looked up or verified again, and has a limit."
            .to_owned(),
        &[("service", "in the service"), ("server", "in the server")],
        measures::MEMORY,
        columns,
        |column| {
            stacked(
                &[
                    Part { amount: column.memory.service, class: "service" },
                    Part { amount: column.memory.server, class: "server" },
                ],
                most,
            )
        },
    )
}

fn absences(columns: &[Column]) -> Panel {
    let whole = largest(columns, |column| {
        column.answers.to_signed_in.last().map_or(0.0, |span| span.to_ms)
    });
    let mut panel = Panel::of(
        ("absence", "What if the server is not there?"),
        "One line is for somebody who is signed in, the one below it for somebody who signed out before. The server was \
         restarted, and later killed and left away. A guard believes what it remembers for five seconds after it last \
         heard the server; then it asks about each request, and where nobody answers it lets nobody in."
            .to_owned(),
        &[("let-in", "let in"), ("refused", "refused"), ("cannot-tell", "the service cannot tell")],
        measures::ABSENCE,
        columns,
        |column| timeline(&column.answers.to_signed_in, whole),
    );
    for (row, column) in panel.rows.iter_mut().zip(columns) {
        row.pictures.push(timeline(&column.answers.to_signed_out, whole));
    }
    if let Some(first) = columns.first() {
        let empty = panel.heads.iter().map(|_| String::new());
        let there = there(first, whole);
        panel.rows.insert(
            0,
            Row {
                name: "the server".to_owned(),
                pictures: vec![timeline(&there, whole)],
                cells: empty.collect(),
            },
        );
        panel.ticks = seconds(whole);
    }
    panel
}

/// When the server was there.
fn there(column: &Column, whole: f64) -> Vec<Span> {
    let (restart, outage) = (column.answers.restart_ms, column.answers.outage_ms);
    let span = |from_ms, to_ms, answer| Span { from_ms, to_ms, answer };
    vec![
        span(0.0, restart.0, Answered::LetIn),
        span(restart.0, restart.1, Answered::CannotTell),
        span(restart.1, outage.0, Answered::LetIn),
        span(outage.0, outage.1, Answered::CannotTell),
        span(outage.1, whole, Answered::LetIn),
    ]
}

/// Ticks of a scale on which each step is ten times the one before.
fn ticks(ticks: &[(f64, &str)], (least, most): (f64, f64)) -> Vec<(f64, String)> {
    ticks.iter().map(|(at, text)| (100.0 * place(*at, least, most), (*text).to_owned())).collect()
}

/// A tick for each second, or for every other where there are many.
fn seconds(whole: f64) -> Vec<(f64, String)> {
    let step: u32 = if whole > 9000.0 { 2 } else { 1 };
    let ticks = (0..60).map(|number| number * step);
    ticks
        .map(|second| (f64::from(second) * 1000.0, second))
        .take_while(|(at, _)| *at < whole * 0.97)
        .map(|(at, second)| (100.0 * at / whole, format!("{second} s")))
        .collect()
}

fn largest(columns: &[Column], of: impl Fn(&Column) -> f64) -> f64 {
    columns.iter().map(of).fold(0.0, f64::max)
}

/// `a, b and c`.
fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{advice, arrangement::Arrangement, figures::sample};

    #[test]
    fn the_page_stands_alone_and_holds_every_figure() {
        let comparison = sample();
        let page = page(&comparison, &advice::all(&comparison));
        for outside in ["<script", "http://", "https://", "url(", "@import", "src=", "<link"] {
            assert!(!page.contains(outside), "{outside} leads outside");
        }
        for measure in measures::ALL.iter().copied().flatten() {
            for column in &comparison.arrangements {
                let cell = (measure.cell)(column).replace('<', "&#60;").replace('\'', "&#39;");
                assert!(page.contains(&format!(">{cell}</td>")), "{}: {cell}", measure.name);
            }
        }
        assert!(page.contains("Some CPU &#60;fast&#62;"), "a machine's name is text");
        for arrangement in Arrangement::ALL {
            let explained = arrangement.explained().replace('\'', "&#39;");
            assert!(page.contains(&explained), "{explained}");
        }
    }

    #[test]
    fn what_matters_most_is_said_in_three_sentences() {
        let said = in_short(&sample().arrangements);
        let expected = [
            "A check takes less than 1 µs of processor time with “cookie, guarded” and 360 µs with “token, asked”: more \
             than 360 times as much.",
            "Who signs out is refused within 8.2 ms, but with “JWT alone” after 9 min 54 s.",
            "While the server was away for 7.1 s, “JWT alone” let people in all the time, and who had signed out as well; \
             “cookie, guarded” and “JWT, guarded” for the first 4.6 s; the others could not tell who asks.",
        ];
        assert_eq!(said, expected);
    }

    #[test]
    fn a_list_is_read_as_a_sentence() {
        let words = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(listed(&words), "a, b and c");
        assert_eq!(
            (listed(&words[..2]), listed(&words[..1])),
            ("a and b".to_owned(), "a".to_owned())
        );
    }
}
