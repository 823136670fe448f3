//! The table for people: the sample file and `docs/config.md`.

use std::fmt::Write as _;

use super::{layers::Layers, table::TABLE};

/// A `cloakroom.toml` in which every setting stands, commented out, with its default.
pub(crate) fn sample() -> String {
    let mut out = String::from(
        "# Settings of Cloakroom. Each line below shows a default; remove the # of the ones to change.\n\
         # A flag (--listen) or a variable (CLOAKROOM_LISTEN) decides before this file.\n",
    );
    let defaults = Layers::defaults();
    let mut section = "";
    for row in TABLE {
        if row.section != section {
            section = row.section;
            let _ = write!(out, "\n\n# {section}\n");
        }
        out.push('\n');
        for line in wrap(row.sentence, 98) {
            let _ = writeln!(out, "# {line}");
        }
        if row.secret {
            let variable = row.variable();
            let _ = writeln!(out, "# (a secret: only in {variable} or {variable}_FILE)");
        } else if let Some(entry) = defaults.entry(row) {
            let _ = writeln!(out, "# {} = {}", row.key, toml_value(&entry.text));
        }
    }
    out
}

/// The page `docs/config.md`.
pub(crate) fn page() -> String {
    let mut out = String::from(HEAD);
    let mut section = "";
    for row in TABLE {
        if row.section != section {
            section = row.section;
            let _ = write!(
                out,
                "\n## {section}\n\n| setting | takes | default | what it does |\n| --- | --- | --- | --- |\n"
            );
        }
        let secret = if row.secret { " A secret." } else { "" };
        let _ = writeln!(
            out,
            "| `{}` | {} | `{}` | {}{secret} |",
            row.key,
            cell(&(row.expected)()),
            row.default,
            cell(row.sentence)
        );
    }
    out
}

const HEAD: &str = "\
# Settings

<!-- Written by `cloakroom generate config-docs` from the table of settings. -->

Every setting below can be said in three places, and the first that speaks decides: a flag (`--public-url`), a variable
(`CLOAKROOM_PUBLIC_URL`), a line in `cloakroom.toml` (`public_url = \"…\"`). Otherwise the default holds. The file is
looked for in the working folder; `--config FILE` or `CLOAKROOM_CONFIG` names another. An empty variable counts as not
set.

An unknown name is refused, wherever it stands, with the nearest known one. So is a value that does not fit, with what
was expected, and a combination that cannot work, with what to do.

A secret has neither a flag nor a line in the file: set its variable, or the variable with `_FILE` behind it to the path
of a file that holds it (`CLOAKROOM_MASTER_KEY_FILE=/run/secrets/master-key`).

`cloakroom config show` prints what holds now and who said it, `cloakroom config check` says whether it can be used,
`cloakroom config explain KEY` explains one setting, and `cloakroom config sample` prints a file to start from.
How long sessions last is not a setting of the server but of each client.
";

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn toml_value(text: &str) -> String {
    if text == "true" || text == "false" || text.parse::<u32>().is_ok() {
        text.to_owned()
    } else {
        format!("\"{text}\"")
    }
}

fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is always a line");
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::{
        super::{Given, load, table::row},
        *,
    };

    #[test]
    fn the_committed_page_is_the_generated_one() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/config.md");
        let committed = fs::read_to_string(path).unwrap();
        assert!(
            committed == page(),
            "docs/config.md is stale: cargo run -- generate config-docs > docs/config.md"
        );
    }

    #[test]
    fn the_sample_with_every_line_in_force_says_what_the_defaults_say() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cloakroom.toml");
        let in_force: String = sample()
            .lines()
            .map(|line| line.strip_prefix("# ").filter(|line| is_setting(line)).unwrap_or(line))
            .fold(String::new(), |text, line| text + line + "\n");
        fs::write(&path, in_force).unwrap();

        let sampled = load(&Given { config: Some(path), ..Given::default() }).unwrap();
        let defaults = Layers::defaults();
        for row in TABLE {
            let entry = sampled.layers.entry(row).unwrap();
            assert_eq!(entry.text, defaults.entry(row).unwrap().text, "{}", row.key);
            assert_eq!(entry.source.to_string().contains("line"), !row.secret, "{}", row.key);
        }
    }

    fn is_setting(line: &str) -> bool {
        line.split_once(" = ").is_some_and(|(key, _)| row(key).is_some())
    }
}
