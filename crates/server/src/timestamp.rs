//! Times as the API writes them: RFC 3339, in UTC, with milliseconds.

use cloakroom_model::time::Timestamp;
use serde::{Serialize, Serializer};

/// A time that is written as `2026-11-23T22:05:09.123Z`. Years beyond 9999 are written as the last moment before.
#[derive(Clone, Copy, Debug)]
pub struct Rfc3339(pub Timestamp);

const LAST: i64 = 253_402_300_799_999;
const DAY: i64 = 86_400_000;

impl Rfc3339 {
    fn text(self) -> [u8; 24] {
        let milliseconds = self.0.0.clamp(0, LAST);
        let (days, in_day) = (milliseconds / DAY, milliseconds % DAY);
        let (year, month, day) = civil(days);
        let mut text = *b"0000-00-00T00:00:00.000Z";
        digits(&mut text[0..4], year);
        digits(&mut text[5..7], month);
        digits(&mut text[8..10], day);
        digits(&mut text[11..13], in_day / 3_600_000);
        digits(&mut text[14..16], in_day / 60_000 % 60);
        digits(&mut text[17..19], in_day / 1000 % 60);
        digits(&mut text[20..23], in_day % 1000);
        text
    }
}

impl Serialize for Rfc3339 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.text();
        serializer.serialize_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

fn digits(text: &mut [u8], mut number: i64) {
    for digit in text.iter_mut().rev() {
        *digit = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
    }
}

/// Year, month and day of a day since 1970-01-01: the Gregorian calendar counted from a March, so that the day which
/// may be missing is a year's last.
const fn civil(days: i64) -> (i64, i64, i64) {
    let from_0000_03_01 = days + 719_468;
    let (era, of_era) = (from_0000_03_01 / 146_097, from_0000_03_01 % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = era * 400 + year_of_era + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(milliseconds: i64) -> String {
        String::from_utf8(Rfc3339(Timestamp(milliseconds)).text().to_vec()).unwrap()
    }

    #[test]
    fn a_time_is_written_in_utc() {
        assert_eq!(text(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(text(1_709_210_096_007), "2024-02-29T12:34:56.007Z");
        assert_eq!(text(i64::MAX), "9999-12-31T23:59:59.999Z");
        assert_eq!(text(-1), "1970-01-01T00:00:00.000Z");
    }

    proptest! {
        #[test]
        fn another_calendar_says_the_same(milliseconds in 0..=LAST) {
            let other: jiff::Timestamp = text(milliseconds).parse().unwrap();
            prop_assert_eq!(other.as_millisecond(), milliseconds);
        }
    }
}
