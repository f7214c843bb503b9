//! Standard output, written in large pieces, and remarks on standard error.

use std::fmt;
use std::io::{self, BufWriter, StdoutLock, Write, stderr, stdout};

use serde::Serialize;

use crate::failure::Failure;
use crate::render::json::{self, Layout};
use crate::screen;
use crate::settings::Settings;

/// Where a command writes its result.
#[derive(Debug)]
pub(crate) struct Output {
    out: BufWriter<StdoutLock<'static>>,
}

impl Output {
    /// Takes standard output for the rest of the run.
    pub(crate) fn new() -> Self {
        Self { out: BufWriter::new(stdout().lock()) }
    }

    /// Writes a value as JSON: indented on a terminal, in one line otherwise.
    pub(crate) fn json(
        &mut self,
        value: &impl Serialize,
        settings: &Settings,
    ) -> Result<(), Failure> {
        let text = serde_json::to_string(value).map_err(io::Error::from)?;
        let layout = if settings.is_terminal { Layout::Pretty } else { Layout::Compact };
        Ok(json::write(&mut self.out, &text, layout, settings.paint)?)
    }

    /// Writes names, one a line.
    pub(crate) fn lines<S: AsRef<str>>(
        &mut self,
        lines: impl IntoIterator<Item = S>,
    ) -> Result<(), Failure> {
        for line in lines {
            writeln!(self.out, "{}", line.as_ref())?;
        }
        Ok(())
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Writes a line to standard error. Unlike with `eprintln!` it does not matter when nobody reads
/// it.
pub(crate) fn remark(line: fmt::Arguments<'_>) {
    screen::erase();
    let _ = stderr().write_all(format!("{line}\n").as_bytes());
}
