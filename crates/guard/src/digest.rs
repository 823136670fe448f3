//! SHA-256, by which what could be presented is known without being kept.

use aws_lc_rs::digest;

/// A SHA-256 digest.
pub(crate) type Sha256 = [u8; 32];

/// The digest of some bytes.
pub(crate) fn sha256(bytes: &[u8]) -> Sha256 {
    let digest = digest::digest(&digest::SHA256, bytes);
    let mut array = [0; 32];
    array.copy_from_slice(digest.as_ref());
    array
}
