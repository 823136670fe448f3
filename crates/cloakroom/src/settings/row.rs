//! What a setting is: one row, and the macro that turns the table of rows into a struct and its reader.

use std::borrow::Cow;

/// One setting. Parsing, the sample file, `docs/config.md` and `config explain` all read this.
pub(crate) struct Row {
    /// The heading it stands under.
    pub section: &'static str,
    /// Its name in `cloakroom.toml`; the flag and the variable follow from it.
    pub key: &'static str,
    /// What it is when nobody says. May hold `<scheme>`, `<port>` or `<data_dir>`, which other rows fill in.
    pub default: &'static str,
    /// A value somebody might really write.
    pub example: &'static str,
    /// What it does, for people.
    pub sentence: &'static str,
    /// Whether its value must not be shown, nor be written in a file of settings or on a command line.
    pub secret: bool,
    /// What a value looks like, as the end of "expected …".
    pub expected: fn() -> String,
}

impl Row {
    /// `CLOAKROOM_LISTEN` for `listen`.
    pub(crate) fn variable(&self) -> String {
        format!("{PREFIX}{}", self.key.to_uppercase())
    }

    /// `CLOAKROOM_MASTER_KEY_FILE`: where a secret may be read from instead; nothing for other settings.
    pub(crate) fn file_variable(&self) -> Option<String> {
        self.secret.then(|| format!("{}_FILE", self.variable()))
    }

    /// `public-url` for `public_url`; nothing for a secret, which a list of processes would show.
    pub(crate) fn flag(&self) -> Option<String> {
        (!self.secret).then(|| self.key.replace('_', "-"))
    }

    /// Whether setting it weakens the server. The name says so, so that a review finds it.
    pub(crate) fn is_danger(&self) -> bool {
        self.key.starts_with("danger_")
    }

    /// Whether it is a switch, whose flag may stand without a value.
    pub(crate) fn is_switch(&self) -> bool {
        self.default == "false"
    }

    /// The value to show: a secret only says whether it is there, and a URL keeps its password to itself.
    pub(crate) fn shown<'a>(&self, value: &'a str) -> Cow<'a, str> {
        if self.secret && value != self.default {
            Cow::Borrowed("(set, not shown)")
        } else {
            without_password(value)
        }
    }
}

/// A URL whose password is taken out. What comes before the last `@` may hold one.
fn without_password(value: &str) -> Cow<'_, str> {
    let Some((scheme, rest)) = value.split_once("://") else { return Cow::Borrowed(value) };
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let is_secret =
        |pair: &str| pair.split('=').next().is_some_and(|name| name.ends_with("password"));
    let named = query.split('&').any(is_secret);
    let (user, host) = place.rsplit_once('@').unwrap_or(("", place));
    let secret = user.contains(':');
    if !secret && !named {
        return Cow::Borrowed(value);
    }
    let user = user.split(':').next().unwrap_or_default();
    let pairs = query.split('&').filter(|pair| !pair.is_empty() && !is_secret(pair));
    let query = pairs.collect::<Vec<_>>().join("&");
    let (at, mark) =
        (if place.contains('@') { "@" } else { "" }, if query.is_empty() { "" } else { "?" });
    let password = if secret { ":(not shown)" } else { "" };
    Cow::Owned(format!("{scheme}://{user}{password}{at}{host}{mark}{query}"))
}

/// What every variable of ours begins with.
pub(crate) const PREFIX: &str = "CLOAKROOM_";

/// The table: `Settings` with a field for each row, `TABLE` with the rows, and the reader from one to the other.
macro_rules! rows {
    ($(
        $section:literal {
            $( $key:ident: $type:ty {
                takes: $takes:expr,
                default: $default:literal,
                example: $example:literal,
                secret: $secret:literal,
                sentence: $sentence:literal $(,)?
            } )*
        }
    )*) => {
        /// Every setting, read and checked.
        #[derive(Debug)]
        pub(crate) struct Settings {
            $($( #[doc = $sentence] pub(crate) $key: $type, )*)*
        }

        /// Every setting there is, in the order in which people meet them.
        pub(crate) static TABLE: &[Row] = &[
            $($( Row {
                section: $section,
                key: stringify!($key),
                default: $default,
                example: $example,
                sentence: $sentence,
                secret: $secret,
                expected: || Takes::expected(&$takes),
            }, )*)*
        ];

        impl Settings {
            /// Reads each row's value; everything that is wrong goes to `problems`.
            pub(super) fn read(layers: &Layers, problems: &mut Vec<Problem>) -> Option<Self> {
                $($( let $key = layers.read(stringify!($key), &$takes, problems); )*)*
                Some(Self { $($( $key: $key?, )*)* })
            }
        }
    };
}
pub(super) use rows;

#[cfg(test)]
mod tests {
    use super::without_password;

    #[test]
    fn a_url_is_shown_without_its_password() {
        let cases = [
            ("sqlite:/a/b.db", "sqlite:/a/b.db"),
            ("https://id.example.com", "https://id.example.com"),
            ("postgres://u@h/d?sslmode=require", "postgres://u@h/d?sslmode=require"),
            ("postgres://u:kestrel@h/d", "postgres://u:(not shown)@h/d"),
            ("postgres://u:kes@trel@h/d?schema=x", "postgres://u:(not shown)@h/d?schema=x"),
            ("postgres://u@h/d?password=kestrel&schema=x", "postgres://u@h/d?schema=x"),
            ("redis://:kestrel@h", "redis://:(not shown)@h"),
            ("redis+sentinel://h,i/main?sentinel_password=kestrel", "redis+sentinel://h,i/main"),
        ];
        for (value, shown) in cases {
            assert_eq!(without_password(value), shown);
        }
    }
}
