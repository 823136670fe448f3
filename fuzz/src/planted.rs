//! A fault planted behind six bytes, for the fuzzer to find: one that cannot find it is not guided by coverage, and
//! what it says of the other targets is worth nothing.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let [b'c', b'o', b'a', b't', b'7', b'9', ..] = bytes {
        panic!("found what was planted");
    }
});
