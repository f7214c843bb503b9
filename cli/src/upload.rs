//! How far a body on its way to the engine is, drawn while the answer is waited for.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::progress::layer::{Amount, Layer, fitted};
use crate::screen::{self, PERIOD, Size};

/// What takes no longer than this is not worth a line.
const MOMENT: Duration = Duration::from_millis(500);

/// What has been sent of a body so far.
#[derive(Debug, Default)]
pub(crate) struct Upload {
    sent: AtomicU64,
    /// All there is to send; 0 when that is not known.
    total: AtomicU64,
}

impl Upload {
    /// Begins anew, with a body of this length.
    pub(crate) fn begin(&self, total: Option<u64>) {
        self.sent.store(0, Ordering::Relaxed);
        self.total.store(total.unwrap_or_default(), Ordering::Relaxed);
    }

    /// Counts what has been sent.
    pub(crate) fn add(&self, bytes: usize) {
        self.sent.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    fn layer(&self) -> Option<Layer> {
        let sent = Some(self.sent.load(Ordering::Relaxed)).filter(|&sent| sent > 0)?;
        let total = Some(self.total.load(Ordering::Relaxed)).filter(|&total| total > 0);
        let status = if total == Some(sent) { "Sent" } else { "Sending" };
        let amount = Some(Amount::bytes(sent, total));
        Some(Layer { id: String::new(), status: status.into(), amount })
    }
}

/// Waits for what sends a body, and draws meanwhile, on a terminal, how far that is. The line is
/// gone afterwards.
pub(crate) async fn shown<T>(sending: impl Future<Output = T>, upload: &Upload) -> T {
    if !screen::is_drawable() {
        return sending.await;
    }
    let _line = Line;
    let mut sending = pin!(sending);
    let mut ticks = interval_at(Instant::now() + MOMENT, PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            done = &mut sending => return done,
            _ = ticks.tick() => if let Some(layer) = upload.layer() {
                screen::draw(&fitted(&[layer], Size::now()));
            },
        }
    }
}

/// The line, which goes when waiting ends, whichever way.
struct Line;

impl Drop for Line {
    fn drop(&mut self) {
        screen::erase();
    }
}
