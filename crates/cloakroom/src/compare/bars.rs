//! Figures as pictures: SVG in which every length is a share of the width, so that nothing is stretched and no text is
//! scaled at any size of the window.

use super::figures::{Answered, Span};

/// A part of a bar, and the class that colours it.
pub(crate) struct Part {
    /// How much.
    pub(crate) amount: f64,
    /// Its class.
    pub(crate) class: &'static str,
}

/// A bar of parts that stand one after the other, `most` being the whole width.
pub(crate) fn stacked(parts: &[Part], most: f64) -> String {
    let mut at = 0.0;
    let mut inside = String::new();
    for part in parts {
        let width = share(part.amount.max(0.0), most);
        if width > 0.0 {
            inside += &rectangle(at, width.max(SMALLEST), part.class);
            at += width.max(SMALLEST);
        }
    }
    picture(&inside)
}

/// A bar on a scale where each step is ten times the one before, from `least` to `most`.
pub(crate) fn logarithmic(amount: f64, least: f64, most: f64, class: &'static str) -> String {
    let width = 100.0 * place(amount, least, most);
    picture(&rectangle(0.0, width.max(SMALLEST), class))
}

/// Where an amount stands on such a scale: from 0 to 1.
pub(crate) fn place(amount: f64, least: f64, most: f64) -> f64 {
    ((amount.max(least) / least).ln() / (most / least).ln()).clamp(0.0, 1.0)
}

/// Answers over time, of a whole that lasts `whole` milliseconds.
pub(crate) fn timeline(spans: &[Span], whole: f64) -> String {
    let inside = spans.iter().map(|span| {
        let class = match span.answer {
            Answered::LetIn => "let-in",
            Answered::Refused => "refused",
            Answered::CannotTell => "cannot-tell",
        };
        let from = share(span.from_ms, whole);
        // So short a silence is there, and must be seen.
        rectangle(from, (share(span.to_ms, whole) - from).max(SMALLEST), class)
    });
    picture(&inside.collect::<String>())
}

/// What is there is to be seen, in hundredths of the width.
const SMALLEST: f64 = 0.4;

fn share(amount: f64, most: f64) -> f64 {
    if most > 0.0 { (100.0 * amount / most).clamp(0.0, 100.0) } else { 0.0 }
}

fn rectangle(from: f64, width: f64, class: &str) -> String {
    format!(r#"<rect class="{class}" x="{from:.2}%" width="{width:.2}%" height="100%"/>"#)
}

/// The table around it says the same to those who do not see it.
fn picture(inside: &str) -> String {
    format!(r#"<svg class="bar" aria-hidden="true" width="100%" height="18">{inside}</svg>"#)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_is_the_whole_width_and_nothing_is_not_there() {
        let part = |amount, class| Part { amount, class };
        let bar = stacked(&[part(30.0, "service"), part(70.0, "server")], 100.0);
        assert!(bar.contains(r#"class="service" x="0.00%" width="30.00%""#), "{bar}");
        assert!(bar.contains(r#"class="server" x="30.00%" width="70.00%""#), "{bar}");
        assert!(!stacked(&[part(0.0, "server")], 100.0).contains("rect"));
        assert!(stacked(&[part(0.001, "server")], 100.0).contains(r#"width="0.40%""#));
    }

    #[test]
    fn a_step_of_the_scale_is_ten_times() {
        assert!((place(10.0, 1.0, 1000.0) - 1.0 / 3.0).abs() < 1e-9);
        assert!(place(0.5, 1.0, 1000.0) < 1e-9);
        assert!(place(5000.0, 1.0, 1000.0) > 0.999);
    }

    #[test]
    fn a_silence_of_a_moment_is_seen() {
        let span = |from_ms, to_ms, answer| Span { from_ms, to_ms, answer };
        let line = timeline(
            &[
                span(0.0, 5000.0, Answered::LetIn),
                span(5000.0, 5001.0, Answered::CannotTell),
                span(5001.0, 10_000.0, Answered::Refused),
            ],
            10_000.0,
        );
        assert!(line.contains(r#"class="cannot-tell" x="50.00%" width="0.40%""#), "{line}");
    }
}
