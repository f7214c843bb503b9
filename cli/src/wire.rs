//! What really goes over the wire: told on standard error for `--verbose`.

use std::fmt::Write as _;

use contajners::{Head, Observer};

use crate::output::remark;
use crate::render::plain;

/// Tells heads the way curl does: `>` goes out, `<` comes in. Secrets are not in them.
#[derive(Debug)]
pub(crate) struct Trace;

impl Observer for Trace {
    fn request(&self, head: &Head) {
        tell('>', head);
    }

    fn answer(&self, head: &Head) {
        tell('<', head);
    }
}

/// Writes a head in one piece, so that nothing gets in between.
fn tell(mark: char, head: &Head) {
    let mut text = format!("{mark} {}", plain(head.line()));
    for (name, value) in head.headers() {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n{mark} {}: {}", plain(name), plain(value));
    }
    remark(format_args!("{text}"));
}
