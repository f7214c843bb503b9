//! The client for programs without `async`: each method waits until it is done.
//!
//! ```no_run
//! # fn demo() -> Result<(), Box<dyn std::error::Error>> {
//! use contajners::Client;
//! use std::io::Write;
//!
//! let docker = Client::builder("docker").build_blocking()?;
//! let containers = docker.invoke("ContainerList").param("all", true).call()?;
//! println!("{containers:#}");
//!
//! let logs = docker
//!     .invoke("ContainerLogs")
//!     .param("id", "conny")
//!     .param("follow", true)
//!     .param("stdout", true)
//!     .output()?;
//! for piece in logs {
//!     std::io::stdout().write_all(&piece?.bytes)?;
//! }
//! # Ok(()) }
//! ```
//!
//! Names, parameters, answers and errors are those of the [asynchronous client](crate::Client),
//! which does the work. Where that gives streams, here are iterators and readers.
//!
//! # Threads
//!
//! Bytes are moved by the thread that calls. A client has one thread of its own besides, which tells
//! when there is something to read and when time is over, and sends the rest of a body that was
//! answered before its end; it ends with the last clone of the client, and the last call, answer or
//! socket of it. All types can be sent to other threads, and a [`Client`] can be used from several
//! at once: their calls go on side by side.
//!
//! # On an async runtime
//!
//! A method that waits does so there, too: it neither panics nor needs the runtime, but the
//! thread that it is called on does nothing else meanwhile. Use the asynchronous client there, or
//! `tokio::task::spawn_blocking`.
//!
//! An [`Observer`](crate::Observer) is told on the thread that calls, and may call the same client
//! there, once it is known which version is spoken: while the first call finds out, another one
//! would wait for it. Of the rest of a body that was answered before its end it is told on the client's own
//! thread, where a call that waits would wait for itself: it panics instead, which breaks the
//! connection that the observer was told of.
//!
//! # Ending a wait
//!
//! A method returns when it is done, when something fails, or when a time-out of the builder runs
//! out; for streams without an end [`read_timeout`](crate::ClientBuilder::read_timeout) is the one to set.
//! An answer or a socket that is dropped closes its connection at once; the engine then usually gives
//! up what it does for this call.

mod call;
mod client;
mod duplex;
mod response;
mod runtime;
mod stream;
mod wait;

pub use call::Call;
pub use client::Client;
pub use duplex::{Duplex, DuplexInput};
pub use response::Response;
pub use stream::{ByteStream, DocumentStream, OutputLines, OutputStream, Pieces};
pub use wait::Wait;
