//! `cloakroom.toml`: keys and values with the lines they stand on. Whether a key is known is not decided here.

use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::layers::{Problem, Source};

/// One `key = value` of the file.
pub(super) struct Line {
    /// The key as written.
    pub(super) key: String,
    /// The value as text; what was a list has commas between.
    pub(super) value: String,
    /// Counted from one.
    pub(super) number: usize,
}

/// The settings of a file, in any order; or what is wrong with it as a file.
pub(super) fn parse(path: &Path, text: &str) -> Result<Vec<Line>, Problem> {
    let table = DeTable::parse(text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_of(text, span.start));
        let at = Source::File { path: path.to_owned(), line };
        Problem::at(at, format!("not TOML: {}", error.message()))
    })?;
    table
        .get_ref()
        .iter()
        .map(|(key, value)| {
            let number = line_of(text, key.span().start);
            let at = || Source::File { path: path.to_owned(), line: number };
            let value = plain(value.get_ref()).ok_or_else(|| {
                let message =
                    format!("`{}` is a table; a setting is one line, `key = value`", key.get_ref());
                Problem::at(at(), message)
            })?;
            Ok(Line { key: key.get_ref().to_string(), value, number })
        })
        .collect()
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

/// The value as it would stand in a variable; nothing for a table.
fn plain(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.to_string()),
        DeValue::Float(number) => Some(number.to_string()),
        DeValue::Boolean(switch) => Some(switch.to_string()),
        DeValue::Datetime(time) => Some(time.to_string()),
        DeValue::Array(items) if items.is_empty() => Some("none".to_owned()),
        DeValue::Array(items) => {
            let items: Option<Vec<_>> = items.iter().map(|item| plain(item.get_ref())).collect();
            Some(items?.join(", "))
        }
        DeValue::Table(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Result<Vec<(String, String, usize)>, String> {
        parse(Path::new("cloakroom.toml"), text)
            .map(|lines| {
                let mut lines: Vec<_> =
                    lines.into_iter().map(|line| (line.key, line.value, line.number)).collect();
                lines.sort_by_key(|line| line.2);
                lines
            })
            .map_err(|problem| problem.to_string())
    }

    #[test]
    fn each_value_is_the_text_a_variable_would_have() {
        let text = "# first\nlisten = \"localhost:1\"\ndanger_plain_http = true\n\
                    password_min_length = 12\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\"]\ncontext_words = []\n";
        let line = |key: &str, value: &str, number| (key.to_owned(), value.to_owned(), number);
        assert_eq!(
            lines(text).unwrap(),
            [
                line("listen", "localhost:1", 2),
                line("danger_plain_http", "true", 3),
                line("password_min_length", "12", 4),
                line("trusted_proxies", "10.0.0.0/8, ::1", 5),
                line("context_words", "none", 6),
            ]
        );
    }

    #[test]
    fn what_is_not_toml_is_named_by_its_line() {
        let problem = lines("listen = \"a\"\n\nlisten 7\n").unwrap_err();
        assert!(problem.starts_with("cloakroom.toml line 3: not TOML"), "{problem}");
    }

    #[test]
    fn a_key_that_stands_twice_is_refused() {
        let problem = lines("listen = \"a\"\nlisten = \"b\"\n").unwrap_err();
        assert!(problem.starts_with("cloakroom.toml line 2"), "{problem}");
    }

    #[test]
    fn a_table_is_not_a_setting() {
        let problem = lines("\n[server]\nlisten = \"a\"\n").unwrap_err();
        assert!(problem.starts_with("cloakroom.toml line 2: `server` is a table"), "{problem}");
    }
}
