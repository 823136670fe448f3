//! Which arrangement for which application: chosen by what was measured, with the reasons.
//!
//! Where an application runs decides what it can carry. Among the arrangements that fit, those remain in which a sign-out
//! arrives within a second, and of them the one is chosen whose check takes the least of both processors.

use clap::ValueEnum;
use serde::Serialize;

use super::{
    arrangement::Arrangement,
    figures::{AT_ONCE_MS, Column, Comparison, SeenBy},
    measures::as_float,
    units::{LEAST_DIFFERENCE_US, bytes, differences, time, time_ms, times},
};

/// A second: whoever signs out expects to be out when the page has changed.
const SOON_MS: f64 = 1000.0;

/// The usual kinds of application.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Pages that a server renders
    Web,
    /// A single-page application with its own backend
    Spa,
    /// An application on a phone or a desktop
    Mobile,
    /// A command line, a television, a device without a keyboard
    Cli,
    /// An API that programs of others call
    Api,
    /// Many services behind one front
    Microservices,
}

/// What is chosen for one kind.
#[derive(Debug, Serialize)]
pub(crate) struct Advice {
    /// For whom.
    pub(crate) kind: Kind,
    /// Which arrangement.
    pub(crate) choice: Arrangement,
    /// What the application carries, and why.
    pub(crate) carries: &'static str,
    /// Why, with the figures.
    pub(crate) reasons: Vec<String>,
    /// When to choose otherwise.
    pub(crate) otherwise: &'static str,
}

impl Kind {
    /// As it is written on the command line.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Spa => "spa",
            Self::Mobile => "mobile",
            Self::Cli => "cli",
            Self::Api => "api",
            Self::Microservices => "microservices",
        }
    }

    /// As a heading.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Web => "Pages that a server renders",
            Self::Spa => "A single-page application with its own backend",
            Self::Mobile => "An application on a phone or a desktop",
            Self::Cli => "A command line or a device without a keyboard",
            Self::Api => "An API that programs of others call",
            Self::Microservices => "Many services behind one front",
        }
    }

    const fn carries(self) -> &'static str {
        match self {
            Self::Web => {
                "It carries a cookie: the browser keeps it where no script can read it, and sends it by itself."
            }
            Self::Spa => {
                "It carries a cookie to its backend: what a script can read, a script that slipped in can take away."
            }
            Self::Mobile => {
                "It carries an access token, and keeps a refresh token in the system's key store: there is no cookie \
                 jar that others cannot read, but there is a key store."
            }
            Self::Cli => {
                "It carries an access token, which it earned with the device grant: nobody types a password into it."
            }
            Self::Api => {
                "Its callers carry access tokens: they are programs, on other domains, and each has rights of its own."
            }
            Self::Microservices => {
                "The front turns the cookie into a short token for the service behind it: each hop is for one \
                 audience, and no service sees the cookie."
            }
        }
    }

    const fn otherwise(self) -> &'static str {
        match self {
            Self::Web => "Choose a token only for calls that leave the browser's site.",
            Self::Spa => {
                "For an API on another domain let the cookie earn a short token, and keep that in memory alone: never in \
                 localStorage."
            }
            Self::Mobile => {
                "Where every request matters so much that nothing may be remembered, ask about each."
            }
            Self::Cli => {
                "For a machine without a person use client credentials; its tokens are checked in the same way."
            }
            Self::Api => {
                "Where the callers' services can only verify a signature, keep tokens short: their lifetime is how long \
                 a sign-out takes."
            }
            Self::Microservices => {
                "A service that nobody may reach directly still checks: a network is no identity."
            }
        }
    }

    /// What it can carry.
    const fn by_cookie(self) -> bool {
        matches!(self, Self::Web | Self::Spa)
    }
}

/// The choice for every kind.
pub(crate) fn all(comparison: &Comparison) -> Vec<Advice> {
    Kind::value_variants().iter().filter_map(|kind| advise(*kind, comparison)).collect()
}

fn advise(kind: Kind, comparison: &Comparison) -> Option<Advice> {
    let fits = |column: &&Column| column.arrangement.by_cookie() == kind.by_cookie();
    let fitting: Vec<&Column> = comparison.arrangements.iter().filter(fits).collect();
    let soon = |column: &&&Column| column.revocation.longest_ms <= SOON_MS;
    let cheapest = |a: &&&Column, b: &&&Column| a.cost.both_us().total_cmp(&b.cost.both_us());
    // Where a machine was so busy that none was soon, the soonest.
    let soonest =
        |a: &&&Column, b: &&&Column| a.revocation.longest_ms.total_cmp(&b.revocation.longest_ms);
    let choice =
        fitting.iter().filter(soon).min_by(cheapest).or_else(|| fitting.iter().min_by(soonest))?;
    let reasons = kind.about().iter().filter_map(|about| about.say(choice, &fitting, comparison));
    Some(Advice {
        kind,
        choice: choice.arrangement,
        carries: kind.carries(),
        reasons: reasons.chain(choice.arrangement.needs().map(str::to_owned)).collect(),
        otherwise: kind.otherwise(),
    })
}

impl Arrangement {
    /// What a service must have for it.
    const fn needs(self) -> Option<&'static str> {
        if self.guarded() {
            Some(
                "The guard is a library for Rust and for Node. In another language ask about each request, or have the \
                 proxy before the service do so (forward auth).",
            )
        } else {
            None
        }
    }
}

/// What the reasons are about.
#[derive(Clone, Copy, Debug)]
enum About {
    SignOut,
    Work,
    ThousandChecks,
    ThreeHops,
    Absence,
    Bytes,
}

impl Kind {
    /// What matters most to it.
    const fn about(self) -> &'static [About] {
        match self {
            Self::Web => &[About::SignOut, About::Work, About::Absence],
            Self::Spa => &[About::SignOut, About::ThousandChecks],
            Self::Mobile => &[About::SignOut, About::Bytes, About::Absence],
            Self::Cli => &[About::SignOut, About::Absence],
            Self::Api => &[About::ThousandChecks, About::SignOut, About::Absence],
            Self::Microservices => &[About::ThreeHops, About::SignOut],
        }
    }
}

impl About {
    fn say(self, choice: &Column, fitting: &[&Column], comparison: &Comparison) -> Option<String> {
        match self {
            Self::SignOut => Some(about_sign_out(choice, fitting)),
            Self::Work => Some(about_work(choice, fitting)),
            Self::ThousandChecks => Some(about_thousand_checks(choice, fitting)),
            Self::ThreeHops => Some(about_three_hops(choice, fitting)),
            Self::Absence => Some(about_absence(choice)),
            Self::Bytes => about_bytes(choice, comparison),
        }
    }
}

fn about_sign_out(choice: &Column, fitting: &[&Column]) -> String {
    let mut text = format!(
        "Who signs out is refused after {} ({} at the longest).",
        time_ms(choice.revocation.p50_ms),
        time_ms(choice.revocation.longest_ms)
    );
    let late =
        fitting.iter().find(|column| column.revocation.seen_by == SeenBy::SettingTheClockAhead);
    if let Some(late) = late {
        text = format!(
            "{text} {} would be accepted for another {}, by whoever holds a copy.",
            capital(late.arrangement.title()),
            time_ms(late.revocation.p50_ms)
        );
    }
    text
}

fn about_work(choice: &Column, fitting: &[&Column]) -> String {
    let own = choice.cost.both_us();
    let mut text = if choice.arrangement.asks() {
        format!(
            "A check takes {} of the service's processor and {} of the server's, and the answer comes after {}.",
            differences(1.0, choice.cost.service_cpu_us.median),
            differences(1.0, choice.cost.server_cpu_us.median),
            time(choice.cost.p50_us)
        )
    } else {
        let asked = if choice.arrangement.by_cookie() {
            "the server is asked about each cookie once a minute"
        } else {
            "nobody is asked"
        };
        format!("A check takes {} of the service's processor, and {asked}.", differences(1.0, own))
    };
    if let Some(dearest) = dearest(choice, fitting) {
        text = format!(
            "{text} With “{}” it takes {}, {} as much.",
            dearest.arrangement.title(),
            differences(1.0, dearest.cost.both_us()),
            times(dearest.cost.both_us(), own)
        );
    }
    text
}

fn about_thousand_checks(choice: &Column, fitting: &[&Column]) -> String {
    // So many microseconds of each million, a thousand times, in hundredths.
    let share = |column: &Column| {
        let us = column.cost.both_us();
        let less = if us < LEAST_DIFFERENCE_US { "less than " } else { "" };
        format!("{less}{:.1} %", us.max(LEAST_DIFFERENCE_US) / 10.0)
    };
    let mut text = format!("A thousand checks a second keep {} of one core busy", share(choice));
    if let Some(dearest) = dearest(choice, fitting) {
        text = format!("{text}, where “{}” takes {}", dearest.arrangement.title(), share(dearest));
    }
    text + "."
}

fn about_three_hops(choice: &Column, fitting: &[&Column]) -> String {
    let of = |column: &Column| differences(3.0, column.cost.both_us());
    let mut text = format!(
        "A request that passes three services is checked three times, which takes {} of processor time",
        of(choice)
    );
    if let Some(dearest) = dearest(choice, fitting) {
        text = format!(
            "{text} and not {}, as it does with “{}”",
            of(dearest),
            dearest.arrangement.title()
        );
    }
    text + "."
}

/// What would take the most work, where that is something else.
fn dearest<'a>(choice: &Column, fitting: &[&'a Column]) -> Option<&'a Column> {
    let dearest = fitting.iter().max_by(|a, b| a.cost.both_us().total_cmp(&b.cost.both_us()))?;
    (dearest.arrangement != choice.arrangement).then_some(*dearest)
}

fn about_absence(choice: &Column) -> String {
    let (restart, outage) = (&choice.restart, &choice.outage);
    let text = if restart.not_served_ms > 0.0 {
        format!("A restart of the server is felt for {}.", time_ms(restart.not_served_ms))
    } else {
        format!("A restart of the server ({}) is not felt.", time_ms(restart.server_away_ms))
    };
    let away = if outage.served_on_ms < AT_ONCE_MS {
        format!(
            " When the server was away for {}, nobody could be let in.",
            time_ms(outage.server_away_ms)
        )
    } else if outage.not_served_ms > 0.0 {
        format!(
            " When the server was away for {}, people were let in for the first {} and then had to wait.",
            time_ms(outage.server_away_ms),
            time_ms(outage.served_on_ms)
        )
    } else {
        format!(
            " When the server was away for {}, people were let in all the time.",
            time_ms(outage.server_away_ms)
        )
    };
    let out = if outage.let_in_who_signed_out { " So was who had signed out before." } else { "" };
    format!("{text}{away}{out}")
}

/// For tokens, what they weigh beside a cookie.
fn about_bytes(choice: &Column, comparison: &Comparison) -> Option<String> {
    let cookie = comparison.arrangements.iter().find(|column| column.arrangement.by_cookie())?;
    if choice.arrangement.by_cookie() {
        return None;
    }
    let weight = |column: &Column| bytes(as_float(column.traffic.credential));
    Some(format!(
        "Each request carries {} of token, where a cookie takes {}.",
        weight(choice),
        weight(cookie)
    ))
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::figures::sample;

    #[test]
    fn what_a_kind_cannot_carry_is_not_chosen_for_it() {
        let all = all(&sample());
        assert_eq!(all.len(), Kind::value_variants().len());
        for advice in &all {
            assert_eq!(advice.choice.by_cookie(), advice.kind.by_cookie(), "{advice:?}");
        }
    }

    #[test]
    fn what_nobody_can_take_back_is_not_chosen_however_cheap_it_is() {
        let mut comparison = sample();
        assert!(all(&comparison).iter().all(|advice| advice.choice != Arrangement::Jwt));
        assert!(all(&comparison).iter().all(|advice| advice.choice.guarded()), "the cheapest");
        // It is the figure that decides, and not the name.
        for column in &mut comparison.arrangements {
            if column.arrangement == Arrangement::Jwt {
                column.revocation.longest_ms = 5.0;
                column.cost.service_cpu_us.median = 0.1;
            }
        }
        let api = advise(Kind::Api, &comparison).unwrap();
        assert_eq!(api.choice, Arrangement::Jwt);
    }

    #[test]
    fn reasons_name_the_figures_of_this_machine() {
        let comparison = sample();
        let api = advise(Kind::Api, &comparison).unwrap();
        let text = api.reasons.join("\n");
        let column =
            comparison.arrangements.iter().find(|it| it.arrangement == api.choice).unwrap();
        for figure in [
            time_ms(column.revocation.p50_ms),
            time_ms(column.outage.server_away_ms),
            "9 min 54 s".to_owned(),
        ] {
            assert!(text.contains(&figure), "{figure} is not in {text}");
        }
    }
}
