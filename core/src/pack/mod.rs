//! The compiled form of an engine's API: header, tables, records.
//!
//! `docs/pack-format.md` describes the bytes. This module finds records and decodes them where
//! they lie; what they mean together is [`crate::catalog`]'s business. It allocates nothing.
//!
//! Invariant: nothing here panics, loops without bound or reads outside the pack, whatever the
//! bytes. Damage is reported by [`Pack::open`] (checksum) and [`Pack::verify`] (every record);
//! a reference into the void reads as something empty.

mod cursor;
mod error;
pub(crate) mod records;
mod verify;
#[cfg(feature = "write")]
pub mod write;

use core::fmt;

pub(crate) use self::cursor::Cursor;
pub use self::error::PackError;
use self::records::{Ask, EngineRecord};

/// The version of the pack format this crate reads and writes.
pub const FORMAT_VERSION: u16 = 3;

/// First bytes of every pack. The odd ones reveal a transfer in text mode, as PNG's do.
pub(crate) const MAGIC: [u8; 8] = *b"\x89CTJP\r\n\x1a";
/// Magic, format version, two reserved bytes, payload length, checksum.
pub(crate) const HEADER_LEN: usize = 24;
/// Every so many records, a table's index holds an offset.
pub(crate) const STRIDE: u32 = 16;

/// The tables of a pack, in the order in which they lie in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Table {
    Strings,
    Engine,
    Versions,
    VersionSets,
    Names,
    Operations,
    Variants,
    Parameters,
    Responses,
    MediaTypes,
    Definitions,
    Schemas,
    Waiters,
}

impl Table {
    pub(crate) const ALL: [Self; 13] = [
        Self::Strings,
        Self::Engine,
        Self::Versions,
        Self::VersionSets,
        Self::Names,
        Self::Operations,
        Self::Variants,
        Self::Parameters,
        Self::Responses,
        Self::MediaTypes,
        Self::Definitions,
        Self::Schemas,
        Self::Waiters,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Strings => "strings",
            Self::Engine => "engine",
            Self::Versions => "versions",
            Self::VersionSets => "version sets",
            Self::Names => "names",
            Self::Operations => "operations",
            Self::Variants => "variants",
            Self::Parameters => "parameters",
            Self::Responses => "responses",
            Self::MediaTypes => "media types",
            Self::Definitions => "definitions",
            Self::Schemas => "schemas",
            Self::Waiters => "waiters",
        }
    }
}

/// Bytes of the directory at the head of the payload: count and end of each table.
pub(crate) const DIRECTORY_LEN: usize = Table::ALL.len() * 8;

/// One engine's API in all its versions, borrowed from the bytes of a pack.
///
/// A pack is a reference in itself: copying it costs nothing, and neither does opening it
/// again, so there is no need to keep one around.
///
/// ```
/// # fn demo(bytes: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
/// let pack = contajners_core::Pack::open(bytes)?;
/// let api = pack.api("v1.41")?;
/// println!("{} has {} operations", pack.engine(), api.operations().count());
/// # Ok(()) }
/// ```
#[derive(Clone, Copy)]
pub struct Pack<'a> {
    payload: &'a [u8],
}

/// How the API version to speak with a running engine is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum VersionRule<'a> {
    /// The engine cannot be asked: the newest of the pack has to do.
    Newest,
    /// It is always the same.
    Fixed {
        /// The version, one of the pack's.
        version: &'a str,
    },
    /// The answer to a path has it in a header.
    Header {
        /// The path, as it goes over the wire.
        ping: &'a str,
        /// The name of the header.
        header: &'a str,
    },
    /// The answer to a path is JSON that has it.
    Json {
        /// The path, as it goes over the wire.
        ping: &'a str,
        /// Where in the JSON it stands, as a JSON pointer.
        pointer: &'a str,
    },
}

impl<'a> Pack<'a> {
    /// Whether both hold the same.
    #[cfg(feature = "schemas")]
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.payload == other.payload
    }

    /// Reads the header of a pack and compares its checksum.
    ///
    /// # Errors
    ///
    /// [`PackError::Foreign`] when the bytes are not a pack, [`PackError::FormatVersion`] when
    /// they are one of another format version, [`PackError::Length`] when bytes are missing or
    /// left over, [`PackError::Checksum`] when any bit differs from what was written, and
    /// [`PackError::Structure`] when the tables do not lie inside the pack.
    pub fn open(bytes: &'a [u8]) -> Result<Self, PackError> {
        let Some((header, payload)) = bytes.split_at_checked(HEADER_LEN) else {
            let begins_right = !bytes.is_empty() && MAGIC.starts_with(&bytes[..bytes.len().min(8)]);
            return Err(if begins_right {
                PackError::Length { expected: HEADER_LEN as u64, found: bytes.len() as u64 }
            } else {
                PackError::Foreign
            });
        };
        if !header.starts_with(&MAGIC) {
            return Err(PackError::Foreign);
        }
        let found = u16::from_le_bytes([header[8], header[9]]);
        if found != FORMAT_VERSION {
            return Err(PackError::FormatVersion { found });
        }
        let length = le_u32(header, 12);
        if length as usize != payload.len() {
            return Err(PackError::Length {
                expected: HEADER_LEN as u64 + u64::from(length),
                found: bytes.len() as u64,
            });
        }
        let announced = u64::from(le_u32(header, 16)) | u64::from(le_u32(header, 20)) << 32;
        // The reserved bytes are covered by being compared with zero.
        if header[10..12] != [0, 0] || checksum(payload) != announced {
            return Err(PackError::Checksum);
        }
        let pack = Self { payload };
        pack.check_directory()?;
        Ok(pack)
    }

    /// Walks every record once and tells the first that does not fit.
    ///
    /// [`Pack::open`] finds accidents; this finds lies, and is meant for packs of unknown
    /// origin. What a pack says can be shown then: no string holds a control character. It takes
    /// time in proportion to the pack.
    ///
    /// # Errors
    ///
    /// [`PackError::Structure`] names the table and the record.
    pub fn verify(&self) -> Result<(), PackError> {
        verify::verify(*self)
    }

    /// Returns the engine's name, such as `docker`.
    pub fn engine(&self) -> &'a str {
        self.text(self.engine_record().name)
    }

    /// Returns where to look for the engine, in order. `$NAME` in them stands for a variable of
    /// the environment; an address that is a variable alone, or has one that is about the engine,
    /// holds whatever the user chose, and
    /// one such as `context://docker` stands for what an engine's own command keeps in files.
    pub fn addresses(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let pack = *self;
        self.engine_record().addresses().map(move |id| pack.text(id))
    }

    /// Returns how the API version to speak with a running engine is found.
    pub fn version_rule(&self) -> VersionRule<'a> {
        let record = self.engine_record();
        let (ping, place) = (self.text(record.ping), self.text(record.place));
        match Ask::from_number(record.ask) {
            Some(Ask::Fixed) => VersionRule::Fixed { version: place },
            Some(Ask::Header) => VersionRule::Header { ping, header: place },
            Some(Ask::Json) => VersionRule::Json { ping, pointer: place },
            Some(Ask::Newest) | None => VersionRule::Newest,
        }
    }

    /// Returns how to ask a running engine for its API version, when it tells it in a header: the
    /// path to call and the header. See [`Pack::version_rule`] for the other ways.
    pub fn ping(&self) -> Option<(&'a str, &'a str)> {
        match self.version_rule() {
            VersionRule::Header { ping, header } => Some((ping, header)),
            _ => None,
        }
    }

    /// Returns where the message of an error stands in its JSON, as JSON pointers, the most
    /// telling first. See [`crate::engine_error::message_in`].
    pub fn error_pointers(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let pack = *self;
        self.engine_record().errors().map(move |id| pack.text(id))
    }

    pub(crate) fn engine_record(&self) -> EngineRecord<'a> {
        EngineRecord::read(self.record(Table::Engine, 0))
    }

    fn check_directory(&self) -> Result<(), PackError> {
        let damaged = |table: Table| PackError::Structure { table: table.name(), record: 0 };
        if self.payload.len() < DIRECTORY_LEN {
            return Err(damaged(Table::Strings));
        }
        let mut start = DIRECTORY_LEN as u64;
        for table in Table::ALL {
            let end = u64::from(le_u32(self.payload, table as usize * 8 + 4));
            let index = u64::from(self.count(table).div_ceil(STRIDE)) * 4;
            if start + index > end || end > self.payload.len() as u64 {
                return Err(damaged(table));
            }
            start = end;
        }
        if start != self.payload.len() as u64 {
            return Err(damaged(Table::Waiters));
        }
        Ok(())
    }

    /// The number of records of a table.
    pub(crate) fn count(&self, table: Table) -> u32 {
        le_u32(self.payload, table as usize * 8)
    }

    /// The index and the records of a table.
    fn parts(&self, table: Table) -> (&'a [u8], &'a [u8]) {
        let start = match table as usize {
            0 => DIRECTORY_LEN,
            t => le_u32(self.payload, t * 8 - 4) as usize,
        };
        let end = le_u32(self.payload, table as usize * 8 + 4) as usize;
        let index = self.count(table).div_ceil(STRIDE) as usize * 4;
        self.payload
            .get(start..end)
            .and_then(|whole| whole.split_at_checked(index))
            .unwrap_or((&[], &[]))
    }

    /// The bytes of one record.
    pub(crate) fn bytes(&self, table: Table, record: u32) -> Option<&'a [u8]> {
        if record >= self.count(table) {
            return None;
        }
        let (index, records) = self.parts(table);
        let offset = le_u32(index, (record / STRIDE) as usize * 4) as usize;
        let mut cursor = Cursor::new(records.get(offset..)?);
        cursor.skip_records(record % STRIDE);
        cursor.record()
    }

    pub(crate) fn record(&self, table: Table, record: u32) -> Cursor<'a> {
        self.bytes(table, record).map_or_else(Cursor::nowhere, Cursor::new)
    }

    /// The string of that number; empty when there is none.
    pub(crate) fn text(&self, string: u32) -> &'a str {
        self.bytes(Table::Strings, string)
            .and_then(|bytes| core::str::from_utf8(bytes).ok())
            .unwrap_or("")
    }

    /// The number of a string, when the pack holds it. Strings lie in the order of their bytes.
    pub(crate) fn find_text(&self, text: &str) -> Option<u32> {
        let (index, records) = self.parts(Table::Strings);
        let wanted = text.as_bytes();
        let head = |block: usize| {
            let offset = le_u32(index, block * 4) as usize;
            Cursor::new(records.get(offset..).unwrap_or(&[]))
        };
        let (mut low, mut high) = (0, index.len() / 4);
        while low < high {
            let middle = low.midpoint(high);
            if head(middle).record().is_some_and(|bytes| bytes <= wanted) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let block = low.checked_sub(1)?;
        let first = block as u32 * STRIDE;
        let mut cursor = head(block);
        (first..self.count(Table::Strings).min(first.saturating_add(STRIDE)))
            .find(|_| cursor.record() == Some(wanted))
    }
}

impl fmt::Debug for Pack<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pack")
            .field("engine", &self.engine())
            .field("versions", &self.count(Table::Versions))
            .field("bytes", &(HEADER_LEN + self.payload.len()))
            .finish()
    }
}

/// The checksum of a payload: xxHash's 64-bit form, seeded with the format version.
pub(crate) fn checksum(payload: &[u8]) -> u64 {
    hash(payload, u64::from(FORMAT_VERSION))
}

pub(crate) fn hash(bytes: &[u8], seed: u64) -> u64 {
    xxhash_rust::xxh64::xxh64(bytes, seed)
}

/// Four little-endian bytes at an offset; zero outside.
fn le_u32(bytes: &[u8], at: usize) -> u32 {
    bytes
        .get(at..)
        .and_then(|rest| rest.first_chunk::<4>())
        .map_or(0, |chunk| u32::from_le_bytes(*chunk))
}
