//! Lists the public items of a library, one a line: `cargo xtask public-api` runs this.
//!
//! It reads what rustdoc writes as JSON. That format changes with the compiler, and a list that was
//! read from another would be wrong without a word, so the two have to match.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

use public_api::Builder;
use serde_json::Value;

/// The format that this version of `public-api` reads.
const FORMAT: u64 = 57;

/// What every type has or has not, and no program asks for; some of it is new with each compiler.
const LEFT_OUT: &[&str] = &[
    "core::marker::Freeze for ",
    "core::marker::StructuralPartialEq for ",
    "core::marker::UnsafeUnpin for ",
    "core::panic::unwind_safe::RefUnwindSafe for ",
    "core::panic::unwind_safe::UnwindSafe for ",
];

fn main() -> ExitCode {
    let Some(path) = env::args_os().nth(1) else {
        eprintln!("error: no file; `cargo xtask public-api` makes it");
        return ExitCode::FAILURE;
    };
    match list(Path::new(&path)) {
        Ok(list) => {
            print!("{list}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn list(path: &Path) -> Result<String, Box<dyn Error>> {
    check_format(&serde_json::from_slice(&fs::read(path)?)?)?;
    let api = Builder::from_rustdoc_json(path).omit_blanket_impls(true).build()?;
    let lines: Vec<String> = api.items().map(|item| format!("{item}\n")).collect();
    Ok(lines.into_iter().filter(|line| is_listed(line)).collect())
}

fn check_format(documentation: &Value) -> Result<(), String> {
    match documentation["format_version"].as_u64() {
        Some(FORMAT) => Ok(()),
        Some(other) => Err(format!(
            "this compiler's rustdoc writes format {other}, and {FORMAT} is understood: \
             take the version of `public-api` that reads {other}, or the compiler of CI"
        )),
        None => Err("this is not what rustdoc writes: it has no `format_version`".to_owned()),
    }
}

fn is_listed(line: &str) -> bool {
    !LEFT_OUT.iter().any(|part| line.contains(part))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn another_format_is_an_error() {
        assert_eq!(check_format(&json!({ "format_version": FORMAT })), Ok(()));
        let error = check_format(&json!({ "format_version": 999 })).unwrap_err();
        assert!(error.starts_with("this compiler's rustdoc writes format 999, and "), "{error}");
        assert!(check_format(&json!({ "format": 1 })).is_err());
    }

    #[test]
    fn what_programs_ask_for_is_listed() {
        for line in [
            "pub struct a::B",
            "impl core::marker::Send for a::B",
            "impl !core::marker::Sync for a::B",
        ] {
            assert!(is_listed(line), "{line}");
        }
        for line in [
            "impl core::marker::Freeze for a::B",
            "impl<'a> !core::panic::unwind_safe::UnwindSafe for a::B<'a>",
        ] {
            assert!(!is_listed(line), "{line}");
        }
    }
}
