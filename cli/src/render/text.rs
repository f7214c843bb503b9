//! Running text, broken into lines, and lines fitted to a width.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Returns how many columns of a terminal a text takes.
pub(crate) fn columns(text: &str) -> usize {
    text.width()
}

fn columns_of(text: &[char]) -> usize {
    text.iter().copied().map(width_of).sum()
}

fn width_of(c: char) -> usize {
    c.width().unwrap_or_default()
}

/// Fills a text with spaces up to a width.
pub(crate) fn pad(text: &str, width: usize) -> String {
    format!("{text}{:1$}", "", width.saturating_sub(columns(text)))
}

/// Cuts a text that is wider than a width, and marks that.
pub(crate) fn fit(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let Some(room) = width.checked_sub(1) else { return String::new() };
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        used += width_of(c);
        if used > room {
            break;
        }
        out.push(c);
    }
    out.push('…');
    out
}

/// Returns how long the longest part of a text is that [`wrap`] would have to cut.
pub(crate) fn unbroken(text: &str) -> usize {
    let mut longest = 0;
    for word in text.split_whitespace() {
        let mut length = 0;
        let mut is_end = false;
        for c in word.chars() {
            if is_end || c == '/' {
                length = 0;
            }
            length += width_of(c);
            is_end = c == ',';
            longest = longest.max(length);
        }
    }
    longest
}

/// Breaks a text at spaces into lines of at most so many columns. A word that is longer than
/// a line is cut, at a `/` or `,` where it has one.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in text.split_whitespace() {
        let mut word: Vec<char> = word.chars().collect();
        let mut length = columns_of(&word);
        if used > 0 && used + 1 + length <= width {
            line.push(' ');
            used += 1;
        } else if used > 0 {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        while used + length > width && word.len() > 1 {
            let fits = |at: &usize| columns_of(&word[..*at]) <= width;
            let most = (1..word.len()).take_while(fits).last().unwrap_or(1);
            // A `/` begins the next line, a `,` ends this one.
            let cut = (1..=most).rev().find(|&at| word[at] == '/' || word[at - 1] == ',');
            lines.push(word.drain(..cut.unwrap_or(most)).collect());
            length = columns_of(&word);
        }
        used += length;
        line.extend(word);
    }
    if used > 0 || lines.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn breaks_where_it_can() {
        let check = |text: &str, width, expected: &[&str]| {
            assert_eq!(wrap(text, width), expected, "{text}");
        };
        check("one two three", 7, &["one two", "three"]);
        check("/containers/{id}/json", 14, &["/containers", "/{id}/json"]);
        check("/containers/{id}/json", 16, &["/containers/{id}", "/json"]);
        check("a,bb,ccc", 5, &["a,bb,", "ccc"]);
        check("abcdef é", 2, &["ab", "cd", "ef", "é"]);
        check("全角 ab", 7, &["全角 ab"]);
        check("全角 ab", 6, &["全角", "ab"]);
        check("全角文", 5, &["全角", "文"]);
        check("全角", 1, &["全", "角"]);
        check("", 5, &[""]);
        check("abc", 0, &["a", "b", "c"]);
        check("/a", 1, &["/", "a"]);
    }

    #[test]
    fn what_is_not_broken_fits_into_a_line() {
        for (text, expected) in [
            ("", 0),
            ("one three", 5),
            ("/containers/{id}/json", 11),
            ("a,bb,ccc", 3),
            ("a,/b", 2),
            ("exec-exited", 11),
            ("é/ü", 2),
            ("全角/a", 4),
        ] {
            assert_eq!(unbroken(text), expected, "{text}");
            let lines = wrap(text, expected);
            let breaks = |line: &String| {
                text.is_empty()
                    || line.ends_with(',')
                    || text.ends_with(&**line)
                    || [' ', '/'].iter().any(|next| text.contains(&format!("{line}{next}")))
            };
            assert!(lines.iter().all(breaks), "{lines:?}");
        }
    }
}
