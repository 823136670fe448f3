//! Figures as people read them.

/// A time, from microseconds.
pub(crate) fn time(us: f64) -> String {
    let us = us.max(0.0);
    match us {
        _ if us < 9.95 => format!("{us:.1} µs"),
        _ if us < 999.5 => format!("{us:.0} µs"),
        _ if us < 9_950.0 => format!("{:.1} ms", us / 1e3),
        _ if us < 999_500.0 => format!("{:.0} ms", us / 1e3),
        _ if us < 119.5e6 => format!("{:.1} s", us / 1e6),
        _ => {
            let seconds = (us / 1e6).round();
            format!("{:.0} min {:.0} s", (seconds / 60.0).floor(), seconds % 60.0)
        }
    }
}

/// A time, from milliseconds.
pub(crate) fn time_ms(ms: f64) -> String {
    time(ms * 1e3)
}

/// A time that is the difference of two larger ones, from microseconds: below one it says nothing.
pub(crate) fn difference(us: f64) -> String {
    if us < LEAST_DIFFERENCE_US { "< 1 µs".to_owned() } else { time(us) }
}

/// So many times such a difference, in a sentence.
pub(crate) fn differences(count: f64, us: f64) -> String {
    if us < LEAST_DIFFERENCE_US {
        format!("less than {:.0} µs", count * LEAST_DIFFERENCE_US)
    } else {
        time(count * us)
    }
}

/// Beside what a request takes without a check, less than this cannot be told from nothing, in microseconds.
pub(crate) const LEAST_DIFFERENCE_US: f64 = 1.0;

/// A number of bytes.
pub(crate) fn bytes(count: f64) -> String {
    let count = count.max(0.0);
    if count < 9_999.5 { format!("{count:.0} B") } else { format!("{:.1} KiB", count / 1024.0) }
}

/// How many times as much one such difference is as another.
pub(crate) fn times(more: f64, less: f64) -> String {
    let ratio = more / less.max(LEAST_DIFFERENCE_US);
    let at_least = if less < LEAST_DIFFERENCE_US { "more than " } else { "" };
    if ratio < 9.95 {
        format!("{at_least}{ratio:.1} times")
    } else {
        format!("{at_least}{ratio:.0} times")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_the_unit_that_fits() {
        for (us, text) in [
            (-1.0, "0.0 µs"),
            (3.44, "3.4 µs"),
            (87.7, "88 µs"),
            (999.6, "1.0 ms"),
            (1350.0, "1.4 ms"),
            (297_313.0, "297 ms"),
            (3_593_758.0, "3.6 s"),
            (594_004_213.0, "9 min 54 s"),
        ] {
            assert_eq!(time(us), text);
        }
    }

    #[test]
    fn a_difference_that_says_nothing_is_not_shown_as_a_figure() {
        assert_eq!(
            (difference(-0.3), difference(1.04)),
            ("< 1 µs".to_owned(), "1.0 µs".to_owned())
        );
        assert_eq!(differences(3.0, 0.4), "less than 3 µs");
        assert_eq!(differences(3.0, 20.0), "60 µs");
        assert_eq!(times(38.0, 0.2), "more than 38 times");
    }

    #[test]
    fn bytes_and_ratios_are_rounded() {
        assert_eq!((bytes(607.4), bytes(20_480.0)), ("607 B".to_owned(), "20.0 KiB".to_owned()));
        assert_eq!(
            (times(94.0, 2.0), times(3.0, 2.0)),
            ("47 times".to_owned(), "1.5 times".to_owned())
        );
    }
}
