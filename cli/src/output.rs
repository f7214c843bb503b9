//! Standard output, written in large pieces, and remarks on standard error.

use std::fmt;
use std::io::{self, BufWriter, IsTerminal as _, StdoutLock, Write, stderr, stdout};

use serde::Serialize;

use crate::failure::Failure;
use crate::render::json;
use crate::screen;
use crate::settings::Settings;
use crate::terminal;

/// Where a command writes its result.
#[derive(Debug)]
pub(crate) struct Output {
    out: BufWriter<StdoutLock<'static>>,
    outlives_reader: bool,
    is_unread: bool,
}

impl Output {
    /// Takes standard output for the rest of the run.
    pub(crate) fn new() -> Self {
        let out = BufWriter::new(stdout().lock());
        Self { out, outlives_reader: false, is_unread: false }
    }

    /// Goes on where nobody reads any more: what is written tells how far something is that is to be
    /// done all the same.
    pub(crate) fn outlive_reader(&mut self) {
        self.outlives_reader = true;
    }

    fn unless_unread<T>(
        &mut self,
        unread: T,
        write: impl FnOnce(&mut BufWriter<StdoutLock<'static>>) -> io::Result<T>,
    ) -> io::Result<T> {
        if self.is_unread {
            return Ok(unread);
        }
        match write(&mut self.out) {
            Err(error) if self.outlives_reader && error.kind() == io::ErrorKind::BrokenPipe => {
                self.is_unread = true;
                Ok(unread)
            }
            written => written,
        }
    }

    /// Writes a value as JSON: indented on a terminal, in one line otherwise.
    pub(crate) fn json(
        &mut self,
        value: &impl Serialize,
        settings: &Settings,
    ) -> Result<(), Failure> {
        let text = serde_json::to_string(value).map_err(io::Error::from)?;
        Ok(json::write(self, &text, settings.layout(settings.is_terminal), settings.paint)?)
    }

    /// Writes names, one a line.
    pub(crate) fn lines<S: AsRef<str>>(
        &mut self,
        lines: impl IntoIterator<Item = S>,
    ) -> Result<(), Failure> {
        for line in lines {
            writeln!(self, "{}", line.as_ref())?;
        }
        Ok(())
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.unless_unread(bytes.len(), |out| out.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.unless_unread((), BufWriter::flush)
    }
}

/// Writes a line to standard error. Unlike with `eprintln!` it does not matter when nobody reads
/// it.
pub(crate) fn remark(line: fmt::Arguments<'_>) {
    screen::erase();
    let mut text = format!("{line}\n");
    // A terminal in raw mode goes down only.
    if terminal::is_changed() && stderr().is_terminal() {
        text = text.replace('\n', "\r\n");
    }
    let _ = stderr().write_all(text.as_bytes());
}
