//! Ids for operations that have none, or share theirs.
//!
//! An id is made of the method in lower case and the words of the path, each with a capital:
//! `GET /vm.info` is `getVmInfo`, `PUT /vm.add-disk` is `putVmAddDisk`. A placeholder is `By` and
//! its name: `GET /vms/{id}/config` is `getVmsByIdConfig`; a query in a path counts like the rest
//! of it. Nothing else in the spec counts, so that the same operation has the same id in every
//! version, as long as no two make the same one (`/x/y` and `/x-y`).
//!
//! Of operations that share an id the first keeps it, in the order of their paths and methods; the
//! others get one that is made. Should that be taken, a number from 2 on goes behind it: it hangs on
//! what else is in a version which of them is called how. Whoever does not get the id that it has or
//! makes, because another one has it, is told of, so that a rule can give it one for good.

use std::collections::{BTreeSet, HashMap};

use super::fault::{At, SpecFault};
use crate::model::Operation;

/// Gives every operation an id of its own, and tells of those that shared one.
pub(super) fn complete(operations: &mut [Operation]) -> Vec<SpecFault> {
    let mut notes = Vec::new();
    let mut order: Vec<usize> = (0..operations.len()).collect();
    order.sort_by(|&a, &b| {
        let key = |i: usize| (&operations[i].path, operations[i].method);
        key(a).cmp(&key(b))
    });
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut nameless = Vec::new();
    for i in order {
        let id = &operations[i].id;
        if id.is_empty() || taken.contains(id) {
            nameless.push(i);
        } else {
            taken.insert(id.clone());
        }
    }
    // Numbers below are taken; counting from 1 for each that makes the same id takes too long.
    let mut next: HashMap<String, usize> = HashMap::new();
    for i in nameless {
        let operation = &mut operations[i];
        let made = made(operation.method.as_str(), &operation.path);
        let number = next.entry(made.clone()).or_insert(1);
        let id = loop {
            let id = if *number == 1 { made.clone() } else { format!("{made}{number}") };
            *number += 1;
            if !taken.contains(&id) {
                break id;
            }
        };
        let wanted = if operation.id.is_empty() { made } else { operation.id.clone() };
        if id != wanted {
            let method = operation.method.as_str();
            let what = format!(
                "the id `{wanted}` is another operation's, so `{method} {}` is called `{id}`",
                operation.path
            );
            let paths = At::ROOT.key("paths");
            let path = paths.key(&operation.path);
            notes.push(path.key(&method.to_ascii_lowercase()).fault(what));
        }
        taken.insert(id.clone());
        operation.id = id;
    }
    notes
}

/// Makes an id of a method and a path.
fn made(method: &str, path: &str) -> String {
    let mut id = method.to_ascii_lowercase();
    let mut begins = true;
    for c in path.chars() {
        match c {
            '{' => {
                id.push_str("By");
                begins = true;
            }
            c if c.is_alphanumeric() => {
                match begins {
                    true => id.extend(c.to_uppercase()),
                    false => id.push(c),
                }
                begins = false;
            }
            _ => begins = true,
        }
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Method;

    #[test]
    fn ids_are_made_of_method_and_path() {
        let check = |method: &str, path: &str, id: &str| assert_eq!(made(method, path), id);
        check("GET", "/vm.info", "getVmInfo");
        check("PUT", "/vm.add-disk", "putVmAddDisk");
        check("GET", "/vms/{id}/config", "getVmsByIdConfig");
        check("DELETE", "/a/{poolName}/b/{type}", "deleteAByPoolNameBByType");
        check("GET", "/list?all=1&x", "getListAll1X");
        check("GET", "/", "get");
        check("HEAD", "/é_x", "headÉX");
    }

    #[test]
    fn the_first_by_path_keeps_an_id_that_is_shared() {
        let operation = |id: &str, method, path: &str| Operation {
            id: id.into(),
            method,
            path: path.into(),
            parameters: Vec::new(),
            body: None,
            produces: Vec::new(),
            responses: Vec::new(),
            answer: Default::default(),
            summary: String::new(),
            description: String::new(),
        };
        let mut operations = [
            operation("Same", Method::Get, "/z"),
            operation("Same", Method::Put, "/a"),
            operation("", Method::Get, "/x-y"),
            operation("", Method::Get, "/x/y"),
            operation("getXY3", Method::Get, "/other"),
            operation("", Method::Get, "/x.y"),
            operation("", Method::Get, "/taken"),
            operation("getTaken", Method::Put, "/taken"),
        ];
        let notes = complete(&mut operations);
        let ids: Vec<&str> = operations.iter().map(|operation| &*operation.id).collect();
        let made = ["getZ", "Same", "getXY", "getXY4", "getXY3", "getXY2"];
        assert_eq!((&ids[..6], &ids[6..]), (&made[..], &["getTaken2", "getTaken"][..]));
        let notes: Vec<String> = notes.iter().map(ToString::to_string).collect();
        assert_eq!(
            notes,
            [
                "the id `getTaken` is another operation's, so `GET /taken` is called `getTaken2` (at #/paths/~1taken/get)",
                "the id `getXY` is another operation's, so `GET /x.y` is called `getXY2` (at #/paths/~1x.y/get)",
                "the id `getXY` is another operation's, so `GET /x/y` is called `getXY4` (at #/paths/~1x~1y/get)",
                "the id `Same` is another operation's, so `GET /z` is called `getZ` (at #/paths/~1z/get)"
            ]
        );
        operations.reverse();
        let before = operations.clone();
        assert!(complete(&mut operations).is_empty());
        assert_eq!(operations, before);
    }
}
