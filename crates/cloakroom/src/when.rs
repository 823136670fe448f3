//! Times as commands print them: RFC 3339 in UTC.

use cloakroom_model::time::Timestamp;
use serde::{Serialize, Serializer};

/// A time that is written as `2026-11-23T22:05:09.123Z` in JSON, and to the minute for people.
#[derive(Clone, Copy, Debug)]
pub(crate) struct When(pub(crate) Timestamp);

impl When {
    /// `2026-11-23 22:05`, in UTC.
    pub(crate) fn to_minute(self) -> String {
        let text = self.text();
        text.get(..16).map_or_else(|| text.clone(), |text| text.replace('T', " "))
    }

    fn text(self) -> String {
        match jiff::Timestamp::from_millisecond(self.0.0) {
            Ok(at) => format!("{at:.3}"),
            // Beyond the year 9999, which stands for never.
            Err(_) => "9999-12-31T23:59:59.999Z".to_owned(),
        }
    }
}

impl Serialize for When {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_in_utc() {
        let at = When(Timestamp(1_709_210_096_007));
        assert_eq!(at.text(), "2024-02-29T12:34:56.007Z");
        assert_eq!(at.to_minute(), "2024-02-29 12:34");
        assert_eq!(When(Timestamp(0)).text(), "1970-01-01T00:00:00.000Z");
        assert_eq!(When(Timestamp::NEVER).text(), "9999-12-31T23:59:59.999Z");
    }
}
