//! What an ignore file leaves out of a build context, by Docker's rules.
//!
//! The rules are those of <https://docs.docker.com/build/concepts/context/#dockerignore-files> and,
//! where that says nothing, what moby's `patternmatcher` v0.6 does with its own test cases. Its
//! slips are not copied: `\d` is a `d`, `[*]` a star, and `^` stands for itself. As BuildKit and
//! Podman do, and unlike the docker command's older builder (28.2), `!**/*.md` is looked for in
//! folders that are left out, and what is taken in comes with the folders above it.
//!
//! A pattern is matched by following all of its places at once, so the work is at most the length
//! of the pattern times that of the path.

use std::error::Error;
use std::fmt;

/// The most bytes of an ignore file.
pub(super) const LONGEST_FILE: usize = 1 << 20;
/// The most characters of a pattern.
const LONGEST_PATTERN: usize = 4096;

/// The patterns of an ignore file, in order: the last one that matches decides.
#[derive(Debug, Default)]
pub(super) struct Ignore {
    patterns: Vec<Pattern>,
}

#[derive(Debug)]
struct Pattern {
    effect: Effect,
    shape: Shape,
    /// Its leading segments that have no signs in them, and whether that is all of it.
    fixed: (Vec<String>, Rest),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    LeftOut,
    TakenIn,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    Nothing,
    Signs,
}

#[derive(Debug)]
enum Shape {
    /// `**` and then nothing but text: any path that ends so. After a `/` that is a whole segment.
    Suffix(Vec<char>),
    Places(Vec<Place>),
}

#[derive(Debug, PartialEq)]
enum Place {
    One(char),
    /// `?`
    OneInSegment,
    /// `[a-z]`, `[^a-z]`
    OneOf {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
    /// `*`
    ManyInSegment,
    /// `**` before something: any number of whole segments, or the end of one.
    Segments,
    /// `**` at the end.
    Everything,
}

/// What was found about a folder: what lies in it is judged by that, too.
#[derive(Debug, Clone, Default)]
pub(super) struct Judged {
    /// Which patterns matched it or a folder above.
    matched: Vec<bool>,
    pub(super) is_left_out: bool,
}

impl Ignore {
    /// Reads an ignore file.
    pub(super) fn parse(text: &str) -> Result<Self, PatternError> {
        let mut ignore = Self::default();
        for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            // What is indented is no comment.
            let pattern = line.trim();
            if line.starts_with('#') || pattern.is_empty() {
                continue;
            }
            let wrong = |what| PatternError {
                line: index + 1,
                pattern: crate::error::quoted(pattern),
                what,
            };
            let (effect, text) = match pattern.strip_prefix('!') {
                Some(rest) => (Effect::TakenIn, rest.trim()),
                None => (Effect::LeftOut, pattern),
            };
            if text.is_empty() {
                return Err(wrong("names nothing after `!`"));
            }
            if text.chars().count() > LONGEST_PATTERN {
                return Err(wrong("is too long"));
            }
            let text = clean(text);
            let text = if text.len() > 1 { text.strip_prefix('/').unwrap_or(&text) } else { &text };
            let pattern = Pattern::new(effect, text).ok_or_else(|| wrong("is malformed"))?;
            ignore.patterns.push(pattern);
        }
        Ok(ignore)
    }

    /// Takes in a file in spite of all patterns.
    pub(super) fn take_in(&mut self, path: &str) {
        let path = clean(path);
        let places = path.chars().map(Place::One).collect();
        let segments = path.split('/').map(Into::into).collect();
        self.patterns.push(Pattern {
            effect: Effect::TakenIn,
            shape: Shape::Places(places),
            fixed: (segments, Rest::Nothing),
        });
    }

    /// Judges a path, from what was found about its folder.
    ///
    /// As with BuildKit a pattern that changes nothing at a folder is not kept for what lies in
    /// it: after `a/b` the line `!a` does not bring `a/b` back.
    pub(super) fn judge(&self, path: &str, folder: &Judged) -> Judged {
        let path: Vec<char> = path.chars().collect();
        let mut is_left_out = false;
        let matched = self.patterns.iter().enumerate().map(|(index, pattern)| {
            let changes = (pattern.effect == Effect::LeftOut) != is_left_out;
            let is_match = folder.matched.get(index).copied().unwrap_or_default()
                || changes && pattern.matches(&path);
            if is_match {
                is_left_out = pattern.effect == Effect::LeftOut;
            }
            is_match
        });
        let matched = matched.collect();
        Judged { matched, is_left_out }
    }

    /// Tells whether something in a folder that is left out may be taken in.
    pub(super) fn may_take_in_below(&self, folder: &str) -> bool {
        self.patterns.iter().any(|pattern| {
            let (fixed, rest) = &pattern.fixed;
            let mut segments = folder.split('/');
            let mut fixed = fixed.iter();
            pattern.effect == Effect::TakenIn
                && loop {
                    match (segments.next(), fixed.next()) {
                        (Some(segment), Some(fixed)) if segment == fixed => {}
                        (Some(_), Some(_)) => break false,
                        (Some(_), None) => break *rest == Rest::Signs,
                        (None, Some(_)) => break true,
                        (None, None) => break *rest == Rest::Signs,
                    }
                }
        })
    }
}

impl Pattern {
    fn new(effect: Effect, text: &str) -> Option<Self> {
        let places = places(text)?;
        let is_plain = |text: &str| !text.contains(['*', '?', '[', '\\']);
        let shape = match text.strip_prefix("**") {
            Some(rest) if is_plain(rest) && !rest.is_empty() => {
                Shape::Suffix(rest.chars().collect())
            }
            _ => Shape::Places(places),
        };
        let mut fixed = Vec::new();
        let mut rest = Rest::Nothing;
        for segment in text.split('/') {
            if !is_plain(segment) {
                rest = Rest::Signs;
                break;
            }
            fixed.push(segment.into());
        }
        Some(Self { effect, shape, fixed: (fixed, rest) })
    }

    fn matches(&self, path: &[char]) -> bool {
        match &self.shape {
            Shape::Suffix(suffix) => {
                path.ends_with(suffix) || suffix.strip_prefix(&['/']) == Some(path)
            }
            Shape::Places(places) => matches(places, path),
        }
    }
}

/// Reads the signs of a pattern; `None` when they are malformed.
fn places(text: &str) -> Option<Vec<Place>> {
    let mut places = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        places.push(match c {
            '*' if chars.next_if_eq(&'*').is_some() => {
                chars.next_if_eq(&'/');
                if chars.peek().is_none() { Place::Everything } else { Place::Segments }
            }
            '*' => Place::ManyInSegment,
            '?' => Place::OneInSegment,
            '\\' => Place::One(chars.next()?),
            '[' => {
                let negated = chars.next_if_eq(&'^').is_some();
                let mut ranges = Vec::new();
                while ranges.is_empty() || chars.next_if_eq(&']').is_none() {
                    let from = end_of_range(&mut chars)?;
                    let to = match chars.next_if_eq(&'-') {
                        Some(_) => end_of_range(&mut chars)?,
                        None => from,
                    };
                    ranges.push((from <= to).then_some((from, to))?);
                }
                Place::OneOf { negated, ranges }
            }
            c => Place::One(c),
        });
    }
    Some(places)
}

fn end_of_range(chars: &mut impl Iterator<Item = char>) -> Option<char> {
    match chars.next()? {
        '-' | ']' => None,
        '\\' => chars.next(),
        c => Some(c),
    }
}

/// Follows all places that a path may have got to.
fn matches(places: &[Place], path: &[char]) -> bool {
    let mut at = vec![false; places.len() + 1];
    // Inside what `**` swallows: it ends after a `/` only.
    let mut inside = vec![false; places.len()];
    let mut next = at.clone();
    let mut next_inside = inside.clone();
    at[0] = true;
    skip(places, &mut at);
    for &c in path {
        next.fill(false);
        next_inside.fill(false);
        for (index, place) in places.iter().enumerate() {
            let here = at[index];
            match place {
                Place::One(one) => next[index + 1] |= here && c == *one,
                Place::OneInSegment => next[index + 1] |= here && c != '/',
                Place::OneOf { negated, ranges } => {
                    let is_in = ranges.iter().any(|&(from, to)| (from..=to).contains(&c));
                    next[index + 1] |= here && is_in != *negated;
                }
                Place::ManyInSegment => next[index] |= here && c != '/',
                Place::Segments => {
                    let is_inside = here || inside[index];
                    next_inside[index] |= is_inside;
                    next[index + 1] |= is_inside && c == '/';
                }
                Place::Everything => next[index] |= here,
            }
        }
        std::mem::swap(&mut at, &mut next);
        std::mem::swap(&mut inside, &mut next_inside);
        skip(places, &mut at);
    }
    at[places.len()]
}

/// Goes past what may match nothing.
fn skip(places: &[Place], at: &mut [bool]) {
    for (index, place) in places.iter().enumerate() {
        if matches!(place, Place::ManyInSegment | Place::Segments | Place::Everything) {
            at[index + 1] |= at[index];
        }
    }
}

/// Cleans a path as Go's `path.Clean` does: no empty segments, no `.`, and `..` takes one away.
pub(super) fn clean(path: &str) -> String {
    let is_absolute = path.starts_with('/');
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." if segments.last().is_some_and(|last| *last != "..") => {
                segments.pop();
            }
            ".." if is_absolute => {}
            segment => segments.push(segment),
        }
    }
    let joined = segments.join("/");
    match (is_absolute, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".into(),
        (false, false) => joined,
    }
}

/// Why a line of an ignore file is no pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PatternError {
    line: usize,
    pattern: String,
    what: &'static str,
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: the pattern {} {}", self.line, self.pattern, self.what)
    }
}

impl Error for PatternError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn is_left_out(ignore: &Ignore, path: &str) -> bool {
        let mut judged = Judged::default();
        for (end, _) in path.match_indices('/').chain([(path.len(), "")]) {
            judged = ignore.judge(&path[..end], &judged);
        }
        judged.is_left_out
    }

    #[track_caller]
    fn check(file: &str, left_out: &[&str], taken_in: &[&str]) {
        let ignore = Ignore::parse(file).unwrap();
        for path in left_out {
            assert!(is_left_out(&ignore, path), "{file:?} leaves out {path:?}");
        }
        for path in taken_in {
            assert!(!is_left_out(&ignore, path), "{file:?} takes in {path:?}");
        }
    }

    #[track_caller]
    fn refused(file: &str, expected: &str) {
        assert_eq!(Ignore::parse(file).unwrap_err().to_string(), expected);
    }

    #[test]
    fn lines() {
        check("", &[], &["a"]);
        check("# a\n\n  \nb", &["b"], &["a", "# a"]);
        check(" # a", &["# a"], &["a"]);
        check("\\#a", &["#a"], &["a"]);
        check("  a \t\r\nb\r\n", &["a", "b"], &["c"]);
        check("\u{feff}#a\nb", &["b"], &["a", "#a"]);
        check("\u{feff}a", &["a"], &[]);
        check("a b", &["a b"], &["a", "b"]);
        check("*\n! /a", &["b"], &["a"]);
        check("*\n!!a", &["a", "b"], &["!a"]);
    }

    #[test]
    fn cleaning() {
        check("/a", &["a", "a/b"], &["b/a"]);
        check("//a//b/", &["a/b"], &["a"]);
        check("./a/./b", &["a/b"], &["b"]);
        check("a/../b", &["b"], &["a", "a/b"]);
        check("/../a", &["a"], &[]);
        check("../a", &[], &["a"]);
        check(".", &[], &["a", ".a"]);
        check("/", &[], &["a"]);
        check("a/", &["a", "a/b"], &["ab"]);
        check("*\n!a/../b/", &["a"], &["b", "b/c"]);
    }

    #[test]
    fn one_segment() {
        check("a", &["a", "a/b", "a/b/c"], &["b/a", "ab", "A"]);
        check("*", &["a", "a/b", ".a"], &[]);
        check("*c", &["abc", "c"], &["abcd"]);
        check("a*", &["a", "abc", "ab/c"], &["ba"]);
        check("a*/b", &["abc/b"], &["a/c/b"]);
        check("a*b*c*d*e*/f", &["axbxcxdxe/f", "axbxcxdxexxx/f"], &["axbxcxdxe/xxx/f"]);
        check("a*b*c*d*e*/f", &[], &["axbxcxdxexxx/fff"]);
        check("a*b?c*x", &["abxbbxdbxebxczzx"], &["abxbbxdbxebxczzy"]);
        check("a/*.txt", &["a/file.txt"], &["a/dir/file.txt"]);
        check("*/b", &["a/b", "c/b/d"], &["b", "a/c/b"]);
        check("*/*/b", &["a/c/b"], &["a/b", "b"]);
        check("a?b", &["a☺b", "aab"], &["ab", "a/b"]);
        check("a???b", &[], &["a☺b"]);
        check("a*b", &["ab", "axxb"], &["a/b"]);
        check(".*", &[".foo"], &["foo"]);
        check("abc.def", &["abc.def"], &["abcdef", "abcZdef"]);
        check("abc?def", &["abcZdef"], &["abcdef"]);
        check("a(b)c/def", &["a(b)c/def"], &["a(b)c/xyz"]);
        check("a.|)$(}+{bc", &["a.|)$(}+{bc"], &[]);
        check("^*", &["^a"], &["a"]);
        check("a]", &["a]"], &["a"]);
        check("dist/*.whl", &["dist/proxy.py-2.4.0rc3.dev36+g08acad9-py3-none-any.whl"], &[]);
    }

    #[test]
    fn ranges_and_escapes() {
        check("a[b-d]e", &["ace"], &["ae", "aae"]);
        check("a[^b-d]e", &["aze", "a/e"], &["ace"]);
        check("ab[^e-g]", &["abc"], &["abe"]);
        check("[a-ζ]*", &["α"], &["A"]);
        check("a[^a]b", &["a☺b"], &["aab"]);
        check("[\\]a]", &["]", "a"], &["b"]);
        check("[\\-x]", &["-", "x"], &["a"]);
        check("[x\\-]", &["-", "x"], &["z"]);
        check("[!a]", &["!", "a"], &["b"]);
        check("[*]", &["*"], &["a"]);
        check("a\\*b", &["a*b"], &["ab", "axb"]);
        check("a\\\\", &["a\\"], &["a"]);
        check("a\\d", &["ad"], &["a5"]);
    }

    #[test]
    fn many_segments() {
        for all in ["**", "**/", "**/**"] {
            check(all, &["file", "dir/file", "a/b/c"], &[]);
        }
        check("dir/**", &["dir/file", "dir/dir2/file"], &["dir", "dirs/file"]);
        check("abc/**", &["abc/def/ghi"], &["abc"]);
        check("**/dir", &["dir", "a/dir", "a/b/dir", "dir/file"], &["adir", "dirs"]);
        check("**/dir2/*", &["dir/dir2/file", "dir2/file/x"], &["dir/dir2", "dir2"]);
        check("**/dir2/**", &["dir/dir2/dir3/file"], &["dir/dir2"]);
        // Without a `/` it is any end of a path.
        check("**file", &["file", "dir/file", "dir/dir/file", "afile"], &["files"]);
        // With other signs it is a segment again.
        check("**file*", &["file", "dir/files"], &["afile"]);
        check("**/file", &["dir/file", "dir/dir/file"], &["afile"]);
        check("**/file*txt", &["dir/dir/file.txt", "file.txt"], &["dir/dir/file.txt2"]);
        check("**/**/*.txt", &["dir/dir/file.txt", "file.txt"], &["dir/file.txt2"]);
        check("a**/*.txt", &["a/file.txt", "a/dir/dir/file.txt", "abc/file.txt"], &["b.txt"]);
        check("a**b", &["ab", "a/b", "ax/y/b"], &["axb"]);
        check("a/*.txt**", &["a/file.txt", "a/file.txt2", "a/file.txt/x"], &["a/file"]);
        check("**/foo/bar", &["foo/bar", "dir/foo/bar", "dir/dir2/foo/bar"], &["foo/a/bar"]);
        check("**/.foo", &[".foo", "a/.foo"], &["bar.foo"]);
        check("**/*.o", &["a.o", "a/b.o"], &["a.c"]);
        check("a/**/b", &["a/b", "a/x/b", "a/x/y/b"], &["a/xb"]);
    }

    #[test]
    fn the_last_match_decides() {
        check("!a\n*", &["a"], &[]);
        check("*.go\n!a.go", &["b.go"], &["a.go"]);
        check("docs\n!docs/README.md", &["docs", "docs/x"], &["docs/README.md"]);
        check("docs/\n!docs/README.md", &["docs/x"], &["docs/README.md"]);
        check("docs/*\n!docs/README.md", &["docs/x"], &["docs", "docs/README.md"]);
        check("**\n!util/docker/web", &["util/docker"], &["util/docker/web/foo"]);
        check("**\n!util/docker/web\nutil/docker/web/foo", &["util/docker/web/foo"], &[]);
        check("*.md\n!README*.md\nREADME-secret.md", &["a.md", "README-secret.md"], &["README.md"]);
        check("*.md\nREADME-secret.md\n!README*.md", &["a.md"], &["README-secret.md", "README.md"]);
        check("*\n!**/*.go", &["a", "a/b"], &["a/b/c.go"]);
        // BuildKit's own way.
        check("a/b\n!a", &["a/b", "a/b/c"], &["a", "a/c"]);
    }

    #[test]
    fn malformed_patterns_are_named() {
        refused("a\n!", "line 2: the pattern `!` names nothing after `!`");
        refused("! ", "line 1: the pattern `!` names nothing after `!`");
        for pattern in [
            "[", "[^", "[^bc", "a[", "[]a]", "[-]", "[x-]", "[-x]", "[a-b-c]", "[z-a]", "\\",
            "a\\", "[a\\",
        ] {
            refused(pattern, &format!("line 1: the pattern `{pattern}` is malformed"));
        }
        let long = "a".repeat(LONGEST_PATTERN + 1);
        assert!(Ignore::parse(&long).unwrap_err().to_string().ends_with("is too long"));
    }

    #[test]
    fn some_files_are_always_taken_in() {
        let mut ignore = Ignore::parse("**\n*.x").unwrap();
        ignore.take_in("./sub/Docker*file");
        assert!(is_left_out(&ignore, "a") && is_left_out(&ignore, "sub"));
        assert!(!is_left_out(&ignore, "sub/Docker*file"));
        assert!(is_left_out(&ignore, "sub/Dockerfile"));
    }

    #[test]
    fn only_folders_of_interest_are_entered() {
        #[track_caller]
        fn check(file: &str, folder: &str, expected: bool) {
            assert_eq!(Ignore::parse(file).unwrap().may_take_in_below(folder), expected);
        }
        check("*", "a", false);
        check("*\n!a", "a", false);
        check("*\n!a/b", "a", true);
        check("*\n!a/b", "b", false);
        check("*\n!a/b", "a/b", false);
        check("*\n!a/b/*.c", "a/b", true);
        check("*\n!a/b/*.c", "a/c", false);
        check("*\n!**/x", "a/c", true);
    }

    #[test]
    fn a_pattern_made_to_be_slow_is_not() {
        let pattern = "**/*a".repeat(600) + "b";
        let ignore = Ignore::parse(&pattern).unwrap();
        assert!(!is_left_out(&ignore, &"a".repeat(4000)));
    }

    proptest! {
        #[test]
        fn any_file_and_path_is_judged(file in "[ab*?/!.#\\[\\]^\\\\\\- \n☺]{0,40}", path in "[ab/.☺-]{0,20}") {
            if let Ok(ignore) = Ignore::parse(&file) {
                is_left_out(&ignore, &path);
                ignore.may_take_in_below(&path);
            }
        }

        #[test]
        fn a_plain_name_leaves_itself_out(name in "[a-z]{1,8}", other in "[a-z]{1,8}") {
            let ignore = Ignore::parse(&name).unwrap();
            prop_assert!(is_left_out(&ignore, &name));
            prop_assert_eq!(is_left_out(&ignore, &other), name == other);
        }

        /// What is taken in below a folder is never passed by.
        #[test]
        fn nothing_taken_in_is_passed_by(
            lines in prop::collection::vec("!?[ab*]{1,3}(/[ab*?]{1,2}){0,2}", 1..5),
            path in "[ab]{1,2}(/[ab]{1,2}){1,2}",
        ) {
            let Ok(ignore) = Ignore::parse(&lines.join("\n")) else { return Ok(()) };
            let folder = path.rsplit_once('/').unwrap().0;
            if is_left_out(&ignore, folder) && !is_left_out(&ignore, &path) {
                prop_assert!(ignore.may_take_in_below(folder));
            }
        }
    }
}
