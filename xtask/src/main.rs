//! What CI runs, and what the house rules check.
fn main() {}
