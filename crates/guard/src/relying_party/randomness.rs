//! The only source of randomness of a relying party. Everything else is given it.

use cloakroom_jose::base64url;
use zeroize::Zeroizing;

/// Where secrets come from.
pub trait Randomness: Send + Sync + 'static {
    /// Fills all of it with bytes that nobody can guess.
    fn fill(&self, bytes: &mut [u8]);
}

/// The cryptographic library's own generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandomness;

impl Randomness for SystemRandomness {
    #[expect(clippy::disallowed_methods, reason = "this is the relying party's one source")]
    fn fill(&self, bytes: &mut [u8]) {
        // Without randomness nothing here may go on.
        aws_lc_rs::rand::fill(bytes).expect("the system has randomness");
    }
}

/// 256 bits as text: 43 characters of base64url.
pub(super) fn text(random: &dyn Randomness) -> String {
    let mut bytes = Zeroizing::new([0; 32]);
    random.fill(&mut *bytes);
    base64url::encode(&*bytes)
}
