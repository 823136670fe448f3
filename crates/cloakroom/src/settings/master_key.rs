//! The master key as an operator writes it.

use cloakroom_engine::keys::{MasterKey, NotAMasterKey};

use super::takes::{Takes, Wrong};

/// Reads a [`MasterKey`].
pub(super) struct KeyText;

impl Takes for KeyText {
    type Value = MasterKey;

    fn expected(&self) -> String {
        "32 bytes in base64 or hexadecimal, as `openssl rand -base64 32` prints them".to_owned()
    }

    fn read(&self, text: &str) -> Result<MasterKey, Wrong> {
        MasterKey::parse(text).map_err(|not| match not {
            NotAMasterKey::Shape => Wrong::Shape,
            NotAMasterKey::Placeholder => Wrong::Because("all its bytes are the same"),
        })
    }
}
