//! Paths at which nobody need be known.
//!
//! A proxy, a framework and a file system each have their own idea of what `/a/../b`, `/a//b`, `/a%2fb` and `/a;x/b`
//! mean. A path that two of them could read differently is open to nobody, whatever it begins with.

/// A path, with all that lies below it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Open(String);

/// The text is no path that can be open.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "a path that is open begins with a slash and has neither empty segments nor escapes, such as /public"
)]
pub struct NotOpenable;

impl Open {
    /// Accepts `/public`, and the same with a slash at its end; `/` opens everything.
    pub fn parse(text: &str) -> Result<Self, NotOpenable> {
        if !is_unmistakable(text) {
            return Err(NotOpenable);
        }
        Ok(Self(text.strip_suffix('/').unwrap_or(text).to_owned()))
    }

    /// Whether a path that is [unmistakable](is_unmistakable) is this one or lies below it.
    pub(super) fn holds(&self, path: &str) -> bool {
        path.strip_prefix(&self.0).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// Whether everybody reads a path in the same way: segments of letters, digits and a few marks, none of them empty
/// but the last, none of them dots alone, and no escape.
pub(super) fn is_unmistakable(path: &str) -> bool {
    let Some(segments) = path.strip_prefix('/') else { return false };
    let mut segments = segments.split('/').peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        let dots = !segment.is_empty() && segment.bytes().all(|byte| byte == b'.');
        if (segment.is_empty() && !is_last) || dots || !segment.bytes().all(is_plain) {
            return false;
        }
    }
    true
}

/// RFC 3986 §3.3 without escapes, and without the semicolon, behind which some servers look for parameters.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,=:@".contains(&byte)
}
