//! Signals that end a run: the one of ^C, the one that asks a program to end, and the one of a terminal
//! that goes.

use std::fs;
use std::io;
use std::process;
use std::thread;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::failure::Status;
use crate::sending;
use crate::terminal;

/// How long a run may take to end by itself.
pub(crate) const GRACE: Duration = Duration::from_millis(500);

/// Watches for signals on a thread of its own, and tells of the first. They are caught when this
/// returns.
///
/// A run that does not end by itself, since it waits for the reader of standard output, is ended
/// a moment later, or with the second signal.
pub(crate) fn watch() -> io::Result<oneshot::Receiver<Status>> {
    let runtime = sending::runtime()?;
    let mut signals = {
        let _guard = runtime.enter();
        Signals::new()?
    };
    let (tell, stopped) = oneshot::channel();
    thread::Builder::new().spawn(move || {
        runtime.block_on(async {
            let status = signals.next().await;
            // The work may have ended just now.
            let _ = tell.send(status);
            let status = timeout(GRACE, signals.next()).await.unwrap_or(status);
            terminal::restore();
            process::exit(status as i32);
        });
    })?;
    Ok(stopped)
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
    /// Only where it would end a run anyway.
    hang_up: Option<Signal>,
}

impl Signals {
    fn new() -> io::Result<Self> {
        let interrupt = signal(SignalKind::interrupt())?;
        let hang_up = (!ignores_hang_up()).then(|| signal(SignalKind::hangup())).transpose()?;
        Ok(Self { interrupt, terminate: signal(SignalKind::terminate())?, hang_up })
    }

    /// Waits for the next one, and returns the status that a run ends with.
    async fn next(&mut self) -> Status {
        tokio::select! {
            _ = self.interrupt.recv() => Status::Interrupted,
            _ = self.terminate.recv() => Status::Terminated,
            Some(()) = received(&mut self.hang_up) => Status::HungUp,
        }
    }
}

async fn received(signal: &mut Option<Signal>) -> Option<()> {
    signal.as_mut()?.recv().await
}

/// Tells whether a terminal that goes is to be no matter, as `nohup` has it. Only Linux can be asked;
/// elsewhere the signal is left as it is.
fn ignores_hang_up() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|ignored| u64::from_str_radix(ignored.trim(), 16).ok());
    // The first bit is that of the first signal.
    ignored.is_none_or(|ignored| ignored & 1 == 1)
}
