//! Hints of the library in the words of the command: what a program calls, a terminal has options for.

use std::borrow::Cow;

/// Of errors with a code, all that is to be said.
const WHOLE: &[(&str, &str)] = &[
    ("answer-too-large", "`--as stream > FILE` takes any amount"),
    ("archive-too-large", "`--as stream > FILE` keeps it as it is"),
    ("archive-malformed", "redirect it to see what it is: `… > FILE`"),
    (
        "entry-refused",
        "what came before it is in the folder; `--leave-out-refused` goes on without it",
    ),
    ("negotiate-refused", "`--api-version VERSION` avoids the question"),
    ("not-text", "`-o raw` writes it as it is"),
    ("no-dockerfile", "`dockerfile=PATH` names it by its path in the folder"),
    ("upgraded", "`--as socket` joins it with this terminal"),
];

/// Parts of hints, each of which is said of this and that, and what stands for them.
const PARTS: &[(&str, &str)] = &[
    ("give another address (`", "give another address (`--host`, `"),
    ("give another address", "give another address (`--host`)"),
    ("an address given by hand avoids", "`--host ADDRESS` avoids"),
    ("give an address by hand", "give an address with `--host`"),
    ("pinning an API version", "`--api-version VERSION`"),
    ("Pinning an API version", "`--api-version VERSION`"),
    ("pin `", "`--api-version "),
    ("a raw request can carry", "`contajners request` can carry"),
    ("allow more with `helper_timeout`", "run it by hand with `get`"),
    (
        "what opens a socket carries a value or bytes; write the rest to the socket",
        "what opens a socket carries what stands behind `--data` itself; the rest is its input",
    ),
];

/// The options by which the files are named that an error of TLS is about.
const OPTIONS: &[(&str, &str)] = &[
    ("client-certificate-missing", "`--tls-cert` and `--tls-key`"),
    ("no-system-roots", "`--tls-ca` names it"),
    ("unknown-ca", "`--tls-ca` names it"),
    ("tls-unreadable", "`--tls-ca`, `--tls-cert` and `--tls-key` name the files"),
];

/// Says a hint of the library as the command does.
pub(super) fn of_command<'h>(code: &str, hint: &'h str) -> Cow<'h, str> {
    let of_code = |all: &[(&str, &'static str)]| {
        all.iter().find(|(own, _)| *own == code).map(|(_, words)| *words)
    };
    if let Some(words) = of_code(WHOLE) {
        return words.into();
    }
    if let Some(options) = of_code(OPTIONS) {
        return format!("{hint}: {options}").into();
    }
    match PARTS.iter().find(|(part, _)| hint.contains(part)) {
        Some((part, words)) => hint.replace(part, words).into(),
        None => hint.into(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    /// All that the sources below a folder say.
    fn sources(folder: &Path, into: &mut String) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => sources(&path, into),
                false => *into += &fs::read_to_string(path).unwrap(),
            }
        }
    }

    #[test]
    fn the_library_says_what_is_looked_for() {
        let mut all = String::new();
        for folder in ["../client/src", "../core/src"] {
            sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut all);
        }
        for (code, _) in WHOLE.iter().chain(OPTIONS) {
            assert!(all.contains(&format!("\"{code}\"")), "{code}");
        }
        for (part, _) in PARTS {
            // What follows it may be put in, and it may go on in the next line.
            let words = part.trim_end_matches(['`', '(', ' ']);
            assert!(all.contains(words), "{part}");
        }
    }

    #[test]
    fn parts_are_replaced_and_the_rest_stays() {
        assert_eq!(
            of_command("engine-too-old", "pin `v1.25` if the engine understands it"),
            "`--api-version v1.25` if the engine understands it"
        );
        assert_eq!(
            of_command("cannot-connect", "or give another address"),
            "or give another address (`--host`)"
        );
        assert_eq!(of_command("unknown-ca", "name the CA"), "name the CA: `--tls-ca` names it");
    }
}
