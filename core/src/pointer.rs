//! JSON pointers (RFC 6901) into a caller's values.

use crate::search::replaced;
use crate::value::Value;

/// Pointers of more steps lead nowhere; an error's message lies a step or two deep.
const MAX_STEPS: usize = 16;

/// Shows what stands at a pointer to `look`, if something does.
pub(crate) fn look(value: &dyn Value, pointer: &str, look: &mut dyn FnMut(&dyn Value)) {
    walk(value, pointer, MAX_STEPS, look);
}

fn walk(value: &dyn Value, pointer: &str, left: usize, look: &mut dyn FnMut(&dyn Value)) {
    let Some(rest) = pointer.strip_prefix('/') else {
        // A pointer is empty or begins with a slash.
        if pointer.is_empty() {
            look(value);
        }
        return;
    };
    let Some(left) = left.checked_sub(1) else { return };
    let (step, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let step = replaced(&replaced(step, "~1", "/"), "~0", "~");
    let mut found = false;
    value.fields(&mut |name, field| {
        if !found && name == step {
            found = true;
            walk(field, rest, left, look);
        }
        !found
    });
    if found {
        return;
    }
    let Ok(wanted) = step.parse::<usize>() else { return };
    let mut index = 0;
    value.items(&mut |item| {
        if index == wanted {
            walk(item, rest, left, look);
        }
        index += 1;
        index <= wanted
    });
}

#[cfg(all(test, feature = "serde_json"))]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_leads_to_what_it_names_or_nowhere() {
        let value: serde_json::Value =
            serde_json::from_str(r#"{"a": {"b/c": [1, {"~": 2}], "": 3}, "0": 4}"#).unwrap();
        let check = |pointer: &str, expected: Option<&str>| {
            let mut found = None;
            look(&value, pointer, &mut |value| found = Some(value.to_json()));
            assert_eq!(found.as_deref(), expected, "{pointer}");
        };
        check("/a/b~1c/0", Some("1"));
        check("/a/b~1c/1/~0", Some("2"));
        check("/a/", Some("3"));
        check("/0", Some("4"));
        check("/a/b~1c/2", None);
        check("/a/b~1c/-", None);
        check("a", None);
        check(&"/a".repeat(100_000), None);
        let mut whole = false;
        look(&value, "", &mut |_| whole = true);
        assert!(whole);
    }
}
