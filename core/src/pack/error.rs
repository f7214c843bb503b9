use core::fmt;

/// Why bytes are not a usable pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PackError {
    /// The bytes do not begin as a pack does.
    Foreign,
    /// The pack was written in another version of the format.
    FormatVersion {
        /// The version the pack was written in.
        found: u16,
    },
    /// Fewer or more bytes than the header announces.
    Length {
        /// Bytes the header announces, itself included.
        expected: u64,
        /// Bytes there are.
        found: u64,
    },
    /// The checksum does not fit: a bit or more has changed.
    Checksum,
    /// A record lies outside its table, does not read to its end, holds what the format does not
    /// know, or refers to one that is not there.
    Structure {
        /// The table that holds the record.
        table: &'static str,
        /// The number of the record.
        record: u32,
    },
}

impl PackError {
    /// Returns the stable name that scripts and bindings match on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Foreign => "pack-foreign",
            Self::FormatVersion { .. } => "pack-format-version",
            Self::Length { .. } => "pack-length",
            Self::Checksum => "pack-checksum",
            Self::Structure { .. } => "pack-structure",
        }
    }

    /// Returns what to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Foreign => "a pack is a `.postcard` file written by `cargo xtask fetch-api`",
            Self::FormatVersion { found } if *found > super::FORMAT_VERSION => {
                "update contajners, or recompile the pack with this version of it"
            }
            _ => "rebuild it with `cargo xtask fetch-api`",
        }
    }
}

impl fmt::Display for PackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign => f.write_str("not a contajners pack: it does not begin like one"),
            Self::FormatVersion { found } => write!(
                f,
                "the pack has format version {found}; this reader knows version {}",
                super::FORMAT_VERSION
            ),
            Self::Length { expected, found } if found < expected => {
                write!(f, "the pack is truncated: {found} of {expected} bytes are there")
            }
            Self::Length { expected, found } => {
                write!(f, "the pack is damaged: {} bytes left after its end", found - expected)
            }
            Self::Checksum => f.write_str("the pack is damaged: its checksum does not fit"),
            Self::Structure { table, record } => {
                write!(f, "the pack is damaged: record {record} of table `{table}` does not fit")
            }
        }
    }
}

impl core::error::Error for PackError {}
