//! Makes the glue of wasm-bindgen smaller: every page fetches it.

use std::collections::HashMap;

/// What the glue has for hosts on which the rest of the package would not run, and what its callers
/// beside it never do. Those of another version of wasm-bindgen are told, not passed over.
const CUTS: &[(&str, &str)] = &[
    // Every host with private fields of classes has these.
    (
        "(typeof FinalizationRegistry === 'undefined')
    ? { register: () => {}, unregister: () => {} }
    : new FinalizationRegistry",
        "new FinalizationRegistry",
    ),
    (
        "if (!('encodeInto' in cachedTextEncoder)) {
    cachedTextEncoder.encodeInto = function (arg, view) {
        const buf = cachedTextEncoder.encode(arg);
        view.set(buf);
        return {
            read: arg.length,
            written: buf.length
        };
    };
}",
        "",
    ),
    (
        "if (realloc === undefined) {
        const buf = cachedTextEncoder.encode(arg);
        const ptr = malloc(buf.length, 1) >>> 0;
        getUint8ArrayMemory0().subarray(ptr, ptr + buf.length).set(buf);
        WASM_VECTOR_LEN = buf.length;
        return ptr;
    }",
        "",
    ),
    // `browser.js` gives an object, or nothing.
    (
        "if (Object.getPrototypeOf(module_or_path) === Object.prototype) {
            ({module_or_path} = module_or_path)
        } else {
            console.warn('using deprecated parameters for the initialization function; pass a single object instead')
        }",
        "({module_or_path} = module_or_path)",
    ),
    // In fewer words.
    (
        "console.warn(\"`WebAssembly.instantiateStreaming` failed because your server does not serve Wasm with \
         `application/wasm` MIME type. Falling back to `WebAssembly.instantiate` which is slower. Original error:\\n\", e)",
        "console.warn(\"WebAssembly that is not served as `application/wasm` starts slower:\", e)",
    ),
];

/// The glue without what is not needed, and with other names for what the two files tell each other.
pub(crate) fn shortened(glue: &str, names: &HashMap<String, String>) -> Result<String, String> {
    let mut glue = glue.to_owned();
    for (from, to) in CUTS {
        if !glue.contains(from) {
            return Err(format!("the glue has changed; it lacks {from:?}"));
        }
        glue = glue.replace(from, to);
    }
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
    fn a_glue_of_another_version_is_refused() {
        assert!(
            shortened("let wasm;", &HashMap::new())
                .unwrap_err()
                .starts_with("the glue has changed")
        );
    }
}
