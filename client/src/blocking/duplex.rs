//! Connections that became sockets: attach, exec, sessions.

use std::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;

use contajners_core::Content;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::runtime::Runtime;
use super::stream::OutputStream;

/// A connection that carries raw bytes both ways.
///
/// What is written is the input of a process, what is read its output as it comes. Time-outs no
/// longer apply. Dropping it closes the connection.
///
/// ```no_run
/// # fn demo(docker: contajners::blocking::Client) -> Result<(), Box<dyn std::error::Error>> {
/// use std::io::Write;
///
/// let socket = docker
///     .invoke("ContainerAttach")
///     .param("id", "conny-reader")
///     .param("stream", true)
///     .param("stdin", true)
///     .param("stdout", true)
///     .socket()?;
/// let (output, mut input) = socket.split();
/// input.write_all(b"hello\n")?;
/// input.shutdown()?;
/// for piece in output {
///     std::io::stdout().write_all(&piece?.bytes)?;
/// }
/// # Ok(()) }
/// ```
#[must_use = "a socket that is dropped is closed"]
pub struct Duplex {
    inner: crate::Duplex,
    runtime: Arc<Runtime>,
}

impl Duplex {
    pub(super) fn new(inner: crate::Duplex, runtime: Arc<Runtime>) -> Self {
        Self { inner, runtime }
    }

    /// Returns what is read from it, as far as the engine says: [`Content::Frames`] when it is
    /// frames of stdout and stderr, else [`Content::Output`], which may be frames or raw.
    pub fn content(&self) -> Content {
        self.inner.content()
    }

    /// Takes the two directions apart, for two threads if need be, with stdout and stderr told
    /// apart where there are frames: see [`Duplex::split`](crate::Duplex::split).
    ///
    /// A process that answers while its input is long wants a thread for each direction: with one,
    /// both sides can end up waiting for the other to read.
    pub fn split(self) -> (OutputStream, DuplexInput) {
        self.split_with(crate::Duplex::split)
    }

    /// Takes the two directions apart; all output counts as stdout.
    pub fn split_raw(self) -> (OutputStream, DuplexInput) {
        self.split_with(crate::Duplex::split_raw)
    }

    fn split_with(
        self,
        split: fn(crate::Duplex) -> (crate::OutputStream, crate::DuplexInput),
    ) -> (OutputStream, DuplexInput) {
        let (output, inner) = split(self.inner);
        let output = OutputStream::new(output, self.runtime.clone());
        (output, DuplexInput { inner, runtime: self.runtime })
    }
}

impl Read for Duplex {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.runtime.wait(self.inner.read(buffer))
    }
}

/// The input of a process. [`shutdown`](DuplexInput::shutdown) ends it; dropping it alone does not,
/// since its output still holds the connection.
pub struct DuplexInput {
    inner: crate::DuplexInput,
    runtime: Arc<Runtime>,
}

/// What both can do to write.
macro_rules! written {
    ($($name:ident)+) => {$(
        impl $name {
            /// Ends the input and leaves the output open.
            ///
            /// # Errors
            ///
            /// The connection breaks.
            pub fn shutdown(&mut self) -> io::Result<()> {
                self.runtime.wait(self.inner.shutdown())
            }
        }

        impl Write for $name {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.runtime.wait(self.inner.write(bytes))
            }

            fn flush(&mut self) -> io::Result<()> {
                self.runtime.wait(self.inner.flush())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.inner.fmt(f)
            }
        }
    )+};
}

written! { Duplex DuplexInput }
