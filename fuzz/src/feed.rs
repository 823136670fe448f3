//! Any bytes as streams of the feed, to a guard: what ended stays ended, nothing is believed of times to come, and a stream
//! that breaks a rule is not gone on with.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| cloakroom_guard::fuzz::follow(bytes));
