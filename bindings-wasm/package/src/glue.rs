//! Makes the glue of wasm-bindgen smaller: every page fetches it.

use std::collections::HashMap;

/// What the glue has for hosts on which the rest of the package would not run, and what its callers
/// beside it never do: how it begins, how it ends, and what stands there instead.
const CUTS: &[(&str, &str, &str)] = &[
    // Every host with private fields of classes has these; workerd from a compatibility date on.
    ("(typeof FinalizationRegistry ===", "new FinalizationRegistry", "new FinalizationRegistry"),
    ("if (!('encodeInto' in", "\n}", ""),
    ("if (realloc === undefined)", "\n    }", ""),
    // `browser.js` gives an object, or nothing.
    ("console.warn('using deprecated", "')", ""),
    // In fewer words.
    (
        "console.warn(\"`WebAssembly.instantiateStreaming`",
        ", e)",
        "console.warn(\"WebAssembly that is not served as `application/wasm` starts slower:\", e)",
    ),
];

/// Cuts all that begins and ends so; what is not there is told, for another version of wasm-bindgen
/// may write it in other ways.
fn cut(glue: &str, (begin, end, instead): (&str, &str, &str)) -> Result<String, String> {
    let mut parts = glue.split(begin);
    let mut out = parts.next().unwrap_or_default().to_owned();
    let mut is_there = false;
    for part in parts {
        let lacks = || format!("the glue has changed; it lacks {end:?} behind {begin:?}");
        let (_, behind) = part.split_once(end).ok_or_else(lacks)?;
        out += instead;
        out += behind;
        is_there = true;
    }
    is_there.then_some(out).ok_or_else(|| format!("the glue has changed; it lacks {begin:?}"))
}

/// The glue without what is not needed, and with other names for what the two files tell each other.
pub(crate) fn shortened(glue: &str, names: &HashMap<String, String>) -> Result<String, String> {
    let glue = CUTS.iter().try_fold(glue.to_owned(), |glue, part| cut(&glue, *part))?;
    // Nobody but the files beside it gets these objects, and they free them by name.
    let lines: Vec<&str> =
        glue.lines().filter(|line| !line.starts_with("if (Symbol.dispose)")).collect();
    Ok(renamed(&lines.join("\n"), names))
}

/// Short names for long ones.
pub(crate) fn names<'a>(long: impl Iterator<Item = &'a mut String>) -> HashMap<String, String> {
    let mut names = HashMap::new();
    for name in long {
        let short = short(names.len());
        names.insert(std::mem::replace(name, short.clone()), short);
    }
    names
}

/// `a` to `z`, then `aa` and so on.
fn short(mut number: usize) -> String {
    let mut name = Vec::new();
    loop {
        name.push(b"abcdefghijklmnopqrstuvwxyz"[number % 26]);
        if number < 26 {
            return name.iter().rev().map(|letter| char::from(*letter)).collect();
        }
        number = number / 26 - 1;
    }
}

/// Exports stand behind `wasm.`, imports are the fields of the one object of functions.
fn renamed(glue: &str, names: &HashMap<String, String>) -> String {
    let mut out = String::with_capacity(glue.len());
    let mut rest = glue;
    while let Some(at) = rest.find(is_letter) {
        let (before, word) = rest.split_at(at);
        out.push_str(before);
        let (word, behind) = word.split_at(word.find(|c| !is_letter(c)).unwrap_or(word.len()));
        let is_name = out.ends_with("wasm.") || behind.starts_with(": function");
        out.push_str(names.get(word).filter(|_| is_name).map_or(word, |short| short));
        rest = behind;
    }
    out.push_str(rest);
    out
}

fn is_letter(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '$'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_each_is_there_once() {
        let mut long: Vec<String> = (0..800).map(|n| format!("name{n}")).collect();
        let names = names(long.iter_mut());
        assert_eq!(long[..3], ["a", "b", "c"]);
        assert_eq!([&*long[25], &*long[26], &*long[27], &*long[702]], ["z", "aa", "ab", "aaa"]);
        assert_eq!(names["name26"], "aa");
        assert_eq!(long.iter().collect::<std::collections::HashSet<_>>().len(), 800);
    }

    #[test]
    fn nothing_but_what_the_files_tell_each_other_is_renamed() {
        let names = HashMap::from([
            ("ops".to_owned(), "a".to_owned()),
            ("__wbg_is".to_owned(), "b".to_owned()),
        ]);
        let glue = "ops() { return wasm.ops(this.ops, wasm.ops2); }\nimport0 = { __wbg_is: function(ops) {} }";
        assert_eq!(
            renamed(glue, &names),
            glue.replace("wasm.ops(", "wasm.a(").replace("__wbg_is", "b")
        );
    }

    #[test]
    fn each_place_is_cut_from_its_beginning_to_its_end() {
        let cut = |glue| cut(glue, ("if (x)", "}", "y"));
        assert_eq!(cut("a; if (x) { b } c; if (x) { d } e }").unwrap(), "a; y c; y e }");
        assert_eq!(
            cut("if (x) { b").unwrap_err(),
            "the glue has changed; it lacks \"}\" behind \"if (x)\""
        );
        assert_eq!(cut("a }").unwrap_err(), "the glue has changed; it lacks \"if (x)\"");
    }

    #[test]
    fn a_glue_of_another_version_is_refused() {
        assert!(
            shortened("let wasm;", &HashMap::new())
                .unwrap_err()
                .starts_with("the glue has changed")
        );
    }
}
