//! Operations that are meant by words: `container-rm` for `ContainerDelete`, `exec-create` for
//! `ContainerExec`.
//!
//! What is typed need not be like the name at all: it may be made of the path, or of what the
//! method does. Nothing here knows an engine.

use alloc::string::String;
use alloc::vec::Vec;

use crate::catalog::Operation;
use crate::request::Method;

/// Longer names are nobody's.
const LONGEST: usize = 64;

/// Returns the operations that all the typed words fit, if there are two words at least: those that
/// have the fewest other words.
pub(crate) fn meant<'a>(
    typed: &str,
    operations: impl Iterator<Item = Operation<'a>>,
) -> Vec<&'a str> {
    let mut wanted = Vec::new();
    if typed.len() <= LONGEST {
        split(typed, &mut wanted);
    }
    if wanted.len() < 2 {
        return Vec::new();
    }
    let mut found: Vec<(usize, &str)> = Vec::new();
    for operation in operations {
        if let Some(others) = others(&wanted, &operation) {
            let item = (others, operation.id());
            // In order as it grows: it is short, and a page carries what sorts.
            found.insert(found.partition_point(|known| *known < item), item);
        }
    }
    let fewest = found.first().map_or(0, |(others, _)| *others);
    { found.into_iter() }
        .take_while(|(others, _)| *others == fewest)
        .map(|(_, id)| id)
        .take(3)
        .collect()
}

/// How far an operation is from the words; `None` when one of them is not its.
fn others(wanted: &[String], operation: &Operation<'_>) -> Option<usize> {
    let mut own = Vec::new();
    split(operation.id(), &mut own);
    let mut last = 0;
    for segment in operation.path().split('/') {
        // Variables are no words, and that an answer is JSON says nothing.
        if !segment.starts_with('{') && segment != "json" {
            last = own.len();
            split(segment, &mut own);
        }
    }
    // Nor are longer ones meant by words.
    if own.len() > LONGEST {
        return None;
    }
    let is_own = |word: &String| own.contains(word);
    let does = verbs(operation.method());
    let fits = |word: &String| is_own(word) || does.contains(&&**word);
    if !wanted.iter().any(is_own) || !wanted.iter().all(fits) {
        return None;
    }
    // What the path ends in is what the method is applied to.
    let ends_elsewhere = !own.iter().skip(last).any(|word| wanted.contains(word));
    // `inspect` is a little off from `list`, and `logs` is far.
    let off = |word: &&String| match () {
        () if wanted.contains(word) => 0,
        () if does.contains(&&***word) => 1,
        () => 2,
    };
    let once = { own.iter().enumerate() }.filter(|(at, word)| !own[..*at].contains(word));
    let others: usize = once.map(|(_, word)| off(&word)).sum();
    Some(others + usize::from(ends_elsewhere))
}

/// What people call what a method does.
fn verbs(method: Method) -> &'static [&'static str] {
    match method {
        Method::Get => &["get", "inspect", "list", "ls", "show"],
        // An image is made by pulling it.
        Method::Post => &["add", "create", "new", "pull"],
        Method::Delete => &["delete", "remove", "rm"],
        Method::Put | Method::Patch => &["edit", "put", "set", "update"],
        _ => &[],
    }
}

/// Splits a name into words: at what is no letter or digit, and before a capital after a small
/// letter. Words are small, and of a plural the singular. Names are ASCII, and tables of other
/// letters would be a tenth of a page.
fn split(name: &str, words: &mut Vec<String>) {
    let mut word = String::new();
    let mut end = |word: &mut String| {
        if word.len() > 3 && word.ends_with('s') && !word.ends_with("ss") {
            word.pop();
        }
        if !word.is_empty() {
            words.push(core::mem::take(word));
        }
    };
    let mut was_small = false;
    for c in name.chars() {
        if !c.is_ascii_alphanumeric() || c.is_ascii_uppercase() && was_small {
            end(&mut word);
        }
        if c.is_ascii_alphanumeric() {
            word.push(c.to_ascii_lowercase());
        }
        was_small = c.is_ascii_lowercase();
    }
    end(&mut word);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_into_words() {
        let check = |name: &str, expected: &[&str]| {
            let mut words = Vec::new();
            split(name, &mut words);
            assert_eq!(words, expected, "{name}");
        };
        check("ContainerExec", &["container", "exec"]);
        check("list-images", &["list", "image"]);
        check("image_rm", &["image", "rm"]);
        check("SystemDF", &["system", "df"]);
        check("ls access", &["ls", "access"]);
        check("", &[]);
    }
}
