//! What the pages' forms are bound with: a key that every node derives alike, and numbers for browsers.

use zeroize::Zeroizing;

use crate::Engine;

impl Engine {
    /// The key of the tokens that forms carry. It comes from the oldest data key, so that every node has the
    /// same one and a new data key disturbs nobody.
    #[must_use]
    pub fn form_key(&self) -> Zeroizing<[u8; 32]> {
        self.data_keys.derive(b"cloakroom form tokens")
    }

    /// A number by which a browser is told from others while it fills in a form.
    #[must_use]
    pub fn form_number(&self) -> [u8; 16] {
        self.random.bytes()
    }
}
