//! The names a misspelt one may have meant.

use alloc::string::String;
use alloc::vec::Vec;

/// Longer names are compared by their beginnings only; time stays bounded whatever is typed.
const LONGEST: usize = 64;

/// Returns up to three of the candidates, nearest first, that are close enough to be meant.
///
/// Case is left out of account. A name is close when at most a third of it was mistyped, or
/// when one of the two contains the other.
pub fn nearest<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    nearest_of(typed, &mut candidates.into_iter())
}

/// The same for an error to keep.
pub(crate) fn nearest_names<'a>(
    typed: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Vec<String> {
    nearest(typed, candidates).into_iter().map(Into::into).collect()
}

/// Once for all kinds of candidates: it would be in a page ten times.
fn nearest_of<'a>(typed: &str, candidates: &mut dyn Iterator<Item = &'a str>) -> Vec<&'a str> {
    let typed = fold(typed);
    // Kept in order while it grows: it is short, and a sort would be most of the code of a page.
    let mut close: Vec<(usize, &str)> = Vec::new();
    let mut add = |item| {
        let at = close.partition_point(|known| *known < item);
        if close.get(at) != Some(&item) {
            close.insert(at, item);
        }
    };
    for candidate in candidates {
        let name = fold(candidate);
        let mut distance = distance(&typed, &name);
        // `version` is a part of `SystemVersion` that was not mistyped.
        if typed.len() >= 5 && name.ends_with(&typed) {
            distance = distance.min(1);
        }
        let contained = typed.len() >= 3
            && name.len() >= 3
            && (contains(&name, &typed) || contains(&typed, &name));
        if distance <= (typed.len().max(name.len()) / 3).max(1) {
            add((distance, candidate));
        } else if contained {
            add((100 + distance, candidate));
        }
    }
    // A name that is much farther off than the nearest only distracts.
    let limit = close.first().map_or(0, |(best, _)| best * 2 + 1);
    close.retain(|(distance, _)| *distance <= limit);
    close.into_iter().take(3).map(|(_, name)| name).collect()
}

/// Joins names for a message: `` `a`, `b` or `c` ``.
pub(crate) fn alternatives<S: AsRef<str>>(names: &[S]) -> String {
    listed(names, " or ")
}

/// The names in backticks, with something else before the last.
pub(crate) fn listed<S: AsRef<str>>(names: &[S], before_last: &str) -> String {
    let mut text = String::new();
    for (i, name) in names.iter().enumerate() {
        if i > 0 {
            text.push_str(if i + 1 == names.len() { before_last } else { ", " });
        }
        text.push('`');
        text.push_str(name.as_ref());
        text.push('`');
    }
    text
}

fn fold(name: &str) -> Vec<char> {
    // `container-create` and `container_create` are meant as `ContainerCreate`.
    name.chars()
        .filter(|c| !matches!(c, '-' | '_'))
        .map(|c| c.to_ascii_lowercase())
        .take(LONGEST)
        .collect()
}

fn contains(long: &[char], short: &[char]) -> bool {
    long.windows(short.len().max(1)).any(|window| window == short)
}

/// Edits between two names, swapping two neighbours counted as one.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = Vec::with_capacity(b.len() + 1);
        row.push(i);
        for j in 1..=b.len() {
            let same = a[i - 1] == b[j - 1];
            let mut best = (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + usize::from(!same));
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            row.push(best);
        }
        before = core::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(typed: &str, expected: &[&str]) {
        let names = ["ContainerCreate", "ContainerList", "ImageCreate", "all", "filters", "limit"];
        assert_eq!(nearest(typed, names), expected);
    }

    #[test]
    fn finds_what_was_meant() {
        check("ContainerCreat", &["ContainerCreate"]);
        check("container-list", &["ContainerList"]);
        check("flitres", &["filters"]);
        check("lmiit", &["limit"]);
        check("Containers", &["ContainerList"]);
        assert_eq!(nearest("version", ["Session", "SystemVersion"])[0], "SystemVersion");
        check("list", &["ContainerList"]);
        check("zzz", &[]);
        check("", &[]);
    }

    #[test]
    fn stays_bounded_on_endless_names() {
        let endless = "x".repeat(1 << 20);
        assert_eq!(nearest(&endless, ["all"]), Vec::<&str>::new());
    }

    #[test]
    fn joins_alternatives() {
        assert_eq!(alternatives(&["a"]), "`a`");
        assert_eq!(alternatives(&["a", "b", "c"]), "`a`, `b` or `c`");
    }
}
