//! Compiling all specs, as a ratio to parsing them.

fn main() {}
