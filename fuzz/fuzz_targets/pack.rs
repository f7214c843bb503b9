//! The reader of packs, behind the checksum: whatever a pack says, asking it comes to an end. One
//! that verifies comes back as models, and they make a pack that says the same.
//!
//! Input: a pack, whose header is made right unless it is no pack's at all.
#![no_main]

use contajners_core::{FORMAT_VERSION, Pack};
use contajners_fetch_api::{lift, lower};
use contajners_fuzz::catalogue::walk;
use contajners_fuzz::one_line;
use libfuzzer_sys::fuzz_target;

const HEADER_LEN: usize = 24;

fuzz_target!(|data: &[u8]| {
    if let Err(error) = Pack::open(data) {
        assert!(!error.code().is_empty() && !error.hint().is_empty());
        one_line(&error.to_string());
    }
    let Some(bytes) = mended(data) else { return };
    let Ok(pack) = Pack::open(&bytes) else { return };
    walk(pack);
    match pack.verify() {
        Ok(()) => again(pack),
        Err(error) => one_line(&error.to_string()),
    }
});

/// The same with a header that fits.
fn mended(data: &[u8]) -> Option<Vec<u8>> {
    let (header, payload) = data.split_at_checked(HEADER_LEN)?;
    let mut bytes = Vec::with_capacity(data.len());
    bytes.extend_from_slice(&header[..8]);
    bytes.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
    bytes.extend_from_slice(&[0, 0]);
    bytes.extend_from_slice(&u32::try_from(payload.len()).ok()?.to_le_bytes());
    let sum = xxhash_rust::xxh64::xxh64(payload, u64::from(FORMAT_VERSION));
    bytes.extend_from_slice(&sum.to_le_bytes());
    bytes.extend_from_slice(payload);
    Some(bytes)
}

fn again(pack: Pack<'_>) {
    let Ok(models) = lift::models(&pack) else { return };
    let Ok(bytes) = lower::pack(&lift::engine(&pack), &models) else { return };
    let second = Pack::open(&bytes).expect("a pack that was just written");
    assert_eq!(second.verify(), Ok(()));
    assert_eq!(second.newest().is_some(), pack.newest().is_some());
}
