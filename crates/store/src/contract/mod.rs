//! The promises of storage, as tests that every backend runs.
