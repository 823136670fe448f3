//! RFC 6749 §3.1, §3.2 and appendix B: parameters as `application/x-www-form-urlencoded`, read strictly.
//!
//! A parameter that is sent twice is refused, one without a value was not sent, and an escape that is none is an error:
//! where two readers could disagree about what a request says, it is not a request. The one that may be there several
//! times is `resource` (RFC 8707 §2).

use std::fmt;

use zeroize::Zeroizing;

use crate::error::{Code, Error};

/// The longest text that is read.
pub const MAX_BYTES: usize = 16 * 1024;

/// The most parameters that are read.
const MAX_PARAMETERS: usize = 32;

/// What may be there several times, because its specification says so.
const SEVERAL: &[&str] = &["resource"];

/// The parameters of a request. Values may be secrets: they do not print, and are wiped.
pub struct Form(Vec<(String, Zeroizing<String>)>);

impl Form {
    /// Reads a body or a query.
    pub fn parse(text: &[u8]) -> Result<Self, Malformed> {
        if text.len() > MAX_BYTES {
            return Err(Malformed::TooLong);
        }
        let mut parameters: Vec<(String, Zeroizing<String>)> = Vec::new();
        for pair in text.split(|&byte| byte == b'&') {
            if pair.is_empty() {
                continue;
            }
            let (name, value) = match pair.iter().position(|&byte| byte == b'=') {
                Some(at) => (&pair[..at], &pair[at + 1..]),
                None => (pair, &[][..]),
            };
            let name = std::mem::take(&mut *decode(name)?);
            push(&mut parameters, name, decode(value)?)?;
        }
        Ok(Self(parameters))
    }

    /// What a form with these parameters would say, for requests that come as something else.
    pub fn of(pairs: impl IntoIterator<Item = (String, String)>) -> Result<Self, Malformed> {
        let mut parameters = Vec::new();
        for (name, value) in pairs {
            push(&mut parameters, name, Zeroizing::new(value))?;
        }
        Ok(Self(parameters))
    }

    /// The value of a parameter. One without a value counts as absent (RFC 6749 §3.2).
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.given(name).filter(|value| !value.is_empty())
    }

    /// The value of a parameter, empty or not.
    #[must_use]
    pub fn given(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// All values of a parameter that may be there several times.
    pub fn several(&self, name: &str) -> impl Iterator<Item = &str> {
        let found = self.0.iter().filter(move |(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// The names of all parameters, in the order in which they came.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// The value of a parameter that must be there.
    pub fn require(&self, name: &'static str) -> Result<&str, Error> {
        self.value(name)
            .ok_or_else(|| Error::new(Code::InvalidRequest, format!("{name} is missing")))
    }
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// Why a text is not a form. Says nothing of its values.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Malformed {
    /// Longer than [`MAX_BYTES`].
    #[error("the parameters are longer than {MAX_BYTES} bytes")]
    TooLong,
    /// More parameters than any request has.
    #[error("there are more than {MAX_PARAMETERS} parameters")]
    TooMany,
    /// A `%` without two hexadecimal digits, or bytes that are not UTF-8.
    #[error("a parameter is not UTF-8 in percent-encoding")]
    Encoding,
    /// A parameter is there twice.
    #[error("{0} is there more than once")]
    Repeated(String),
}

impl From<Malformed> for Error {
    fn from(malformed: Malformed) -> Self {
        Self::new(Code::InvalidRequest, malformed.to_string())
    }
}

fn push(
    parameters: &mut Vec<(String, Zeroizing<String>)>,
    name: String,
    value: Zeroizing<String>,
) -> Result<(), Malformed> {
    let known = parameters.iter().any(|(known, _)| *known == name);
    if known && !SEVERAL.contains(&name.as_str()) {
        return Err(Malformed::Repeated(printable(name)));
    }
    if parameters.len() == MAX_PARAMETERS {
        return Err(Malformed::TooMany);
    }
    parameters.push((name, value));
    Ok(())
}

/// Undoes the encoding of one name or value (RFC 6749 appendix B).
pub(crate) fn decode(text: &[u8]) -> Result<Zeroizing<String>, Malformed> {
    // Never longer than the text, so it is never moved and leaves no copy behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text;
    while let [byte, behind @ ..] = rest {
        rest = behind;
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let [high, low, behind @ ..] = behind else { return Err(Malformed::Encoding) };
                let digit = |byte: &u8| char::from(*byte).to_digit(16);
                let (Some(high), Some(low)) = (digit(high), digit(low)) else {
                    return Err(Malformed::Encoding);
                };
                bytes.push(u8::try_from(high * 16 + low).map_err(|_| Malformed::Encoding)?);
                rest = behind;
            }
            other => bytes.push(*other),
        }
    }
    let text = String::from_utf8(std::mem::take(&mut *bytes)).map_err(|error| {
        drop(Zeroizing::new(error.into_bytes()));
        Malformed::Encoding
    })?;
    Ok(Zeroizing::new(text))
}

/// A parameter's name as it may stand in a description.
fn printable(name: String) -> String {
    let plain = name.len() <= 40 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if plain { name } else { "a parameter".to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_and_values_are_decoded() {
        // RFC 6749 appendix B's own example.
        let form = Form::parse(b"a=+%25%26%2B%C2%A3%E2%82%AC&b=x=y&c&d=").unwrap();
        assert_eq!(form.value("a"), Some(" %&+£€"));
        assert_eq!(form.value("b"), Some("x=y"));
        assert_eq!((form.value("c"), form.value("d"), form.value("e")), (None, None, None));
        assert!(Form::parse(b"").unwrap().value("a").is_none());
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        assert!(Form::parse(b"scope=a&state=b").is_ok());
        for (text, why) in [
            (&b"scope=a&scope=a"[..], Malformed::Repeated("scope".into())),
            (b"scope=a&sc%6fpe=b", Malformed::Repeated("scope".into())),
            (b"%3Cb%3E=1&%3Cb%3E=2", Malformed::Repeated("a parameter".into())),
            (b"a=%", Malformed::Encoding),
            (b"a=%4", Malformed::Encoding),
            (b"a=%zz", Malformed::Encoding),
            (b"a=%+1", Malformed::Encoding),
            (b"a=%ff", Malformed::Encoding),
            (b"a=\xff", Malformed::Encoding),
        ] {
            assert_eq!(Form::parse(text).unwrap_err(), why, "{text:?}");
        }
        assert_eq!(Form::parse(&vec![b'a'; MAX_BYTES + 1]).unwrap_err(), Malformed::TooLong);
        let many: Vec<_> = (0..33).map(|n| format!("p{n}=1")).collect();
        assert_eq!(Form::parse(many.join("&").as_bytes()).unwrap_err(), Malformed::TooMany);
    }

    #[test]
    fn a_resource_may_be_there_several_times_and_nothing_else() {
        let form = Form::parse(b"resource=a&state=s&resource=b&resource=").unwrap();
        assert_eq!(form.several("resource").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(form.value("resource"), Some("a"));
        let pair = |name: &str| (name.to_owned(), "x".to_owned());
        assert!(Form::of([pair("resource"), pair("resource")]).is_ok());
        let repeated = Malformed::Repeated("state".into());
        assert_eq!(Form::of([pair("state"), pair("state")]).unwrap_err(), repeated);
        let many = (0..33).map(|_| pair("resource"));
        assert_eq!(Form::of(many).unwrap_err(), Malformed::TooMany);
    }

    #[test]
    fn values_do_not_print() {
        let form = Form::parse(b"refresh_token=secret").unwrap();
        assert_eq!(format!("{form:?}"), r#"["refresh_token"]"#);
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_read(value in "\\PC{1,40}") {
            let encoded: Vec<_> = value.bytes().map(|byte| format!("%{byte:02x}")).collect();
            let form = Form::parse(format!("a={}", encoded.concat()).as_bytes()).unwrap();
            prop_assert_eq!(form.value("a"), Some(value.as_str()));
        }

        #[test]
        fn no_bytes_break_the_reader(bytes: Vec<u8>) {
            let _ = Form::parse(&bytes);
        }
    }
}
