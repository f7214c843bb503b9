//! Running text, broken into lines.

/// Breaks a text at spaces into lines of at most so many characters. A word that is longer than
/// a line is cut, at a `/` or `,` where it has one.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in text.split_whitespace() {
        let mut word: Vec<char> = word.chars().collect();
        if used > 0 && used + 1 + word.len() <= width {
            line.push(' ');
            used += 1;
        } else if used > 0 {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        while used + word.len() > width {
            // A `/` begins the next line, a `,` ends this one.
            let cut = (1..=width).rev().find(|&at| word[at] == '/' || word[at - 1] == ',');
            let cut = cut.unwrap_or(width);
            lines.push(word.drain(..cut).collect());
        }
        used += word.len();
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
        check("", 5, &[""]);
        check("abc", 0, &["a", "b", "c"]);
        check("/a", 1, &["/", "a"]);
    }
}
