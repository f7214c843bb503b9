//! Starts a private engine by hand, to try things on: `cargo run -p contajners-tests -- docker`.
//!
//! Prints its address, and then its folder, which holds its log. It is gone with this program:
//! at ^C, or when standard input ends.

use std::io::{Read, stdin};
use std::process::ExitCode;

use contajners_tests::{Kind, PrivateEngine};

fn main() -> ExitCode {
    let kind = match std::env::args().nth(1).as_deref() {
        Some("docker") => Kind::Docker,
        Some("podman") => Kind::Podman,
        _ => {
            eprintln!("error: say which engine: docker or podman");
            return ExitCode::from(2);
        }
    };
    let engine = match PrivateEngine::start(kind) {
        Ok(engine) => engine,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    println!("{}\n{}", engine.uri(), engine.folder().display());
    // Whatever comes is of no interest, only that it ends.
    while matches!(stdin().read(&mut [0; 64]), Ok(length) if length > 0) {}
    drop(engine);
    ExitCode::SUCCESS
}
