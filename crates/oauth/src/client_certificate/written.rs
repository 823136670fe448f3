//! RFC 9440 §2.2 and RFC 7468: a certificate as a proxy writes it into a header.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The longest header that is read: base64 of the longest certificate, with all of it escaped.
const MAX_BYTES: usize = 4 * super::MAX_BYTES;

/// The bytes between two colons (RFC 9651 §3.3.5), and nothing beside them.
pub(super) fn binary_item(value: &str) -> Option<Vec<u8>> {
    let text = value.trim_ascii().strip_prefix(':')?.strip_suffix(':')?;
    STANDARD.decode(text).ok().filter(|_| value.len() <= MAX_BYTES)
}

/// The one certificate of a PEM text whose characters are percent-encoded. A plus sign is one: this is no form.
pub(super) fn escaped_pem(value: &str) -> Option<Vec<u8>> {
    if value.len() > MAX_BYTES {
        return None;
    }
    let text = unescaped(value)?;
    let lines = text.trim_ascii().strip_prefix("-----BEGIN CERTIFICATE-----")?;
    let lines = lines.strip_suffix("-----END CERTIFICATE-----")?;
    // A second certificate behind the first has dashes around it, which are not base64.
    let text: String = lines.split_ascii_whitespace().collect();
    STANDARD.decode(text).ok()
}

fn unescaped(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut written = parts.next()?.to_owned();
    for part in parts {
        let hex = part.get(..2).filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        let byte = u8::from_str_radix(hex, 16).ok().filter(u8::is_ascii)?;
        written.push(char::from(byte));
        written.push_str(&part[2..]);
    }
    Some(written)
}
