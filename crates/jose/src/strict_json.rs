//! JSON read once before anything believes it (RFC 8259, and RFC 7515 §4 on member names): is it well formed, how deep
//! does it go, is a name used twice in one object?
//!
//! Usual parsers answer the last two too late or never: the second of two equal members silently wins, and another
//! parser downstream may let the first one win. This is one pass over the text with a stack of its own, without
//! recursion and without building values; it hands out the members of the outermost object as slices, which is all that
//! the crate needs to look at header and registered claims. It accepts nothing that `serde_json` refuses.

mod text;

use std::borrow::Cow;

use text::{plain, unescape};

/// The deepest nesting that any caller can ask for. Below `serde_json`'s own limit.
pub const DEEPEST: usize = 64;

/// What is wrong with the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Defect {
    /// Not UTF-8, or not one JSON value with nothing but white space around it.
    #[error("not JSON")]
    Syntax,
    /// The outermost value is not an object, and an object was asked for.
    #[error("not a JSON object")]
    NotAnObject,
    /// More objects and arrays inside each other than allowed.
    #[error("nested too deeply")]
    TooDeep,
    /// An object has two members of one name, compared after escapes are resolved.
    #[error("a member name appears twice")]
    DuplicateMember,
}

/// Checks one JSON value of any kind: well formed, at most `max_depth` objects and arrays inside each other (a bare
/// number has depth 0; at most [`DEEPEST`]), and no member name twice in one object.
pub fn check(bytes: &[u8], max_depth: usize) -> Result<(), Defect> {
    let text = std::str::from_utf8(bytes).map_err(|_| Defect::Syntax)?;
    Scanner::new(text, max_depth).value_only(|_, _| {})
}

/// As [`check`], for an object, and calls `member` with each name and the text of each value of the outermost object,
/// in order. The whole text may still turn out to be wrong afterwards.
pub(crate) fn members<'a>(
    text: &'a str,
    max_depth: usize,
    member: impl FnMut(&str, &'a str),
) -> Result<(), Defect> {
    if !text.trim_start_matches(WHITE).starts_with('{') {
        return Err(Defect::NotAnObject);
    }
    Scanner::new(text, max_depth).value_only(member)
}

/// The value of a string member as handed out by [`members`]; `None` if it is not a string.
pub(crate) fn string(value: &str) -> Option<Cow<'_, str>> {
    let inner = value.strip_prefix('"')?.strip_suffix('"')?;
    Some(unescape(inner, inner.contains('\\')))
}

const WHITE: [char; 4] = [' ', '\t', '\n', '\r'];

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    max_depth: usize,
    /// How many arrays and objects are open.
    depth: usize,
    /// Which of them are objects, a bit each, the innermost in the lowest.
    objects: u64,
    /// The names of all objects that are open, outermost first.
    names: Vec<Name<'a>>,
    /// Where in `names` those of the innermost object begin, and those of the ones around it.
    first_name: usize,
    outer_first_names: Vec<usize>,
}

/// A name of a member, escapes resolved. Compared and ordered by its tag first, which tells most names apart.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Name<'a> {
    tag: u64,
    text: Cow<'a, str>,
}

impl<'a> Scanner<'a> {
    fn new(text: &'a str, max_depth: usize) -> Self {
        Self {
            text,
            at: 0,
            max_depth: max_depth.min(DEEPEST),
            depth: 0,
            objects: 0,
            names: Vec::with_capacity(16),
            first_name: 0,
            outer_first_names: Vec::new(),
        }
    }

    fn value_only(&mut self, mut member: impl FnMut(&str, &'a str)) -> Result<(), Defect> {
        let mut outermost_value = 0;
        loop {
            // A value begins here, or the end of an empty array or object.
            self.white();
            if self.depth == 1 {
                outermost_value = self.at;
            }
            let begun = match self.peek() {
                Some(b'{') => self.begin(true, b'}')?,
                Some(b'[') => self.begin(false, b']')?,
                Some(b'"') => {
                    self.string()?;
                    false
                }
                Some(b't') => self.word("true")?,
                Some(b'f') => self.word("false")?,
                Some(b'n') => self.word("null")?,
                Some(b'-' | b'0'..=b'9') => self.number()?,
                _ => return Err(Defect::Syntax),
            };
            if begun {
                continue;
            }
            // A value has just ended; what it is inside of may end with it, and so on outwards.
            loop {
                if self.depth == 1
                    && let Some(name) = self.names.last()
                {
                    member(&name.text, &self.text[outermost_value..self.at]);
                }
                self.white();
                let in_object = self.objects & 1 == 1;
                match self.peek() {
                    None if self.depth == 0 => return Ok(()),
                    _ if self.depth == 0 => return Err(Defect::Syntax),
                    Some(b',') => {
                        self.at += 1;
                        if in_object {
                            self.name()?;
                        }
                        break;
                    }
                    Some(b'}') if in_object => {
                        self.at += 1;
                        self.end_object()?;
                    }
                    Some(b']') if !in_object => {
                        self.at += 1;
                        self.step_out();
                    }
                    _ => return Err(Defect::Syntax),
                }
            }
        }
    }

    /// Steps into an array or object. False if it was empty, and has thus ended already.
    fn begin(&mut self, object: bool, close: u8) -> Result<bool, Defect> {
        if self.depth == self.max_depth {
            return Err(Defect::TooDeep);
        }
        self.at += 1;
        self.white();
        if self.peek() == Some(close) {
            self.at += 1;
            return Ok(false);
        }
        self.depth += 1;
        self.objects = self.objects << 1 | u64::from(object);
        if object {
            if self.depth > 1 {
                self.outer_first_names.push(self.first_name);
                self.first_name = self.names.len();
            }
            self.name()?;
        }
        Ok(true)
    }

    fn step_out(&mut self) {
        self.depth -= 1;
        self.objects >>= 1;
    }

    /// Steps out of an object after looking through its names.
    fn end_object(&mut self) -> Result<(), Defect> {
        self.step_out();
        let names = &mut self.names[self.first_name..];
        let twice = if names.len() <= 16 {
            names.iter().enumerate().any(|(index, name)| names[..index].contains(name))
        } else {
            // Comparing each with each would give whoever writes the text the square of its length in work.
            names.sort_unstable();
            names.windows(2).any(|pair| pair[0] == pair[1])
        };
        self.names.truncate(self.first_name);
        self.first_name = self.outer_first_names.pop().unwrap_or(0);
        if twice { Err(Defect::DuplicateMember) } else { Ok(()) }
    }

    fn name(&mut self) -> Result<(), Defect> {
        self.white();
        if self.peek() != Some(b'"') {
            return Err(Defect::Syntax);
        }
        let (inner, escaped) = self.string()?;
        self.names.push(Name::new(unescape(inner, escaped)));
        self.white();
        if self.peek() != Some(b':') {
            return Err(Defect::Syntax);
        }
        self.at += 1;
        Ok(())
    }

    /// Reads a string, and returns what is between the quotes and whether escapes are in it.
    fn string(&mut self) -> Result<(&'a str, bool), Defect> {
        self.at += 1;
        let begin = self.at;
        let mut escaped = false;
        loop {
            self.at += plain(&self.text.as_bytes()[self.at..]);
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                None | Some(0..0x20) => return Err(Defect::Syntax),
                Some(_) => self.at += 1,
            }
        }
        let inner = &self.text[begin..self.at];
        self.at += 1;
        Ok((inner, escaped))
    }

    fn escape(&mut self) -> Result<(), Defect> {
        self.at += 1;
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 1;
                Ok(())
            }
            Some(b'u') => {
                self.at += 1;
                match self.hex4()? {
                    // A surrogate stands for a character only as one of a pair.
                    0xD800..0xDC00 => {
                        if !self.text[self.at..].starts_with("\\u") {
                            return Err(Defect::Syntax);
                        }
                        self.at += 2;
                        match self.hex4()? {
                            0xDC00..0xE000 => Ok(()),
                            _ => Err(Defect::Syntax),
                        }
                    }
                    0xDC00..0xE000 => Err(Defect::Syntax),
                    _ => Ok(()),
                }
            }
            _ => Err(Defect::Syntax),
        }
    }

    fn hex4(&mut self) -> Result<u32, Defect> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            unit = unit * 16 + digit.ok_or(Defect::Syntax)?;
            self.at += 1;
        }
        Ok(unit)
    }

    fn word(&mut self, word: &str) -> Result<bool, Defect> {
        if !self.text[self.at..].starts_with(word) {
            return Err(Defect::Syntax);
        }
        self.at += word.len();
        Ok(false)
    }

    fn number(&mut self) -> Result<bool, Defect> {
        let begin = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits()?,
            _ => return Err(Defect::Syntax),
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        let exponent = matches!(self.peek(), Some(b'e' | b'E'));
        if exponent {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        // RFC 8259 §6 lets a reader refuse what it can't hold; serde_json does.
        if exponent || self.at - begin > 300 {
            let number: f64 = self.text[begin..self.at].parse().map_err(|_| Defect::Syntax)?;
            if number.is_infinite() {
                return Err(Defect::Syntax);
            }
        }
        Ok(false)
    }

    fn digits(&mut self) -> Result<(), Defect> {
        let begin = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == begin { Err(Defect::Syntax) } else { Ok(()) }
    }

    fn white(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}

impl<'a> Name<'a> {
    fn new(text: Cow<'a, str>) -> Self {
        let bytes = text.as_bytes();
        let word = |chunk: Option<&[u8; 8]>| chunk.map_or(0, |chunk| u64::from_le_bytes(*chunk));
        let tag = if bytes.len() < 8 {
            bytes.iter().fold(0, |tag, byte| tag << 8 | u64::from(*byte))
        } else {
            word(bytes.first_chunk()) ^ word(bytes.last_chunk()).rotate_left(4)
        };
        Self { tag: tag ^ (bytes.len() as u64) << 56, text }
    }
}
