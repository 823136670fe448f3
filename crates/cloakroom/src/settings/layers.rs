//! Who said what: flag, then variable, then file, then default. The first of them that speaks decides.
//!
//! A name that nobody knows is refused wherever it stands, so that a mistyped setting is never silently without effect.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fmt, fs, io,
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use super::{
    file,
    nearest::nearest,
    network::Endpoints,
    row::{PREFIX, Row},
    table::{TABLE, row},
    takes::{Takes, Wrong},
};

/// Names the file of settings; not a setting itself, since it comes before all of them.
pub(crate) const CONFIG_VARIABLE: &str = "CLOAKROOM_CONFIG";

/// The file that is read when nobody names one. It need not exist.
pub(crate) const CONFIG_FILE: &str = "cloakroom.toml";

/// Everything outside that can say what a setting is.
#[derive(Default)]
pub(crate) struct Given {
    /// What stood on the command line, by key.
    pub(crate) flags: Vec<(&'static str, String)>,
    /// The environment.
    pub(crate) variables: Vec<(OsString, OsString)>,
    /// `--config`.
    pub(crate) config: Option<PathBuf>,
}

/// Where a value comes from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Source {
    /// The command line, by this flag.
    Flag(String),
    /// The environment, by this variable.
    Variable(String),
    /// A line of the file of settings.
    File {
        /// The file as it was named.
        path: PathBuf,
        /// Counted from one.
        line: usize,
    },
    /// The row itself.
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "--{flag}"),
            Self::Variable(variable) => f.write_str(variable),
            Self::File { path, line } => write!(f, "{} line {line}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

/// Something wrong with the settings: where, what, and what to write instead.
#[derive(Debug)]
pub(crate) struct Problem {
    at: Option<Source>,
    message: String,
}

impl Problem {
    /// A problem with what stands there.
    pub(super) fn at(source: Source, message: String) -> Self {
        Self { at: Some(source), message }
    }

    /// A problem of several settings together.
    pub(super) fn together(message: String) -> Self {
        Self { at: None, message }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(at) = &self.at {
            write!(f, "{at}: ")?;
        }
        f.write_str(&self.message)
    }
}

/// The text of a setting and who said it.
pub(crate) struct Entry {
    /// As written, without the space around it.
    pub(crate) text: Zeroizing<String>,
    /// Who said it.
    pub(crate) source: Source,
}

/// The deciding text of every setting.
pub(crate) struct Layers(BTreeMap<&'static str, Entry>);

impl Layers {
    /// Asks the layers in turn. What is unknown or cannot be read goes to `problems`.
    pub(super) fn gather(given: &Given, problems: &mut Vec<Problem>) -> Self {
        let mut layers = Self(BTreeMap::new());
        for (key, value) in &given.flags {
            if let Some(flag) = row(key).and_then(Row::flag) {
                layers.say(key, value, Source::Flag(flag));
            }
        }
        layers.variables(given, problems);
        layers.file(given, problems);
        layers.fill();
        layers
    }

    /// What holds when nobody says anything.
    pub(super) fn defaults() -> Self {
        let mut layers = Self(BTreeMap::new());
        layers.fill();
        layers
    }

    /// The deciding text of a setting.
    pub(crate) fn entry(&self, row: &Row) -> Option<&Entry> {
        self.0.get(row.key)
    }

    /// The value of a setting, or a problem that says what was expected.
    pub(super) fn read<T: Takes>(
        &self,
        key: &str,
        takes: &T,
        problems: &mut Vec<Problem>,
    ) -> Option<T::Value> {
        let (row, entry) = (row(key)?, self.0.get(key)?);
        takes
            .read(&entry.text)
            .map_err(|wrong| problems.push(refused(row, entry, &wrong, &takes.expected())))
            .ok()
    }

    /// Keeps what is said unless somebody before has spoken.
    fn say(&mut self, key: &'static str, text: &str, source: Source) {
        let text = Zeroizing::new(text.trim().to_owned());
        self.0.entry(key).or_insert(Entry { text, source });
    }

    /// The last layer: the rows themselves.
    fn fill(&mut self) {
        for row in TABLE {
            let text = self.default_of(row);
            self.say(row.key, &text, Source::Default);
        }
    }

    fn variables(&mut self, given: &Given, problems: &mut Vec<Problem>) {
        let mut known: BTreeMap<String, (&Row, bool)> = BTreeMap::new();
        for row in TABLE {
            known.insert(row.variable(), (row, false));
            if let Some(variable) = row.file_variable() {
                known.insert(variable, (row, true));
            }
        }
        let mut spoken: BTreeMap<&str, String> = BTreeMap::new();
        for (name, value) in &given.variables {
            let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else {
                continue;
            };
            let at = || Source::Variable(name.to_owned());
            if name == CONFIG_VARIABLE {
                continue;
            }
            let Some((row, from_file)) = known.get(name) else {
                let all = known.keys().map(String::as_str).chain([CONFIG_VARIABLE]);
                problems.push(Problem::at(at(), unknown(name, nearest(name, all))));
                continue;
            };
            let Some(value) = value.to_str() else {
                problems.push(Problem::at(at(), "the value is not UTF-8".to_owned()));
                continue;
            };
            // Deployments often pass on a variable that nobody filled in.
            if value.is_empty() {
                continue;
            }
            if let Some(other) = spoken.insert(row.key, name.to_owned()) {
                problems.push(Problem::at(
                    at(),
                    format!("{other} says the same: leave one of them out"),
                ));
                continue;
            }
            if !from_file {
                self.say(row.key, value, at());
                continue;
            }
            match fs::read_to_string(value).map(Zeroizing::new) {
                Ok(text) => self.say(row.key, &text, at()),
                Err(error) => {
                    problems.push(Problem::at(at(), format!("cannot read {value}: {error}")));
                }
            }
        }
    }

    fn file(&mut self, given: &Given, problems: &mut Vec<Problem>) {
        let Some((path, text)) = settings_file(given, problems) else { return };
        let lines = match file::parse(&path, &text) {
            Ok(lines) => lines,
            Err(problem) => return problems.push(problem),
        };
        for line in lines {
            let at = Source::File { path: path.clone(), line: line.number };
            match row(&line.key) {
                Some(row) if row.secret => {
                    let message = format!(
                        "`{}` is a secret, and this file is not the place for it: set {} or {}_FILE",
                        row.key,
                        row.variable(),
                        row.variable()
                    );
                    problems.push(Problem::at(at, message));
                }
                Some(row) => self.say(row.key, &line.value, at),
                None => {
                    let near = nearest(&line.key, TABLE.iter().map(|row| row.key));
                    problems.push(Problem::at(at, unknown(&line.key, near)));
                }
            }
        }
    }

    /// The row's default, with what it takes from rows before it filled in.
    fn default_of(&self, row: &Row) -> String {
        let text = |key| self.0.get(key).map_or("", |entry: &Entry| entry.text.as_str());
        let port = Endpoints.read(text("listen")).map_or(0, |listen| listen.port());
        let scheme = if matches!(text("tls_certificate"), "" | "off") { "http" } else { "https" };
        row.default
            .replace("<scheme>", scheme)
            .replace("<port>", &port.to_string())
            .replace("<data_dir>", text("data_dir"))
    }
}

/// The file of settings that applies, with its text. One that is named must exist.
fn settings_file(given: &Given, problems: &mut Vec<Problem>) -> Option<(PathBuf, String)> {
    let variable = given
        .variables
        .iter()
        .find(|(name, value)| name == CONFIG_VARIABLE && !value.is_empty())
        .map(|(_, value)| PathBuf::from(value));
    let named = match (&given.config, variable) {
        (Some(path), _) => Some((path.clone(), Source::Flag("config".to_owned()))),
        (None, Some(path)) => Some((path, Source::Variable(CONFIG_VARIABLE.to_owned()))),
        (None, None) => None,
    };
    let (path, source) = named.unwrap_or((Path::new(CONFIG_FILE).to_owned(), Source::Default));
    match fs::read_to_string(&path) {
        Ok(text) => Some((path, text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound && source == Source::Default => None,
        Err(error) => {
            problems.push(Problem::at(source, format!("cannot read {}: {error}", path.display())));
            None
        }
    }
}

/// What to say of a name that nobody knows.
pub(crate) fn unknown(name: &str, near: Option<&str>) -> String {
    match near {
        Some(near) => format!("unknown setting `{name}`; the nearest known name is `{near}`"),
        None => format!("unknown setting `{name}`; `cloakroom config explain` lists all there are"),
    }
}

fn refused(row: &Row, entry: &Entry, wrong: &Wrong, expected: &str) -> Problem {
    let value =
        if row.secret { "the value".to_owned() } else { format!("\"{}\"", row.shown(&entry.text)) };
    let because = match wrong {
        Wrong::Shape => String::new(),
        Wrong::Because(why) => format!(" ({why})"),
        Wrong::Says(why) => format!(" ({why})"),
    };
    let message = format!(
        "{value} is not a value for `{}`{because}: expected {expected}; for example {}",
        row.key, row.example
    );
    Problem::at(entry.source.clone(), message)
}
