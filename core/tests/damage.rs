//! Foreign, truncated, bit-flipped and lying packs: a clear error, never a panic.

use std::cell::Cell;
use std::collections::BTreeMap;

use contajners_core::{Additional, Api, Body, Pack, PackError, Schema};
use contajners_resources::DOCKER;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

const HEADER_LEN: usize = 24;
const DIRECTORY_LEN: usize = 13 * 8;

#[test]
fn sound_packs_verify() {
    for (engine, bytes) in contajners_resources::ENGINES {
        let pack = Pack::open(bytes).unwrap();
        assert_eq!(pack.verify(), Ok(()), "{engine}");
        assert_eq!(pack.engine(), *engine);
    }
}

#[test]
fn every_truncation_is_noticed() {
    for len in 0..DOCKER.len() {
        let error = Pack::open(&DOCKER[..len]).unwrap_err();
        let expected = matches!(error, PackError::Length { .. }) || len == 0;
        assert!(expected, "{len}: {error}");
    }
    let longer = [DOCKER, b"x"].concat();
    let error = Pack::open(&longer).unwrap_err();
    assert_eq!(error.to_string(), "the pack is damaged: 1 bytes left after its end");
}

#[test]
fn every_flipped_bit_is_noticed() {
    let mut bytes = DOCKER.to_vec();
    // All of the header and the directory, then a sample: each takes a whole checksum.
    let directory = HEADER_LEN + DIRECTORY_LEN;
    let places = (0..directory).chain((directory..bytes.len()).step_by(61));
    for place in places {
        for bit in [0, 3, 7] {
            bytes[place] ^= 1 << bit;
            assert!(Pack::open(&bytes).is_err(), "bit {bit} of byte {place}");
            bytes[place] ^= 1 << bit;
        }
    }
}

#[test]
fn says_what_is_wrong() {
    let check = |bytes: &[u8], code: &str, text: &str| {
        let error = Pack::open(bytes).unwrap_err();
        assert_eq!((error.code(), &*error.to_string()), (code, text));
    };
    check(b"", "pack-foreign", "not a contajners pack: it does not begin like one");
    check(b"swagger: \"2.0\"", "pack-foreign", "not a contajners pack: it does not begin like one");
    check(&DOCKER[..20], "pack-length", "the pack is truncated: 20 of 24 bytes are there");
    let mut newer = DOCKER.to_vec();
    newer[8] = 9;
    check(
        &newer,
        "pack-format-version",
        "the pack has format version 9; this reader knows version 3",
    );
    let mut flipped = DOCKER.to_vec();
    flipped[1000] ^= 4;
    check(&flipped, "pack-checksum", "the pack is damaged: its checksum does not fit");
}

/// Asks a pack everything there is to ask, within bounds.
fn walk(pack: Pack<'_>) {
    let _ = (
        pack.engine(),
        pack.addresses().count(),
        pack.version_rule(),
        pack.error_pointers().count(),
        format!("{pack:?}"),
    );
    let _ = pack.operation_ids().take(1000).count();
    for api in pack.apis().rev().take(2) {
        let _ = (api.version(), api.namespaces().count(), api.categories().len());
        let _ = (api.operation("ContainerList").is_ok(), api.operation("Nonesuch").is_ok());
        let _ = api.definitions().take(50).map(|(_, schema)| shape(schema, 4)).sum::<usize>();
        wait(api);
        for operation in api.operations() {
            let _ = (operation.id(), operation.category(), operation.doc_url(), operation.ids());
            let _ = (operation.produces().count(), operation.history().to_string());
            for parameter in operation.parameters().take(50) {
                let _ = (parameter.name(), parameter.history(), shape(parameter.schema(), 4));
            }
            for response in operation.responses().take(50) {
                let _ = (response.status(), response.headers().count());
                let _ = response.schema().map(|schema| shape(schema, 4));
            }
            if let Some(body) = operation.body() {
                let _ = (body.media_types().count(), shape(body.schema(), 4));
                let _ = body.schema().property("Image");
            }
            let _ = operation.resolve(&[("id", &"x"), ("all", &true)], Body::Nothing);
        }
    }
}

/// Asks a version everything about its waiters.
fn wait(api: Api<'_>) {
    for waiter in api.waiters().take(1000) {
        let _ = (waiter.name(), waiter.operation().is_ok(), waiter.within(), waiter.tells());
        let _ = (waiter.history().to_string(), waiter.conditions().count());
        let _ = waiter.resolve(&[("id", &"x")]).is_ok();
        let body = BTreeMap::from([("State", "running")]);
        let _ = (waiter.judge(200, Some(&body)), waiter.judge(404, None), waiter.seen(&body));
        waiter.tell(&body, &mut |_| {});
    }
    let _ = api.waiter("nonesuch").map_err(|error| error.hint());
}

/// The number of nodes in a schema, down to a depth and in a limited breadth.
fn shape(schema: Schema<'_>, depth: usize) -> usize {
    if depth == 0 {
        return 1;
    }
    let schema = schema.resolved();
    let _ = (schema.label(), schema.format(), schema.default(), schema.members().count());
    let additional = match schema.additional() {
        Additional::Schema(schema) => Some(schema),
        _ => None,
    };
    let children = schema.properties().map(|property| property.schema).take(8);
    let children = children.chain(schema.parts().take(8)).chain(schema.items()).chain(additional);
    1 + children.map(|child| shape(child, depth - 1)).sum::<usize>()
}

#[test]
fn walks_sound_packs() {
    for (_, bytes) in contajners_resources::ENGINES {
        walk(Pack::open(bytes).unwrap());
    }
}

/// The checksum that a pack with this payload has.
fn checksum(payload: &[u8]) -> [u8; 8] {
    let seed = u64::from(contajners_core::FORMAT_VERSION);
    xxhash_rust::xxh64::xxh64(payload, seed).to_le_bytes()
}

/// Makes the checksum right.
fn seal(pack: &mut [u8]) {
    let sum = checksum(&pack[HEADER_LEN..]);
    pack[16..24].copy_from_slice(&sum);
}

/// The tables of a pack, as lists of records that can be changed.
struct Tables(Vec<Vec<Vec<u8>>>);

const NAMES: usize = 4;
const OPERATIONS: usize = 5;
const VARIANTS: usize = 6;
const PARAMETERS: usize = 7;
const SCHEMAS: usize = 11;

impl Tables {
    fn of(pack: &[u8]) -> Self {
        let payload = &pack[HEADER_LEN..];
        let number =
            |at: usize| u32::from_le_bytes(payload[at..at + 4].try_into().unwrap()) as usize;
        let mut start = 13 * 8;
        let tables = (0..13).map(|table| {
            let (count, end) = (number(table * 8), number(table * 8 + 4));
            let mut rest = &payload[start + count.div_ceil(16) * 4..end];
            start = end;
            let record = |_| {
                let (mut len, mut shift) = (0, 0);
                while let Some((&byte, behind)) = rest.split_first() {
                    rest = behind;
                    len |= usize::from(byte & 0x7f) << shift;
                    shift += 7;
                    if byte < 0x80 {
                        break;
                    }
                }
                let (record, behind) = rest.split_at(len);
                rest = behind;
                record.to_vec()
            };
            (0..count).map(record).collect()
        });
        Self(tables.collect())
    }

    /// A pack whose lengths, indices and checksum are right.
    fn pack(&self) -> Vec<u8> {
        let (mut directory, mut tables) = (Vec::new(), Vec::new());
        for records in &self.0 {
            let (mut index, mut bytes) = (Vec::new(), Vec::new());
            for (number, record) in records.iter().enumerate() {
                if number % 16 == 0 {
                    index.extend((bytes.len() as u32).to_le_bytes());
                }
                let mut len = record.len();
                while len >= 0x80 {
                    bytes.push(len as u8 | 0x80);
                    len >>= 7;
                }
                bytes.push(len as u8);
                bytes.extend(record);
            }
            tables.extend([index, bytes].concat());
            directory.extend((records.len() as u32).to_le_bytes());
            directory.extend((13 * 8 + tables.len() as u32).to_le_bytes());
        }
        let payload = [directory, tables].concat();
        let head = [&DOCKER[..12], &(payload.len() as u32).to_le_bytes()].concat();
        [head, checksum(&payload).to_vec(), payload].concat()
    }
}

/// Changes one record of a sound pack, and tells what is found of it.
#[track_caller]
fn check_changed(table: usize, number: usize, change: impl Fn(&mut Vec<u8>)) {
    let mut tables = Tables::of(DOCKER);
    change(&mut tables.0[table][number]);
    let bytes = tables.pack();
    let error = Pack::open(&bytes).unwrap().verify().unwrap_err();
    let PackError::Structure { record, .. } = error else { panic!("{error}") };
    assert_eq!((error.code(), record as usize), ("pack-structure", number), "{error}");
}

#[test]
fn records_are_read_to_their_ends() {
    let tables = Tables::of(DOCKER);
    assert_eq!(tables.pack(), DOCKER);
    for table in [NAMES, OPERATIONS, VARIANTS, PARAMETERS] {
        check_changed(table, 3, |record| record.truncate(record.len() - 1));
        check_changed(table, 3, |record| record.push(0));
    }
    // One of each kind of schema.
    let mut absent = Vec::new();
    for kind in 0..=12 {
        let is_it = |record: &Vec<u8>| record[0] & 0x0f == kind;
        let Some(number) = tables.0[SCHEMAS].iter().position(is_it) else {
            absent.push(kind);
            continue;
        };
        check_changed(SCHEMAS, number, |record| record.truncate(record.len() - 1));
        check_changed(SCHEMAS, number, |record| record.push(0));
    }
    // Docker has none of these.
    assert_eq!(absent, [5, 6, 10]);
}

#[test]
fn what_means_nothing_is_refused() {
    check_changed(OPERATIONS, 3, |record| record[0] = 8);
    for kind in 13..=15 {
        check_changed(SCHEMAS, 0, |record| *record = vec![kind]);
    }
    // Where bits stand: behind so many numbers.
    let behind = |record: &[u8], numbers: usize| {
        (0..).filter(|&at| record[at] < 0x80).nth(numbers - 1).unwrap() + 1
    };
    // No encoding, no answer and no flag.
    for (table, numbers, bits) in [(PARAMETERS, 1, 0x18), (VARIANTS, 2, 0x0f), (VARIANTS, 2, 0x80)]
    {
        check_changed(table, 3, |record| {
            let at = behind(record, numbers);
            record[at] |= bits;
        });
    }
}

/// Few of the changes below reach the waiters, whose table is small and the last: here each of its
/// bytes is changed.
#[test]
fn lying_waiters_are_survived() {
    let mut bytes = DOCKER.to_vec();
    let end = HEADER_LEN + 11 * 8 + 4;
    let start = u32::from_le_bytes(bytes[end..end + 4].try_into().unwrap()) as usize;
    let (mut found_out, mut changes) = (0, 0);
    for place in HEADER_LEN + start..bytes.len() {
        let sound = bytes[place];
        for lie in [0, 1, 0x7f, 0x80, 0xff, sound ^ 4, sound.wrapping_add(1)] {
            bytes[place] = lie;
            seal(&mut bytes);
            let pack = Pack::open(&bytes).unwrap();
            found_out += usize::from(pack.verify().is_err());
            changes += 1;
            pack.newest().into_iter().for_each(wait);
        }
        bytes[place] = sound;
    }
    assert!(start > 40_000 && changes > 500 && found_out * 4 > changes, "{found_out} of {changes}");
}

/// Where tables begin and end is looked at when a pack is opened.
#[test]
fn lying_directories_are_survived() {
    let mut bytes = DOCKER.to_vec();
    let (mut found_out, mut changes) = (0, 0);
    for place in HEADER_LEN..HEADER_LEN + DIRECTORY_LEN {
        let sound = bytes[place];
        for lie in [0, 1, 0x7f, 0x80, 0xff, sound ^ 4, sound.wrapping_add(1)] {
            bytes[place] = lie;
            seal(&mut bytes);
            match Pack::open(&bytes) {
                Err(error) => {
                    assert_eq!(error.code(), "pack-structure");
                    found_out += 1;
                }
                Ok(pack) => {
                    found_out += usize::from(pack.verify().is_err());
                    walk(pack);
                }
            }
            changes += usize::from(lie != sound);
        }
        bytes[place] = sound;
    }
    assert_eq!(found_out, changes);
}

/// A pack whose checksum is right and whose content is not: whatever is in it, asking ends.
#[test]
fn lying_packs_are_survived_and_found_out() {
    const CASES: u32 = 48;
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(CASES) };
    let change = (any::<prop::sample::Index>(), any::<u8>());
    let found_out = Cell::new(0);
    TestRunner::new(config)
        .run(&prop::collection::vec(change, 1..12), |changes| {
            let mut bytes = DOCKER.to_vec();
            for (place, byte) in &changes {
                let tables = HEADER_LEN + DIRECTORY_LEN;
                let place = tables + place.index(bytes.len() - tables);
                bytes[place] = *byte;
            }
            seal(&mut bytes);
            let pack = Pack::open(&bytes).unwrap();
            found_out.set(found_out.get() + u32::from(pack.verify().is_err()));
            walk(pack);
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
    let found_out = found_out.get();
    // What is changed may be a letter of a text, which is as good as before.
    assert!(found_out * 4 > CASES * 3, "{found_out} of {CASES}");
}
