//! The known name that somebody who mistyped one most likely meant.

/// Below this, two names have little more in common than their letters.
const ALIKE: f64 = 0.75;

/// The shortest of `known` that has all of `typed` in it, or else the one that is most like it; none where none is.
pub(crate) fn nearest<'a>(
    typed: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let typed = typed.to_lowercase().replace('-', "_");
    let known: Vec<_> = known.into_iter().map(|name| (name, name.to_lowercase())).collect();
    let longer = known.iter().filter(|(_, name)| typed.len() > 2 && name.contains(&typed));
    if let Some((name, _)) = longer.min_by_key(|(name, _)| name.len()) {
        return Some(name);
    }
    // Counts transpositions, and a beginning that is right for more than an end.
    let alike = known.iter().map(|(name, lower)| (*name, strsim::jaro_winkler(&typed, lower)));
    let (name, alike) = alike.max_by(|(_, one), (_, other)| one.total_cmp(other))?;
    (alike >= ALIKE).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_most_like_it_is_meant() {
        let known =
            ["listen", "admin_listen", "public_url", "refresh_replay_window", "danger_no_throttle"];
        for (typed, meant) in [
            ("lisen", "listen"),
            ("lsiten", "listen"),
            ("admin-listen", "admin_listen"),
            ("PUBLIC_URI", "public_url"),
            ("url", "public_url"),
            ("refrsh", "refresh_replay_window"),
            ("no-throttle", "danger_no_throttle"),
        ] {
            assert_eq!(nearest(typed, known), Some(meant));
        }
    }

    #[test]
    fn where_nothing_is_like_it_nothing_is_meant() {
        assert_eq!(nearest("listen", []), None);
        assert_eq!(nearest("colour", ["listen", "public_url"]), None);
    }
}
