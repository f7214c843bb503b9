//! Packs and folders that are not as they should be.

use super::*;

/// Damaged packs, each with its name.
fn damaged(sound: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mut flipped = sound.to_vec();
    *flipped.last_mut().unwrap() ^= 1;
    let mut other_format = sound.to_vec();
    other_format[8] = 99;
    vec![
        ("empty", Vec::new()),
        ("foreign", b"something else entirely".to_vec()),
        ("truncated", sound[..sound.len() - 1].to_vec()),
        ("flipped", flipped),
        ("other_format", other_format),
    ]
}

#[test]
fn a_pack_that_cannot_be_read_is_replaced_only_as_a_whole() {
    let room = Room::new(&["v1.0", "v1.1"]);
    assert!(room.compile().good);
    let sound = room.pack();
    for (name, bytes) in damaged(&sound) {
        room.put_pack(&bytes);
        let ran = room.run(&room.plan_of(|version| version == "v1.1"));
        assert!(!ran.good, "{name}");
        let expected = "error: toy: …/packs/toy.postcard holds versions that were not compiled, \
                        but cannot be read\n  caused by: ";
        assert!(ran.text.starts_with(expected), "{name}: {}", ran.text);
        assert!(
            ran.text
                .ends_with("hint: restore the file, or compile all versions of the engine at once"),
            "{name}: {}",
            ran.text
        );
        assert_eq!(room.pack(), bytes, "{name}");
        let ran = room.check();
        assert!(!ran.good, "{name}");
        assert_eq!(room.pack(), bytes, "{name}");
        let ran = room.compile();
        assert!(ran.good, "{name}: {}", ran.text);
        assert!(
            ran.text.starts_with("toy: …/packs/toy.postcard was not a usable pack: "),
            "{name}"
        );
        assert_eq!(room.pack(), sound, "{name}");
    }
}

#[test]
fn a_pack_with_a_right_checksum_and_wrong_records_is_not_lifted() {
    use contajners_core::write::{SchemaNode, Shape, VersionRule, Writer};
    let room = Room::new(&["v1.0", "v1.1"]);
    let crafted = |parts: &[u32]| {
        let node = |shape| SchemaNode {
            format: None,
            members: Vec::new(),
            default: None,
            nullable: false,
            shape,
        };
        let mut writer = Writer::new();
        let [nothing, name, version] = ["", "toy", "v1.0"].map(|text| writer.string(text));
        writer.engine(name, VersionRule::Newest, &[], &[]);
        writer.version(version, nothing, nothing, &[]);
        let always = writer.version_set(&[0]);
        writer.schema(&node(Shape::Any));
        let mut last = 0u32;
        for _ in 0..64 {
            let parts = parts.iter().map(|back| last.wrapping_sub(*back)).collect();
            last = writer.schema(&node(Shape::AllOf(parts)));
        }
        writer.definition(name, &[(always, last)]);
        writer.finish()
    };
    room.put_pack(&crafted(&[0, u32::MAX]));
    let alone = room.plan_of(|version| version == "v1.1");
    assert_snapshot!(room.run(&alone).text, @r"
    error: toy: …/packs/toy.postcard holds versions that were not compiled, but cannot be read
      caused by: the pack is damaged: record 1 of table `schemas` does not fit
      hint: restore the file, or compile all versions of the engine at once
    ");
    // Thirty bytes a step, and twice the schema at each.
    room.put_pack(&crafted(&[0, 0]));
    assert_snapshot!(room.run(&alone).text, @r"
    error: toy: …/packs/toy.postcard was not made by this command
      caused by: with v1.0 the pack unfolds to more than 268435456 bytes
      hint: restore the file, or compile all versions of the engine at once
    ");
    assert!(room.compile().good);
}

#[test]
fn the_pack_of_another_engine_is_left_alone() {
    let room = Room::new(&["v1.0"]);
    let other = lower::pack(
        &crate::model::Engine { name: "other".to_owned(), ..Default::default() },
        &[Model { version: "v7.0".to_owned(), ..Default::default() }],
    );
    let other = other.unwrap();
    room.put_pack(&other);
    let ran = room.compile();
    assert!(!ran.good);
    assert_snapshot!(ran.text, @r"
    error: toy: …/packs/toy.postcard is the pack of `other`
      hint: remove the file, or name another `--out`
    ");
    assert_eq!(room.pack(), other);
}

#[test]
fn without_any_version_nothing_is_written() {
    let room = Room::new(&["v1.0"]);
    room.spec("v1.0", "");
    let ran = room.compile();
    assert!(!ran.good);
    assert_snapshot!(ran.text, @r"
    toy v1.0: the spec is empty
      in …/specs/toy/v1.0.yaml
    toy: failed and missing in the pack: v1.0
    error: toy: no version could be compiled, and there is no pack to take one from
    ");
    assert!(!room.out().exists());
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let room = Room::new(&["v1.0"]);
    fs::write(room.out(), "a file where the folder should be").unwrap();
    let ran = room.compile();
    assert!(!ran.good);
    // Reading comes first, and stumbles already.
    assert_snapshot!(ran.text, @r"
    error: toy: cannot read …/packs/toy.postcard
      caused by: Not a directory (os error 20)
    ");
    assert_eq!(fs::read_to_string(room.out()).unwrap(), "a file where the folder should be");
    fs::remove_file(room.out()).unwrap();
    // The name is taken by something that no file can replace.
    fs::create_dir_all(room.pack_file().join("folder")).unwrap();
    assert!(!room.compile().good);
    assert!(pack_file::write(&room.pack_file(), b"pack").is_err());
    let left: Vec<_> =
        fs::read_dir(room.out()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(left, ["toy.postcard"], "no temporary file is left");
}

#[cfg(unix)]
#[test]
fn a_read_only_folder_keeps_its_pack() {
    use std::os::unix::fs::PermissionsExt;
    let room = Room::new(&["v1.0", "v1.1"]);
    assert!(room.compile().good);
    let before = room.pack();
    let allow = |mode| fs::set_permissions(room.out(), fs::Permissions::from_mode(mode)).unwrap();
    allow(0o555);
    if fs::write(room.out().join("probe"), "").is_ok() {
        allow(0o755);
        // Who may do everything cannot be kept from it; the full disk covers the same path.
        eprintln!("skipped: this user may write to read-only folders");
        return;
    }
    room.spec("v1.1", &spec("v9.0"));
    let ran = room.compile();
    allow(0o755);
    assert!(!ran.good);
    assert!(ran.text.contains("error: toy: cannot write …/packs/toy.postcard\n"), "{}", ran.text);
    assert!(ran.text.contains("Permission denied"), "{}", ran.text);
    assert_eq!(room.pack(), before);
}
