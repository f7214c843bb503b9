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
fn what_no_pack_can_hold_is_not_written() {
    let mut room = Room::new(&["v1.0"]);
    let body = "      parameters: [{ name: b, in: body, schema: {} }]\n";
    room.spec("v1.0", &spec("v1.0").replace("Onlyv1_0\n", &format!("Onlyv1_0\n{body}")));
    room.annotations =
        "- operation: Onlyv1_0\n  body: { required: true, media-types: [\"a\\u007f\"] }\n";
    let ran = room.compile();
    assert_snapshot!(ran.text, @r#"
    error: toy: no pack can hold the control characters of "a\u{7f}"
      hint: correct it in the map of sources or in the rules
    "#);
    assert!(!ran.good && !room.pack_file().exists());
}

#[test]
fn a_version_that_is_spelled_anew_is_the_same() {
    let mut room = Room::new(&["v1.0", "v1.1"]);
    assert!(room.compile().good);
    room.versions = vec!["v1.0", "1.1"];
    room.spec("1.1", &spec("1.1"));
    let ran = room.run(&room.plan_of(|version| version == "1.1"));
    assert!(ran.good, "{}", ran.text);
    assert_snapshot!(room.operations(), @"
    v1.0: Onlyv1_0 Toys
    1.1: Only1_1 Toys
    ");
}

#[test]
fn a_pack_that_another_run_has_changed_is_left_alone() {
    let room = Room::new(&["v1.0", "v1.1"]);
    assert!(room.compile().good);
    let file = room.pack_file();
    let before = room.pack();
    pack_file::write_over(&file, Some(&before), b"one").unwrap();
    let told = |old: Option<&[u8]>| {
        let error = pack_file::write_over(&file, old, b"other").unwrap_err();
        (error.code(), error.to_string().replace(&*file.to_string_lossy(), "FILE"), error.hint())
    };
    let expected = (
        "file-changed",
        "another run has changed FILE meanwhile".to_owned(),
        Some("run it again when the other one is done"),
    );
    assert_eq!(told(Some(&before)), expected);
    assert_eq!(told(None), expected);
    assert_eq!(room.pack(), b"one");
}

/// What a spec may be nested, a pack may be lifted from.
#[test]
fn the_deepest_schemas_come_back() {
    let room = Room::new(&["v1.0", "v1.1"]);
    let nested = |times: usize| {
        let open = "{\"type\": [\"object\", \"string\"], \"allOf\": [{}], \
            \"patternProperties\": {\"a\": {}}, \"additionalProperties\": ";
        let schema = format!("{}{{}}{}", open.repeat(times), "}".repeat(times));
        format!(
            "{{\"openapi\": \"3.1.0\", \"paths\": {{\"/a\": {{\"get\": {{\"operationId\": \"A\", \
             \"responses\": {{\"200\": {{\"content\": {{\"application/json\": {{\"schema\": {schema}}}}}}}}}}}}}}}}}"
        )
    };
    let deepest = (1..100).rev().find(|times| {
        room.spec("v1.0", &nested(*times));
        room.compile().good
    });
    assert!(deepest.is_some_and(|times| times > 20), "{deepest:?}");
    let ran = room.run(&room.plan_of(|version| version == "v1.1"));
    assert!(ran.good, "{}", ran.text);
    let ran = room.check();
    assert!(ran.good, "{}", ran.text);
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
