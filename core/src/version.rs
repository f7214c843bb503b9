//! API versions and sets of them.

use core::cmp::Ordering;
use core::fmt;

use crate::pack::records::{Pairs, VersionRecord};
use crate::pack::{Pack, Table};

/// The version of an API that a call is addressed to, such as `v1.41` or `v4.3.1`.
///
/// Versions are ordered by their numbers; a missing number counts as zero.
///
/// ```
/// use contajners_core::ApiVersion;
///
/// let old = ApiVersion::parse("1.9").unwrap();
/// let new = ApiVersion::parse("v1.41").unwrap();
/// assert!(old < new);
/// assert_eq!(new.to_string(), "v1.41");
/// assert_eq!(ApiVersion::parse("4.3.1-dev"), ApiVersion::parse("v4.3.1"));
/// assert_eq!(ApiVersion::parse("latest"), None);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct ApiVersion {
    numbers: [u32; 3],
    written: u8,
}

impl ApiVersion {
    /// Reads one to three numbers divided by dots, with or without a leading `v`.
    ///
    /// What follows a `-` or `+` (pre-release, build) is left out of account. Returns `None`
    /// when the text is not of that form.
    pub fn parse(text: &str) -> Option<Self> {
        let bare = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let bare = bare.split(['-', '+']).next().unwrap_or(bare);
        let mut version = Self { numbers: [0; 3], written: 0 };
        for part in bare.split('.') {
            let slot = version.numbers.get_mut(usize::from(version.written))?;
            // `parse` alone would take a sign.
            if !part.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            *slot = part.parse().ok()?;
            version.written += 1;
        }
        Some(version)
    }
}

impl PartialEq for ApiVersion {
    fn eq(&self, other: &Self) -> bool {
        self.numbers == other.numbers
    }
}

impl Eq for ApiVersion {}

impl Ord for ApiVersion {
    fn cmp(&self, other: &Self) -> Ordering {
        self.numbers.cmp(&other.numbers)
    }
}

impl PartialOrd for ApiVersion {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl core::hash::Hash for ApiVersion {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        self.numbers.hash(state);
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, number) in self.numbers.iter().take(usize::from(self.written)).enumerate() {
            write!(f, "{}{number}", if i == 0 { 'v' } else { '.' })?;
        }
        Ok(())
    }
}

/// The versions of an engine's API in which something exists.
///
/// It is a set, not an interval: things come, go and come back. Its text is made for messages:
/// `v1.25–v1.26, v1.28–v1.55`, or `all versions`.
#[derive(Clone)]
pub struct VersionSet<'a> {
    pack: Pack<'a>,
    /// Ascending runs of version numbers: first and one past the last.
    runs: alloc::vec::Vec<(u32, u32)>,
}

impl<'a> VersionSet<'a> {
    pub(crate) fn empty(pack: Pack<'a>) -> Self {
        Self { pack, runs: alloc::vec::Vec::new() }
    }

    /// Adds the versions of a stored set.
    pub(crate) fn add(&mut self, set: u32) {
        for run in runs(self.pack, set) {
            let at = self.runs.partition_point(|known| *known <= run);
            self.runs.insert(at, run);
        }
        let mut joined: alloc::vec::Vec<(u32, u32)> = alloc::vec::Vec::new();
        for &(from, to) in &self.runs {
            match joined.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => joined.push((from, to)),
            }
        }
        self.runs = joined;
    }

    /// Adds one version, by its number. Versions come in order.
    pub(crate) fn add_version(&mut self, version: u32) {
        match self.runs.last_mut() {
            Some(last) if last.1 == version => last.1 += 1,
            _ => self.runs.push((version, version + 1)),
        }
    }

    /// Tells whether no version has it.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Tells whether every version of the pack has it.
    pub fn is_all(&self) -> bool {
        self.runs == [(0, self.pack.count(Table::Versions))]
    }

    /// Tells whether the version is among them, spelled as the pack spells it (`v1.41`); others are
    /// never found.
    pub fn contains(&self, version: &str) -> bool {
        self.iter().any(|own| own == version)
    }

    /// Returns the version from which on every one has it; `None` when there are gaps, or when
    /// the newest version has it no longer.
    pub fn since(&self) -> Option<&'a str> {
        match *self.runs {
            [(from, to)] if to == self.pack.count(Table::Versions) => {
                Some(version_name(self.pack, from))
            }
            _ => None,
        }
    }

    /// Returns the versions, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &'a str> + use<'a, '_> {
        let pack = self.pack;
        self.runs.iter().flat_map(|&(from, to)| from..to).map(move |i| version_name(pack, i))
    }

    /// Returns the oldest and the newest version of each run of neighbouring versions.
    pub fn ranges(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a, '_> {
        let pack = self.pack;
        self.runs
            .iter()
            .map(move |&(from, to)| (version_name(pack, from), version_name(pack, to - 1)))
    }
}

/// Sets of the same pack are equal when they hold the same versions.
impl PartialEq for VersionSet<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.runs == other.runs
    }
}

impl Eq for VersionSet<'_> {}

impl fmt::Display for VersionSet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("no version");
        }
        if self.is_all() {
            return f.write_str("all versions");
        }
        for (i, (first, last)) in self.ranges().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            f.write_str(first)?;
            if first != last {
                write!(f, "–{last}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for VersionSet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

pub(crate) fn version_name(pack: Pack<'_>, version: u32) -> &str {
    pack.text(VersionRecord::read(pack.record(Table::Versions, version)).name)
}

/// The runs of a stored set, first and one past the last, kept within the pack's versions.
fn runs(pack: Pack<'_>, set: u32) -> impl Iterator<Item = (u32, u32)> + '_ {
    let count = pack.count(Table::Versions);
    let mut next = 0u32;
    Pairs::tail(pack.record(Table::VersionSets, set))
        .map(move |(gap, len)| {
            let from = next.saturating_add(gap).min(count);
            next = from.saturating_add(len).min(count);
            (from, next)
        })
        .filter(|(from, to)| from < to)
}

/// Tells whether a stored set has the version.
pub(crate) fn set_contains(pack: Pack<'_>, set: u32, version: u32) -> bool {
    runs(pack, set).take_while(|&(from, _)| from <= version).any(|(_, to)| version < to)
}
