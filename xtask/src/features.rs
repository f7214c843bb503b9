//! `cargo xtask features`: every set of features compiles.

use std::collections::BTreeMap;
use std::thread;

use crate::Outcome;
use crate::steps::{self, cargo};
use crate::workspace::{Package, members};

/// Checks each crate of which one chooses features with every set of them; warnings are errors.
///
/// Most packs change no code but that of `contajners-resources`, where each of them is tried alone.
/// The other crates pass them on: they are tried without any and with all. A pack that turns on
/// more, as Podman's does the reader of its configuration, is also tried alone and with each other
/// feature. A set is not tried without what one of its features turns on: that would be the set with
/// it once more.
///
/// Clippy looks at each feature alone, at none and at all of them. What other sets may break is what
/// the compiler tells: names that are missing, or that nothing uses.
///
/// Two sets are checked at a time: most of one is a single crate, which takes a single core.
#[derive(clap::Args)]
pub(crate) struct Args {}

/// The crate whose features are the packs; those of the same name elsewhere only pass them on.
const PACKS: &str = "contajners-resources";

/// The feature that most is compiled for: what has it is checked in one folder, the rest in another.
const HEAVY: &str = "tls";

pub(crate) fn run(_: &Args) -> Outcome {
    let members = members()?;
    let packs = members.iter().find(|member| member.name == PACKS);
    let packs = &packs.ok_or_else(|| format!("no crate `{PACKS}` here"))?.features;
    let mut checks = Vec::new();
    for Package { name, features, .. } in members.iter().filter(|it| !it.features.is_empty()) {
        let sets = sets(features, packs, name == PACKS);
        eprintln!("{name}: {} sets of features", sets.len());
        let most = sets.last().map_or(0, Vec::len);
        checks.extend(sets.into_iter().map(|set| Check {
            package: name,
            by: if set.len() == most || is_of_one(&set, features) { By::Clippy } else { By::Rustc },
            set,
        }));
    }
    let (with, without): (Vec<_>, Vec<_>) = checks.iter().partition(|it| it.set.contains(&HEAVY));
    thread::scope(|scope| {
        let others = scope.spawn(|| check(&without, "target/features"));
        let own = check(&with, "target");
        others.join().expect("it does not panic").and(own)
    })
    .map_err(Into::into)
}

/// A crate with a set of its features.
struct Check<'a> {
    package: &'a str,
    set: Vec<&'a str>,
    by: By,
}

/// What checks it.
enum By {
    Clippy,
    Rustc,
}

/// Checks crates with sets of features, in a folder that cargo locks.
fn check(checks: &[&Check<'_>], folder: &str) -> Result<(), String> {
    for Check { package, set, by } in checks {
        let chosen: &[&str] = match by {
            By::Clippy => &["clippy"],
            // Flags of this crate alone, so that those it needs stay as they are.
            By::Rustc => &["rustc", "--lib", "--profile", "check"],
        };
        let mut words = [chosen, &["--quiet", "--target-dir", folder, "-p", package]].concat();
        let set = set.join(",");
        words.extend(["--no-default-features", "--features", &set, "--", "-D", "warnings"]);
        steps::run(&mut cargo(&words)).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Whether it is one feature with what that turns on, or none.
fn is_of_one(set: &[&str], features: &BTreeMap<String, Vec<String>>) -> bool {
    // Sets are closed: what a feature turns on is in each set that has it.
    let turns_on = |name: &str, other: &str| features[name].iter().any(|on| on == other);
    let is_all_of = |name: &str| {
        let mut on = vec![name];
        for _ in set {
            let new = |it: &&&str| !on.contains(*it) && on.iter().any(|by| turns_on(by, it));
            let new: Vec<&str> = set.iter().filter(new).copied().collect();
            on.extend(new);
        }
        on.len() == set.len()
    };
    set.is_empty() || set.iter().any(|name| is_all_of(name))
}

/// All sets of these features without packs, and all features at once; each pack alone, if they are
/// this crate's own.
fn sets<'a>(
    features: &'a BTreeMap<String, Vec<String>>,
    packs: &BTreeMap<String, Vec<String>>,
    own_packs: bool,
) -> Vec<Vec<&'a str>> {
    let names = features.keys().map(String::as_str);
    let (packs, others): (Vec<&str>, Vec<&str>) = names.partition(|name| packs.contains_key(*name));
    let mut sets = vec![Vec::new()];
    for name in &others {
        let with: Vec<_> = sets.iter().map(|set| [&set[..], &[*name]].concat()).collect();
        sets.extend(with);
    }
    sets.retain(|set| {
        let on = set.iter().flat_map(|name| &features[*name]);
        { on }.all(|name| !features.contains_key(name) || set.contains(&name.as_str()))
    });
    if own_packs {
        sets.extend(packs.iter().map(|pack| vec![*pack]));
    } else {
        let few: Vec<_> = sets.iter().filter(|set| set.len() < 2).cloned().collect();
        let is_more = |pack: &&&str| features[**pack].iter().any(|on| !on.contains('/'));
        for pack in packs.iter().filter(is_more) {
            sets.extend(few.iter().map(|set| [&set[..], &[*pack]].concat()));
        }
    }
    if !packs.is_empty() {
        sets.push([others, packs].concat());
    }
    sets.sort_by_key(Vec::len);
    sets.dedup();
    sets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(features: &[&str], own_packs: bool, expected: &[&str]) {
        let map = |features: &[&str]| -> BTreeMap<String, Vec<String>> {
            let pairs = features.iter().map(|text| text.split_once('>').unwrap_or((*text, "x/x")));
            pairs.map(|(name, on)| (name.to_owned(), vec![on.to_owned()])).collect()
        };
        let (features, packs) = (map(features), map(&["x", "y", "z"]));
        let sets: Vec<String> =
            sets(&features, &packs, own_packs).iter().map(|set| set.join("+")).collect();
        assert_eq!(sets, expected);
    }

    #[test]
    fn one_feature_comes_with_what_it_turns_on() {
        let map = [("a", ""), ("b", "a"), ("c", "b"), ("d", "x/d")];
        let map = map.map(|(name, on)| (name.to_owned(), vec![on.to_owned()])).into();
        for set in [&[][..], &["a"], &["d"], &["a", "b"], &["a", "b", "c"]] {
            assert!(is_of_one(set, &map), "{set:?}");
        }
        for set in [&["a", "d"][..], &["a", "b", "d"], &["a", "b", "c", "d"]] {
            assert!(!is_of_one(set, &map), "{set:?}");
        }
    }

    #[test]
    fn every_set_once() {
        check(&["a", "b"], false, &["", "a", "b", "a+b"]);
        check(&["x"], true, &["", "x"]);
        check(&["x", "y"], true, &["", "x", "y", "x+y"]);
        check(&["x", "y"], false, &["", "x+y"]);
        check(&["y", "a", "x", "b"], false, &["", "a", "b", "a+b", "a+b+x+y"]);
        check(&["x>dep:d", "a", "y"], false, &["", "a", "x", "a+x", "a+x+y"]);
        check(&["a", "b>a", "c"], false, &["", "a", "c", "a+b", "a+c", "a+b+c"]);
    }
}
