//! Ignore files, beside regular expressions as moby makes them of patterns.
//!
//! Input: the file, a zero byte, a path. Without a zero byte all of it is the file.
#![no_main]

use contajners::fuzzing::ignored;
use contajners_fuzz::one_line;
use libfuzzer_sys::fuzz_target;
use regex_lite::Regex;

fuzz_target!(|data: &str| {
    let (file, path) = data.split_once('\0').unwrap_or((data, "a/b"));
    let path = if is_clean(path) { path } else { "a/b" };
    let found = match ignored(file, path) {
        Ok(found) => found,
        Err(error) => return one_line(&error),
    };
    for (folder, (is_left_out, may_take_in)) in found.iter().enumerate() {
        let is_back = found[folder + 1..].iter().any(|(is_left_out, _)| !is_left_out);
        assert!(!is_left_out || !is_back || *may_take_in, "nothing is passed over: {folder}");
    }
    if let Some(patterns) = patterns(file) {
        let left_out: Vec<bool> = found.iter().map(|(is_left_out, _)| *is_left_out).collect();
        assert_eq!(left_out, judged(&patterns, path));
    }
});

fn is_clean(path: &str) -> bool {
    path.len() < 200 && path.split('/').all(|segment| !matches!(segment, "" | "." | ".."))
}

/// Each pattern, and whether it leaves out; `None` where there is one that this reader leaves to
/// the other's cleaning.
fn patterns(file: &str) -> Option<Vec<(bool, Matcher)>> {
    let mut all = Vec::new();
    for line in file.trim_start_matches('\u{feff}').lines() {
        let pattern = line.trim();
        if line.starts_with('#') || pattern.is_empty() {
            continue;
        }
        let taken_in = pattern.strip_prefix('!');
        let pattern = taken_in.map_or(pattern, str::trim);
        if !is_clean(pattern) || all.len() == 8 {
            return None;
        }
        all.push((taken_in.is_none(), Matcher::new(pattern)?));
    }
    Some(all)
}

/// Goes down to the path: what matched a folder matches what lies in it, and a pattern that would
/// change nothing is not asked.
fn judged(patterns: &[(bool, Matcher)], path: &str) -> Vec<bool> {
    let mut matched = vec![false; patterns.len()];
    let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
    let each = ends.map(|end| {
        let mut is_left_out = false;
        for ((leaves_out, matcher), matched) in patterns.iter().zip(&mut matched) {
            *matched |= *leaves_out != is_left_out && matcher.matches(&path[..end]);
            if *matched {
                is_left_out = *leaves_out;
            }
        }
        is_left_out
    });
    each.collect()
}

enum Matcher {
    /// `**` and then text alone is any path that ends so.
    Suffix(String),
    Regex(Regex),
}

impl Matcher {
    fn new(pattern: &str) -> Option<Self> {
        match pattern.strip_prefix("**") {
            Some(rest) if !rest.is_empty() && !rest.contains(['*', '?', '[', '\\']) => {
                Some(Self::Suffix(rest.into()))
            }
            _ => Regex::new(&regex(pattern)?).ok().map(Self::Regex),
        }
    }

    fn matches(&self, path: &str) -> bool {
        match self {
            Self::Suffix(suffix) => {
                path.ends_with(suffix) || suffix.strip_prefix('/') == Some(path)
            }
            Self::Regex(regex) => regex.is_match(path),
        }
    }
}

fn regex(pattern: &str) -> Option<String> {
    let one = |c: char| format!("\\x{{{:x}}}", u32::from(c));
    let mut out = String::from("(?s)^");
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '*' if chars.next_if_eq(&'*').is_some() => {
                chars.next_if_eq(&'/');
                out += if chars.peek().is_none() { ".*" } else { "(?:.*/)?" };
            }
            '*' => out += "[^/]*",
            '?' => out += "[^/]",
            '\\' => out += &one(chars.next()?),
            '[' => {
                out += if chars.next_if_eq(&'^').is_some() { "[^" } else { "[" };
                while let Some(c) = chars.next() {
                    match c {
                        ']' => break,
                        '-' => out.push('-'),
                        '\\' => out += &one(chars.next()?),
                        c => out += &one(c),
                    }
                }
                out.push(']');
            }
            c => out += &one(c),
        }
    }
    out.push('$');
    Some(out)
}
