//! Saying out loud what a test did not do, and finding what only some machines have.

use std::io::Write;
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::{env, thread};

/// Reports that the calling test does nothing here; the test should return after it.
///
/// The line goes to the real standard error, past the capture of the test runner: a skip that
/// nobody sees looks like a pass.
///
/// # Panics
///
/// If `CI` is set to anything but nothing, `0` or `false`: a run that counts may not skip.
#[track_caller]
pub fn skip(reason: &str) {
    let line = format!("skipped: {}: {reason}", test_name(Location::caller()));
    if is_on(env::var("CI").ok().as_deref()) {
        panic!("{line} (CI is set, so this fails; `cargo xtask test --install` installs it)");
    }
    // The print macros would be captured, and a closed standard error is no reason to fail.
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Returns the folder with the published specs, if this machine has it.
///
/// That is `CONTAJNERS_SPECS`, or else `../shared/specs` seen from the workspace.
pub fn shared_specs() -> Option<PathBuf> {
    let folder = match env::var_os("CONTAJNERS_SPECS") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/specs"),
    };
    folder.is_dir().then(|| folder.canonicalize().unwrap_or(folder))
}

/// The test runner names the thread of a test after it; with one test thread it does not.
fn test_name(caller: &Location<'_>) -> String {
    match thread::current().name() {
        Some(name) if name != "main" => name.to_owned(),
        _ => format!("{}:{}", caller.file(), caller.line()),
    }
}

fn is_on(value: Option<&str>) -> bool {
    !matches!(value, None | Some("" | "0" | "false"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ci_counts_only_when_it_says_yes() {
        for (value, expected) in [
            (None, false),
            (Some(""), false),
            (Some("0"), false),
            (Some("false"), false),
            (Some("1"), true),
            (Some("true"), true),
        ] {
            assert_eq!(is_on(value), expected, "{value:?}");
        }
    }

    #[test]
    fn a_skip_is_named_after_its_test() {
        assert_eq!(
            thread::Builder::new()
                .name("some::test".to_owned())
                .spawn(|| test_name(Location::caller()))
                .unwrap()
                .join()
                .unwrap(),
            "some::test"
        );
    }
}
