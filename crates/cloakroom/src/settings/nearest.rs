//! The known name that somebody who mistyped one most likely meant.

/// The one of `known` with the fewest edits from `typed`; the first of them where several are as near.
pub(crate) fn nearest<'a>(
    typed: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let typed = typed.to_lowercase().replace('-', "_");
    known.into_iter().min_by_key(|name| strsim::osa_distance(&typed, &name.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fewest_edits_win() {
        let known = ["listen", "admin_listen", "public_url"];
        for (typed, meant) in [
            ("lisen", "listen"),
            ("lsiten", "listen"),
            ("admin-listen", "admin_listen"),
            ("PUBLIC_URI", "public_url"),
        ] {
            assert_eq!(nearest(typed, known), Some(meant));
        }
    }

    #[test]
    fn nothing_known_means_nothing_near() {
        assert_eq!(nearest("listen", []), None);
    }
}
