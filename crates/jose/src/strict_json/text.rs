//! What is between the quotes of a JSON string (RFC 8259 §7).

use std::borrow::Cow;

/// How many bytes at the front of `bytes` surely mean themselves in a string, found eight at a time.
pub(super) fn plain(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;

    let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word & HIGH;
    let mut at = 0;
    while let Some(chunk) = bytes[at..].first_chunk() {
        let word = u64::from_le_bytes(*chunk);
        let quote = below(word ^ (ONES * u64::from(b'"')), 1);
        let backslash = below(word ^ (ONES * u64::from(b'\\')), 1);
        // Borrows run upwards, so the lowest mark is true, and only that one is used.
        let marks = quote | backslash | below(word, 0x20);
        if marks != 0 {
            return at + marks.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    at
}

/// Resolves the escapes of a string that the scanner has read.
pub(super) fn unescape(inner: &str, escaped: bool) -> Cow<'_, str> {
    if !escaped {
        return Cow::Borrowed(inner);
    }
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(backslash) = rest.find('\\') {
        text.push_str(&rest[..backslash]);
        rest = &rest[backslash + 1..];
        let (character, length) = escape_at(rest);
        text.push(character);
        rest = &rest[length..];
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// The character that the text behind a backslash stands for, and how much of the text it takes.
fn escape_at(rest: &str) -> (char, usize) {
    let unit = |at: usize| {
        rest.get(at..at + 4).and_then(|hex| u32::from_str_radix(hex, 16).ok()).unwrap_or(0)
    };
    match rest.as_bytes().first() {
        Some(b'b') => ('\u{8}', 1),
        Some(b'f') => ('\u{c}', 1),
        Some(b'n') => ('\n', 1),
        Some(b'r') => ('\r', 1),
        Some(b't') => ('\t', 1),
        Some(b'u') => match unit(1) {
            high @ 0xD800..0xDC00 => {
                let low = unit(7);
                let code = 0x1_0000 + ((high - 0xD800) << 10) + (low.wrapping_sub(0xDC00) & 0x3FF);
                (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 11)
            }
            code => (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 5),
        },
        // `"`, `\` and `/` stand for themselves; the scanner let nothing else through.
        _ => (rest.chars().next().unwrap_or(char::REPLACEMENT_CHARACTER), 1),
    }
}
