//! A row of the fault table: what is asked, what the engine does, and what that may take.

use std::time::Duration;

use contajners::ClientBuilder;

use crate::AMPLE;
use crate::engine::Fault;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// A list, as a value.
    Value,
    /// [`numbers`], as a value.
    Numbers,
    /// A head alone.
    Head,
    Output,
    Documents,
    /// An archive, piece by piece.
    Bytes,
    /// An archive, piece by piece, with a rest after each.
    Slowly,
    /// An archive, into a folder.
    Unpacked,
    /// That a body without an end is taken.
    Reader,
    /// That a body given as a whole is taken.
    Upload,
    Socket,
    /// A socket, behind a body.
    SocketWith,
}

/// What the client has of limits.
#[derive(Debug, Clone, Copy)]
pub(super) enum Limited {
    /// A whole call has more time than it needs.
    Ample,
    /// A whole call has as little as [`SHORT`].
    Short,
    /// Only silence is limited.
    Read,
    /// Only an engine that takes nothing is limited.
    Write,
    /// Nothing is.
    Nothing,
}

/// Longer than a sound answer takes on a busy machine.
pub(super) const SHORT: Duration = Duration::from_millis(800);

pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) wanted: Wanted,
    pub(crate) greeting: &'static [u8],
    /// The ends it may have, when they are several.
    pub(crate) ends: &'static [&'static str],
    /// Whether the engine is asked once more when this comes over a connection that was used before,
    /// which could have gone in the meantime.
    pub(crate) is_repeated: bool,
    pub(crate) fault: Fault,
    /// How long nothing is asked after it.
    pub(crate) pause: Duration,
    /// The most memory it may take.
    pub(crate) memory: u64,
    limited: Limited,
}

impl Row {
    pub(crate) fn limits(&self, builder: ClientBuilder) -> ClientBuilder {
        match self.limited {
            Limited::Ample => builder.timeout(AMPLE * 3 / 4),
            Limited::Short => builder.timeout(SHORT),
            Limited::Read => builder.read_timeout(SHORT),
            Limited::Write => builder.write_timeout(SHORT),
            Limited::Nothing => builder,
        }
    }

    /// How long it may take.
    pub(crate) fn patience(&self) -> Duration {
        match self.limited {
            Limited::Ample | Limited::Nothing => AMPLE,
            Limited::Short | Limited::Read | Limited::Write => SHORT * 10,
        }
    }

    /// How often it comes again: as often as there is time for.
    pub(crate) fn again(&self) -> usize {
        match self.limited {
            _ if !self.pause.is_zero() || !self.greeting.is_empty() => 0,
            // It ends at once.
            Limited::Ample => 8,
            Limited::Short | Limited::Read | Limited::Write => 2,
            // It ends when the client itself has no more patience.
            Limited::Nothing => 0,
        }
    }

    pub(super) fn of(mut self, wanted: Wanted) -> Self {
        self.wanted = wanted;
        self.memory = match wanted {
            // One document of 16 MiB, in a buffer that has just been made larger.
            Wanted::Documents => 64 << 20,
            // What the caller gives counts, too.
            Wanted::Upload | Wanted::SocketWith => 24 << 20,
            // What is unpacked is put away by another thread: see `process`.
            Wanted::Unpacked => u64::MAX,
            _ => self.memory,
        };
        self
    }

    pub(super) fn within(mut self, limited: Limited) -> Self {
        self.limited = limited;
        self
    }

    pub(super) fn pause(mut self) -> Self {
        self.pause = Duration::from_millis(30);
        self
    }

    /// Says something before anything is asked. What comes of it depends on which is faster.
    pub(super) fn greeting(
        mut self,
        greeting: &'static [u8],
        ends: &'static [&'static str],
    ) -> Self {
        self.greeting = greeting;
        self.ends = ends;
        self
    }

    /// Is taken for a connection that has gone, when it was used before.
    pub(super) fn repeated(mut self) -> Self {
        self.is_repeated = true;
        self
    }

    /// Allows as much memory as values take that a JSON answer is read as.
    pub(super) fn values(mut self) -> Self {
        self.memory = self.memory.max(32 << 20);
        self
    }
}

pub(super) fn row(name: &'static str, fault: Fault) -> Row {
    Row {
        name,
        wanted: Wanted::Value,
        greeting: b"",
        ends: &[],
        is_repeated: false,
        fault,
        pause: Duration::ZERO,
        memory: 8 << 20,
        limited: Limited::Ample,
    }
}

/// A list of which no two parts are alike, so that it tells when something of it comes twice, never,
/// or elsewhere.
pub(crate) fn numbers() -> Vec<usize> {
    (0..2_222).collect()
}
