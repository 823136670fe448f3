//! Any bytes as a key set: what is read and written again is the same set.

#![no_main]

use cloakroom_jose::Jwks;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(read) = Jwks::from_json(bytes) else { return };
    let again = Jwks::from_json(read.to_json().as_bytes()).expect("our own key set is read");
    let names = |set: &Jwks| -> Vec<_> {
        set.keys().iter().map(|key| (key.thumbprint(), key.kid().map(str::to_owned))).collect()
    };
    assert_eq!(names(&read), names(&again));
    assert!(again.skipped().is_empty(), "we wrote a key that we do not read");
});
