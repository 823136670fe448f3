//! What nobody measured here: how people behave, and what machines one has. Each is a flag.

use clap::Args;

/// One assumption as it is shown.
pub(super) struct Assumed {
    pub(super) flag: String,
    pub(super) value: f64,
    pub(super) unit: &'static str,
    pub(super) what: &'static str,
}

macro_rules! assumptions {
    ($(#[doc = $what:literal] $name:ident: $reads:ident = $default:literal $unit:literal;)+) => {
        #[derive(Args, Clone, Debug)]
        pub(super) struct Assumptions {
            $(
                #[doc = $what]
                #[arg(long, value_name = "NUMBER", value_parser = $reads, default_value_t = $default)]
                pub(super) $name: f64,
            )+
        }

        impl Default for Assumptions {
            fn default() -> Self {
                Self { $($name: $default,)+ }
            }
        }

        impl Assumptions {
            pub(super) fn all(&self) -> Vec<Assumed> {
                vec![$(Assumed {
                    flag: stringify!($name).replace('_', "-"),
                    value: self.$name,
                    unit: $unit,
                    what: $what.trim(),
                },)+]
            }
        }
    };
}

assumptions! {
    /// live sessions that are guests
    guests: share = 0.5 "share";
    /// signed-in sessions that are carried by tokens; the others have a cookie
    tokens: share = 0.4 "share";
    /// requests by which a live session is asked for, on average
    requests: number = 20.0 "a day";
    /// live sessions that are used within the busiest five minutes
    active: share = 0.02 "share";
    /// the busiest second, compared with the average one
    peak: number = 3.0 "times";
    /// from a sign-in to the end of its session
    session_life: above_zero = 30.0 "days";
    /// from a guest's coming to its end
    guest_life: above_zero = 15.0 "days";
    /// sessions that end by a sign-out; the others run out
    sign_outs: share = 0.3 "share";
    /// grants that hang from a signed-in session
    grants: number = 0.6 "each";
    /// refreshes of a grant
    refreshes: number = 6.0 "a day";
    /// users, for each signed-in session
    users: number = 1.0 "each";
    /// guests and users that keep a document of session data
    documents: share = 0.3 "share";
    /// a document
    document_bytes: number = 1024.0 "bytes";
    /// writes of a guest's data
    guest_writes: number = 0.5 "a day";
    /// writes of a user's data
    user_writes: number = 0.2 "a day";
    /// sessions that a node remembers at most
    remembered: number = 100_000.0 "sessions";
    /// the setting `last_seen_flush`
    last_seen_flush: above_zero = 5.0 "s";
    /// the setting `events_retention`
    events_retention: number = 180.0 "days";
    /// processors of a node
    node_cores: above_zero = 4.0 "each";
    /// how busy a node's processors may be at the peak
    node_busy: above_zero_share = 0.5 "share";
    /// processors of PostgreSQL's primary
    database_cores: above_zero = 16.0 "each";
    /// a commit to the primary's disk, and to a synchronous replica's where there is one
    commit: above_zero = 1.0 "ms";
    /// from a node to PostgreSQL and back
    round_trip: number = 0.2 "ms";
    /// how busy the primary's processors, and the log's counter, may be at the peak
    database_busy: above_zero_share = 0.5 "share";
    /// the largest database that one is willing to back up and to restore
    database_disk: above_zero = 4096.0 "GiB";
    /// the memory of one Redis
    redis_memory: above_zero = 64.0 "GiB";
    /// how busy Redis's thread may be at the peak
    redis_busy: above_zero_share = 0.5 "share";
}

/// Reads a number that is not below zero.
pub(super) fn number(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "a number is expected".to_owned())?;
    if number.is_finite() && number >= 0.0 {
        Ok(number)
    } else {
        Err("a number from 0 up is expected".to_owned())
    }
}

fn above_zero(text: &str) -> Result<f64, String> {
    number(text).and_then(|number| {
        if number > 0.0 { Ok(number) } else { Err("more than 0 is expected".to_owned()) }
    })
}

fn share(text: &str) -> Result<f64, String> {
    number(text).and_then(|number| {
        if number <= 1.0 { Ok(number) } else { Err("a share from 0 to 1 is expected".to_owned()) }
    })
}

fn above_zero_share(text: &str) -> Result<f64, String> {
    above_zero(text).and_then(|_| share(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_assumed_by_default_can_be_written_as_a_flag() {
        for assumed in Assumptions::default().all() {
            assert!(number(&assumed.value.to_string()).is_ok(), "{}", assumed.flag);
            assert!(assumed.unit != "share" || share(&assumed.value.to_string()).is_ok());
        }
    }

    #[test]
    fn what_is_no_share_is_refused() {
        assert_eq!(share("0.5"), Ok(0.5));
        assert_eq!(share("0"), Ok(0.0));
        for text in ["1.5", "-0.1", "NaN", "half"] {
            assert!(share(text).is_err(), "{text}");
        }
        assert!(above_zero_share("0").is_err());
        assert!(above_zero("inf").is_err());
    }
}
