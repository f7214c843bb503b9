//! A tar from a stranger, entry by entry.
//!
//! It is read here and not by the crate `tar`, whose iterator holds a long name of any length in
//! memory and cuts extended headers at every line.

use std::io::{self, Read};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tar::{EntryType, GnuExtSparseHeader, GnuHeader, Header};

use crate::archive::unpack::UnpackError;

const BLOCK: usize = 512;
/// The most of a long name, or of an entry's extended header.
const LONGEST_EXTENSION: u64 = 1 << 20;
/// The most headers that an entry may have before its own; all formats together know of four.
const MOST_EXTENSIONS: usize = 16;
/// The most that may follow the end of an archive: padding of its last record.
const LONGEST_PADDING: u64 = 1 << 20;

pub(super) const CUT: &str = "the archive ends too soon";

/// Returns how many bytes fill up the last block of an entry.
pub(super) fn padding(size: u64) -> u64 {
    (BLOCK as u64 - size % BLOCK as u64) % BLOCK as u64
}

/// A tar as it is read.
pub(super) struct Archive<'a, R> {
    pub(super) reader: &'a mut R,
    pub(super) offset: u64,
}

pub(super) struct Entry {
    pub(super) path: Vec<u8>,
    pub(super) target: Vec<u8>,
    pub(super) kind: EntryType,
    pub(super) size: u64,
    pub(super) mode: u32,
    pub(super) modified: SystemTime,
}

/// What came before an entry's own header.
#[derive(Default)]
struct Extension {
    path: Option<Vec<u8>>,
    target: Option<Vec<u8>>,
    size: Option<u64>,
    modified: Option<SystemTime>,
    is_sparse: bool,
}

impl<R: Read> Archive<'_, R> {
    /// Reads up to the data of the next entry; `None` at the end of the archive.
    pub(super) fn next(&mut self) -> Result<Option<Entry>, UnpackError> {
        let mut extension = Extension::default();
        let mut extensions = 0;
        loop {
            let start = self.offset;
            let wrong = |what| UnpackError::Malformed(start, what);
            let mut block = [0; BLOCK];
            self.read(&mut block)?;
            if block.iter().all(|byte| *byte == 0) {
                self.end()?;
                return Ok(None);
            }
            let header = Header::from_byte_slice(&block);
            if header.cksum().ok() != Some(sum(&block)) {
                return Err(wrong("that is no header of a tar"));
            }
            let kind = header.entry_type();
            let size = size_in(header).ok_or_else(|| wrong("its size is no number"))?;
            if extensions > MOST_EXTENSIONS {
                return Err(wrong("an entry has too many headers"));
            }
            extensions += 1;
            match kind {
                EntryType::GNULongName => extension.path = Some(self.name(size)?),
                EntryType::GNULongLink => extension.target = Some(self.name(size)?),
                EntryType::XHeader => {
                    let records = self.extension(size)?;
                    extension.read(&records).ok_or_else(|| wrong("its records are malformed"))?;
                }
                EntryType::XGlobalHeader => {
                    self.extension(size)?;
                }
                _ => {
                    if kind == EntryType::GNUSparse {
                        self.skip_map(header)?;
                    }
                    return entry(header, extension)
                        .ok_or_else(|| wrong("it is malformed"))
                        .map(Some);
                }
            }
        }
    }

    /// Skips what a sparse file's header has no room for: its data comes behind that.
    fn skip_map(&mut self, header: &Header) -> Result<(), UnpackError> {
        let mut goes_on = header.as_gnu().is_some_and(GnuHeader::is_extended);
        for _ in 0..LONGEST_EXTENSION / BLOCK as u64 {
            if !goes_on {
                return Ok(());
            }
            let mut map = GnuExtSparseHeader::new();
            self.read(map.as_mut_bytes())?;
            goes_on = map.is_extended();
        }
        Err(UnpackError::Malformed(self.offset, "a sparse file has too many pieces"))
    }

    fn name(&mut self, size: u64) -> Result<Vec<u8>, UnpackError> {
        let mut name = self.extension(size)?;
        if let Some(end) = name.iter().position(|byte| *byte == 0) {
            name.truncate(end);
        }
        Ok(name)
    }

    fn extension(&mut self, size: u64) -> Result<Vec<u8>, UnpackError> {
        if size > LONGEST_EXTENSION {
            return Err(UnpackError::Malformed(self.offset, "a name is too long"));
        }
        let mut bytes = vec![0; size as usize];
        self.read(&mut bytes)?;
        self.skip(padding(size))?;
        Ok(bytes)
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<(), UnpackError> {
        let mut filled = 0;
        while filled < buffer.len() {
            let read = self.reader.read(&mut buffer[filled..]).map_err(UnpackError::Stopped)?;
            if read == 0 {
                return Err(UnpackError::Malformed(self.offset, CUT));
            }
            filled += read;
            self.offset += read as u64;
        }
        Ok(())
    }

    pub(super) fn skip(&mut self, mut length: u64) -> Result<(), UnpackError> {
        let mut buffer = [0; 8 << 10];
        while length > 0 {
            let most = length.min(buffer.len() as u64) as usize;
            self.read(&mut buffer[..most])?;
            length -= most as u64;
        }
        Ok(())
    }

    /// Reads what follows the end, so that the connection can be used again.
    fn end(&mut self) -> Result<(), UnpackError> {
        io::copy(&mut self.reader.take(LONGEST_PADDING), &mut io::sink())
            .map(drop)
            .map_err(UnpackError::Stopped)
    }
}

/// Adds up a header, with spaces where the sum stands.
fn sum(block: &[u8; BLOCK]) -> u32 {
    let sum = |bytes: &[u8]| bytes.iter().map(|byte| u32::from(*byte)).sum::<u32>();
    sum(&block[..148]) + 8 * u32::from(b' ') + sum(&block[156..])
}

fn entry(header: &Header, extension: Extension) -> Option<Entry> {
    let kind = header.entry_type();
    // What is no file has no data, whatever its header says, as Go has it.
    let size = match extension.size {
        _ if has_no_data(kind) => 0,
        Some(size) => size,
        None => size_in(header)?,
    };
    let modified = match extension.modified {
        Some(time) => time,
        None => time_in(header)?,
    };
    let target =
        extension.target.or_else(|| header.link_name_bytes().map(|name| name.into_owned()));
    let mut path = extension.path.unwrap_or_else(|| header.path_bytes().into_owned());
    // Before there were folders in tar, a `/` at the end said so.
    let kind = match kind {
        EntryType::Regular if extension.is_sparse => EntryType::GNUSparse,
        EntryType::Regular if path.ends_with(b"/") => EntryType::Directory,
        kind => kind,
    };
    while path.len() > 1 && path.ends_with(b"/") {
        path.pop();
    }
    Some(Entry {
        path,
        target: target.unwrap_or_default(),
        kind,
        size,
        mode: if is_blank(&header.as_old().mode) { 0 } else { header.mode().ok()? },
        modified,
    })
}

/// A number that is not written is 0, as for Go and for GNU tar.
fn is_blank(field: &[u8]) -> bool {
    field.iter().all(|byte| matches!(byte, b' ' | 0))
}

fn size_in(header: &Header) -> Option<u64> {
    if is_blank(&header.as_old().size) {
        return Some(0);
    }
    header.entry_size().ok()
}

fn time_in(header: &Header) -> Option<SystemTime> {
    let field = &header.as_old().mtime;
    if is_blank(field) {
        return Some(UNIX_EPOCH);
    }
    // A number that is no text and below zero, of which the last 64 bits say all.
    if field[0] == 0xff {
        let seconds = i64::from_be_bytes(*field.last_chunk()?);
        return Some(time(seconds, 0));
    }
    Some(time(i64::try_from(header.mtime().ok()?).unwrap_or(0), 0))
}

/// A time after or before 1970, or else that year's beginning.
fn time(seconds: i64, nanos: u32) -> SystemTime {
    let whole = Duration::from_secs(seconds.unsigned_abs());
    let time = match seconds < 0 {
        true => UNIX_EPOCH.checked_sub(whole),
        false => UNIX_EPOCH.checked_add(whole),
    };
    time.and_then(|time| time.checked_add(Duration::from_nanos(nanos.into()))).unwrap_or(UNIX_EPOCH)
}

/// Reads seconds with a fraction, such as `-12.5`.
pub(super) fn time_of(text: &str) -> Option<SystemTime> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_digits = fraction.bytes().all(|byte| byte.is_ascii_digit());
    let digits: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    let (seconds, nanos): (i64, u32) =
        (whole.parse().ok()?, digits.parse().ok().filter(|_| is_digits)?);
    match (text.starts_with('-'), nanos) {
        // The fraction goes the same way.
        (true, 1..) => Some(time(seconds.checked_sub(1)?, 1_000_000_000 - nanos)),
        _ => Some(time(seconds, nanos)),
    }
}

fn has_no_data(kind: EntryType) -> bool {
    matches!(
        kind,
        EntryType::Link
            | EntryType::Symlink
            | EntryType::Char
            | EntryType::Block
            | EntryType::Directory
            | EntryType::Fifo
    )
}

impl Extension {
    /// Reads records such as `19 path=some/where\n`, with their length before them.
    fn read(&mut self, mut records: &[u8]) -> Option<()> {
        while !records.is_empty() {
            let space = records.iter().position(|byte| *byte == b' ')?;
            let length: usize = std::str::from_utf8(&records[..space]).ok()?.parse().ok()?;
            let record = records.get(space + 1..length)?.strip_suffix(b"\n")?;
            let equals = record.iter().position(|byte| *byte == b'=')?;
            let (key, value) = (&record[..equals], record[equals + 1..].to_vec());
            let text = || std::str::from_utf8(&record[equals + 1..]).ok();
            match key {
                b"path" => self.path = Some(value),
                b"linkpath" => self.target = Some(value),
                b"size" => self.size = Some(text()?.parse().ok()?),
                b"mtime" => self.modified = Some(time_of(text()?)?),
                _ if key.starts_with(b"GNU.sparse.") => self.is_sparse = true,
                _ => {}
            }
            records = &records[length..];
        }
        Some(())
    }
}

/// The data of an entry.
pub(super) struct Data<'a, 'b, R> {
    pub(super) archive: &'a mut Archive<'b, R>,
    pub(super) left: u64,
    pub(super) is_cut: bool,
}

impl<R: Read> Read for Data<'_, '_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = self.left.min(buffer.len() as u64) as usize;
        if most == 0 {
            return Ok(0);
        }
        let read = self.archive.reader.read(&mut buffer[..most])?;
        if read == 0 {
            self.is_cut = true;
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= read as u64;
        self.archive.offset += read as u64;
        Ok(read)
    }
}
