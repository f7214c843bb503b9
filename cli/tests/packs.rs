//! Packs of the user's own: what is used, what is passed over, and what is said about it.

mod command;

use std::fs;
use std::path::Path;
use std::process::Output;

use command::{contajners, told};
use contajners_core::write::{VersionRule, Writer};
use contajners_fetch_api::lower;
use contajners_fetch_api::model::{Answer, Engine, Method, Model, Operation};
use tempfile::TempDir;

/// A pack of an engine with one operation.
fn pack(engine: &str, operation: &str) -> Vec<u8> {
    let engine = Engine {
        name: engine.into(),
        addresses: vec!["unix:///run/toy.sock".into()],
        ..Engine::default()
    };
    let operation = Operation {
        id: operation.into(),
        method: Method::Get,
        path: "/toys".into(),
        parameters: Vec::new(),
        body: None,
        produces: Vec::new(),
        responses: Vec::new(),
        answer: Answer::Json,
        summary: String::new(),
        description: String::new(),
    };
    let model = Model { version: "v1.0".into(), operations: vec![operation], ..Model::default() };
    lower::pack(&engine, &[model]).unwrap()
}

/// A pack whose checksum is right, and that holds a text which no compiler would put into one.
fn unfit(text: &str) -> Vec<u8> {
    let mut writer = Writer::new();
    let [nothing, _, engine] = ["", text, "esc"].map(|text| writer.string(text));
    writer.engine(engine, VersionRule::Newest, &[], &[]);
    writer.version(engine, nothing, nothing, &[]);
    writer.finish()
}

/// A folder of packs that the command is told of.
struct Room(TempDir);

impl Room {
    fn new(files: &[(&str, Vec<u8>)]) -> Self {
        let room = Self(tempfile::tempdir().unwrap());
        fs::create_dir(room.packs()).unwrap();
        for (name, bytes) in files {
            fs::write(room.packs().join(name), bytes).unwrap();
        }
        room
    }

    fn packs(&self) -> std::path::PathBuf {
        self.0.path().join("packs")
    }

    fn run_in(&self, packs: &Path, line: &str) -> Output {
        let words: Vec<&str> = line.split(' ').collect();
        let mut command = contajners(&words);
        command.env("CONTAJNERS_PACKS", packs).current_dir(self.0.path()).output().unwrap()
    }

    /// What a line says, with the room's own folder left out.
    fn says(&self, line: &str) -> String {
        let text = told(&self.run_in(&self.packs(), line));
        text.replace(&self.0.path().display().to_string(), "…")
    }
}

#[test]
fn a_pack_in_the_folder_is_there_for_every_command() {
    let room = Room::new(&[("toy.postcard", pack("toy", "ToyList")), ("note.txt", vec![1])]);
    let engines = room.says("engines -o json");
    let own = r#"{"name":"toy","versions":{"oldest":"v1.0","newest":"v1.0","count":1},"pack":"…/packs/toy.postcard"}"#;
    assert!(engines.contains(own), "{engines}");
    assert!(engines.ends_with("]\n--- status 0"), "{engines}");
    assert_eq!(room.says("versions toy -o raw"), "v1.0\n--- status 0");
    assert_eq!(room.says("categories toy -o raw"), "toys\n--- status 0");
    assert_eq!(room.says("ops toy -o raw"), "ToyList\n--- status 0");
    assert!(room.says("doc toy toy-list").starts_with("ToyList  GET /toys\n"));
    assert_eq!(room.says("resolve toy ToyList"), "GET /toys\n--- status 0");
    assert!(room.says("where toy").starts_with("unix:///run/toy.sock\n"));
    let invoked = room.says("invoke toy ToyList");
    assert!(invoked.contains("cannot reach toy at unix:///run/toy.sock"), "{invoked}");
    let unknown = room.says("ops toi");
    assert!(unknown.contains("unknown engine `toi`\n  hint: did you mean `toy`?"), "{unknown}");
}

/// It would be run when the line is sent off: bash puts it in as it is.
#[test]
fn bash_is_offered_no_name_that_it_would_run() {
    let evil = "ToyList;touch${IFS}x;";
    let room =
        Room::new(&[("toy.postcard", pack("toy", "ToyList")), ("a.postcard", pack("a", evil))]);
    let offered = |shell: &str, line: &str| {
        let mut command = contajners(&["__complete", shell, "--"]);
        match shell {
            "bash" => command.arg(line),
            _ => command.args(line.split(' ')),
        };
        told(&command.env("CONTAJNERS_PACKS", room.packs()).output().unwrap())
    };
    assert_eq!(offered("bash", "contajners invoke toy Toy"), "ToyList\n--- status 0");
    assert_eq!(offered("bash", "contajners invoke a Toy"), "--- status 0");
    // Others quote it.
    assert!(offered("zsh", "contajners invoke a Toy").starts_with(evil));
    assert!(offered("fish", "contajners invoke a Toy").starts_with(evil));
}

#[test]
fn the_folder_is_among_the_users_data() {
    let home = tempfile::tempdir().unwrap();
    let packs = home.path().join(".local/share/contajners/packs");
    fs::create_dir_all(&packs).unwrap();
    fs::write(packs.join("toy.postcard"), pack("toy", "ToyList")).unwrap();
    let output = contajners(&["ops", "toy", "-o", "raw"]).env("HOME", home.path()).output();
    assert_eq!(told(&output.unwrap()), "ToyList\n--- status 0");
    let data = home.path().join(".local/share");
    let output = contajners(&["ops", "toy", "-o", "raw"]).env("XDG_DATA_HOME", data).output();
    assert_eq!(told(&output.unwrap()), "ToyList\n--- status 0");
}

#[test]
fn a_bad_pack_is_told_and_breaks_no_other() {
    let sound = pack("toy", "ToyList");
    let mut damaged = sound.clone();
    *damaged.last_mut().unwrap() ^= 1;
    let mut old = sound.clone();
    old[8] = 1;
    let mut newer = sound.clone();
    newer[8] = 77;
    let room = Room::new(&[
        ("a-damaged.postcard", damaged),
        ("b-cut.postcard", sound[..40].to_vec()),
        ("c-empty.postcard", Vec::new()),
        ("d-foreign.postcard", b"hello, I am a text and no pack".to_vec()),
        ("e-newer.postcard", newer),
        ("e-old.postcard", old),
        ("f-escape.postcard", unfit("\u{1b}[2J")),
        ("f-name.postcard", pack("../x", "Name")),
        ("toy.postcard", sound),
        ("toy2.postcard", pack("toy", "Other")),
    ]);
    fs::create_dir(room.packs().join("folder.postcard")).unwrap();
    assert_eq!(room.says("ops toy -o raw"), "ToyList\n--- status 0");
    let docker = room.says("versions docker -o raw");
    assert!(docker.starts_with("v1.25\n") && docker.ends_with("--- status 0"), "{docker}");
    insta::assert_snapshot!(room.says("engines -o raw"), @r"
    cloud-hypervisor
    docker
    firecracker
    incus
    podman
    toy
    --- standard error
    note: …/packs/a-damaged.postcard is skipped: the pack is damaged: its checksum does not fit
    note: …/packs/b-cut.postcard is skipped: the pack is truncated: 40 of 239 bytes are there
    note: …/packs/c-empty.postcard is skipped: not a contajners pack: it does not begin like one
    note: …/packs/d-foreign.postcard is skipped: not a contajners pack: it does not begin like one
    note: …/packs/e-newer.postcard is skipped: the pack has format version 77; this reader knows version 3
    note: …/packs/e-old.postcard is skipped: the pack has format version 1; this reader knows version 3
    note: …/packs/f-escape.postcard is skipped: the pack is damaged: record 1 of table `strings` does not fit
    note: …/packs/f-name.postcard is skipped: the engine's name in it may have only letters, digits, `-`, `_` and `.`
    note: …/packs/folder.postcard is skipped: it is not a file
    note: …/packs/toy2.postcard is skipped: …/packs/toy.postcard is also a pack of `toy`
    --- status 0
    ");
    insta::assert_snapshot!(room.says("ops d-foreign"), @r"
    --- standard error
    error: unknown engine `d-foreign`
      caused by: …/packs/a-damaged.postcard is skipped: the pack is damaged: its checksum does not fit
      caused by: …/packs/b-cut.postcard is skipped: the pack is truncated: 40 of 239 bytes are there
      caused by: …/packs/c-empty.postcard is skipped: not a contajners pack: it does not begin like one
      caused by: …/packs/d-foreign.postcard is skipped: not a contajners pack: it does not begin like one
      caused by: …/packs/e-newer.postcard is skipped: the pack has format version 77; this reader knows version 3
      caused by: …/packs/e-old.postcard is skipped: the pack has format version 1; this reader knows version 3
      caused by: …/packs/f-escape.postcard is skipped: the pack is damaged: record 1 of table `strings` does not fit
      caused by: …/packs/f-name.postcard is skipped: the engine's name in it may have only letters, digits, `-`, `_` and `.`
      caused by: …/packs/folder.postcard is skipped: it is not a file
      caused by: …/packs/toy2.postcard is skipped: …/packs/toy.postcard is also a pack of `toy`
      hint: the engines are `cloud-hypervisor`, `docker`, `firecracker`, `incus`, `podman`, `toy`
    --- status 2
    ");
}

#[test]
fn a_built_in_engine_gives_way_to_a_named_file_alone() {
    let room = Room::new(&[("docker.postcard", pack("docker", "Mine"))]);
    fs::copy(room.packs().join("docker.postcard"), room.0.path().join("mine.postcard")).unwrap();
    let all = room.says("resolve docker SystemPing");
    insta::assert_snapshot!(all, @r"
    GET /v1.55/_ping
    --- standard error
    note: …/packs/docker.postcard is skipped: `docker` is built in, and only `--pack` can replace it
    --- status 0
    ");
    insta::assert_snapshot!(room.says("ops docker -o raw --pack mine.postcard"), @r"
    Mine
    --- standard error
    note: `docker` is mine.postcard here, not the built-in pack
    --- status 0
    ");
    let engines = room.says("engines --pack mine.postcard -o json");
    assert!(engines.contains(r#""count":1},"pack":"mine.postcard"}"#), "{engines}");
    assert_eq!(engines.matches(r#""name":"docker""#).count(), 1, "{engines}");
}

#[test]
fn a_file_that_is_named_must_do() {
    let room = Room::new(&[("toy.postcard", pack("toy", "ToyList"))]);
    insta::assert_snapshot!(room.says("ops docker --pack none.postcard"), @r"
    --- standard error
    error: cannot use the file `none.postcard`
      caused by: No such file or directory (os error 2)
      hint: a pack is what `fetch-api` writes; docs/adding-an-engine.md tells how
    --- status 1
    ");
    fs::write(room.0.path().join("text"), "no pack").unwrap();
    insta::assert_snapshot!(room.says("ops docker --pack text"), @r"
    --- standard error
    error: cannot use the file `text`
      caused by: not a contajners pack: it does not begin like one
      hint: a pack is a `.postcard` file written by `cargo xtask fetch-api`
    --- status 2
    ");
    insta::assert_snapshot!(room.says("ops toy --pack packs/toy.postcard --pack packs/toy.postcard"), @r"
    --- standard error
    error: two packs of `toy` are given
      hint: packs/toy.postcard and packs/toy.postcard
    --- status 2
    ");
}

/// What is offered for the last word of a line that is being typed.
#[track_caller]
fn check_offered(room: &Room, line: &str, expected: &str) {
    let line = format!("contajners {line}");
    let typed = line.rsplit([' ', '@']).next().unwrap();
    let mut command = contajners(&["__complete", "bash", "--", &line, typed]);
    command.env("CONTAJNERS_PACKS", room.packs()).env("HOME", room.0.path());
    let output = command.current_dir(room.0.path()).output().unwrap();
    assert_eq!(told(&output), format!("{expected}--- status 0"), "{line}");
}

#[test]
fn a_file_that_is_named_is_completed_from() {
    let room = Room::new(&[("toy.postcard", pack("toy", "ToyList"))]);
    for (name, pack) in [
        ("kettle.postcard", pack("kettle", "KettleList")),
        ("it is.postcard", pack("docker", "Mine")),
        ("text", b"no pack".to_vec()),
    ] {
        fs::write(room.0.path().join(name), pack).unwrap();
    }
    check_offered(&room, "ops k", "");
    check_offered(&room, "ops --pack kettle.postcard k", "kettle\n");
    check_offered(&room, "--pack=kettle.postcard ops k", "kettle\n");
    check_offered(&room, "ops --pack ~/kettle.postcard kettle@", "v1.0\n");
    check_offered(&room, "invoke --pack kettle.postcard kettle K", "KettleList\n");
    check_offered(
        &room,
        "invoke --pack text --pack none --pack kettle.postcard toy T",
        "ToyList\n",
    );
    // It goes before what is built in, and is offered once.
    check_offered(&room, "--pack 'it is.postcard' doc docker M", "Mine\n");
    check_offered(&room, "--pack it\\ is.postcard doc docker M", "Mine\n");
    check_offered(&room, "--pack 'it is.postcard' doc d", "docker\n");
}

#[test]
fn a_folder_that_cannot_be_read_is_told() {
    let room = Room::new(&[]);
    let file = room.0.path().join("file");
    fs::write(&file, "").unwrap();
    for (folder, why) in [(file, "Not a directory"), (room.0.path().join("gone"), "No such file")] {
        let engines = told(&room.run_in(&folder, "engines -o raw"));
        let note = format!("note: {} is skipped: {why}", folder.display());
        assert!(engines.contains(&note) && engines.ends_with("--- status 0"), "{engines}");
        let unknown = told(&room.run_in(&folder, "ops toy"));
        let cause = format!("caused by: {} is skipped: {why}", folder.display());
        assert!(unknown.contains(&cause) && unknown.ends_with("--- status 2"), "{unknown}");
        let docker = told(&room.run_in(&folder, "versions docker -o raw"));
        assert!(docker.starts_with("v1.25\n"), "{docker}");
        assert!(!docker.contains("note"), "{docker}");
    }
}
