//! The repository's own commands: test, soak, bench, generate.

fn main() {}
