//! What the pages' forms are bound with: a key that every node derives alike, and numbers for browsers.

use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use crate::Engine;

impl Engine {
    /// The key of the tokens that forms carry. It comes from the oldest data key, so that every node has the
    /// same one and a new data key disturbs nobody.
    #[must_use]
    pub fn form_key(&self) -> Zeroizing<[u8; 32]> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.data_keys.oldest().as_slice());
        let mut derived = Zeroizing::new([0; 32]);
        derived.copy_from_slice(hmac::sign(&key, b"cloakroom form tokens").as_ref());
        derived
    }

    /// A number by which a browser is told from others while it fills in a form.
    #[must_use]
    pub fn form_number(&self) -> [u8; 16] {
        self.random.bytes()
    }
}
