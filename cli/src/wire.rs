//! What really goes over the wire: told on standard error for `--verbose`, and counted.

use std::fmt::Write as _;
use std::sync::Arc;

use contajners::{Head, Observer};

use crate::output::remark;
use crate::render::plain;
use crate::upload::Upload;

/// Whether heads are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heads {
    /// The way curl does: `>` goes out, `<` comes in. Headers' secrets are not in them.
    Told,
    /// Nothing is.
    Quiet,
}

/// Tells and counts.
#[derive(Debug)]
pub(crate) struct Watch {
    /// Whether heads are told.
    pub(crate) heads: Heads,
    /// Where bodies are counted.
    pub(crate) upload: Arc<Upload>,
}

impl Observer for Watch {
    fn request(&self, head: &Head) {
        self.upload.begin(head.header("content-length").and_then(|length| length.parse().ok()));
        if self.heads == Heads::Told {
            tell('>', head);
        }
    }

    fn body_sent(&self, bytes: usize) {
        self.upload.add(bytes);
    }

    fn answer(&self, head: &Head) {
        if self.heads == Heads::Told {
            tell('<', head);
        }
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
