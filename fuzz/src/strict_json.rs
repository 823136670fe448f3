//! Any bytes as strict JSON: what passes is JSON to another parser too, and survives being written again.

#![no_main]

use cloakroom_jose::strict_json;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|bytes: &[u8]| {
    if strict_json::check(bytes, 16).is_ok() {
        let value: Value = serde_json::from_slice(bytes).expect("strict JSON is JSON");
        let again = value.to_string();
        assert!(strict_json::check(again.as_bytes(), 16).is_ok(), "{again}");
    }
});
