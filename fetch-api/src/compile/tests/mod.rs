//! Whole runs on small specs; what is checked is mostly what the user reads.

mod files;
mod network;

use std::fs;
use std::path::Path;

use contajners_core::Pack;
use insta::assert_snapshot;
use tempfile::TempDir;

use super::*;
use crate::args;
use crate::sources::Sources;

/// A folder with specs, a map of sources and packs.
struct Room {
    folder: TempDir,
    versions: Vec<&'static str>,
    annotations: &'static str,
}

/// What a run printed, and whether it was content.
struct Ran {
    text: String,
    good: bool,
}

impl Room {
    /// A room with specs of these versions, and no pack.
    fn new(versions: &[&'static str]) -> Self {
        let room = Self {
            folder: tempfile::tempdir().unwrap(),
            versions: versions.to_vec(),
            annotations: "",
        };
        for version in versions {
            room.spec(version, &spec(version));
        }
        room
    }

    fn spec(&self, version: &str, text: &str) {
        let folder = self.folder.path().join("specs/toy");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("{version}.yaml")), text).unwrap();
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("packs")
    }

    fn pack_file(&self) -> PathBuf {
        self.out().join("toy.postcard")
    }

    fn pack(&self) -> Vec<u8> {
        fs::read(self.pack_file()).unwrap()
    }

    fn put_pack(&self, bytes: &[u8]) {
        fs::create_dir_all(self.out()).unwrap();
        fs::write(self.pack_file(), bytes).unwrap();
    }

    /// The operations of each version in the pack.
    fn operations(&self) -> String {
        let bytes = self.pack();
        let pack = Pack::open(&bytes).unwrap();
        pack.verify().unwrap();
        let line = |api: contajners_core::Api<'_>| {
            let ids: Vec<&str> = api.operations().map(|operation| operation.id()).collect();
            format!("{}: {}", api.version(), ids.join(" "))
        };
        pack.apis().map(line).collect::<Vec<_>>().join("\n")
    }

    fn sources(&self) -> EngineSources {
        let versions = self.versions.join(", ");
        let map = format!(
            "toy:\n  annotations: annotations.yaml\n  sources:\n    \
             - url: http://localhost/{{version}}.yaml\n      versions: [{versions}]\n"
        );
        fs::write(self.folder.path().join("annotations.yaml"), self.annotations).unwrap();
        Sources::parse(&map, self.folder.path()).unwrap().engines.remove(0)
    }

    /// A plan for some versions.
    fn plan_of(&self, wanted: impl Fn(&str) -> bool) -> Plan {
        let sources = self.sources();
        let selected: Vec<usize> =
            (0..sources.versions.len()).filter(|i| wanted(&sources.versions[*i].version)).collect();
        Plan {
            picked: selected.len() < sources.versions.len(),
            engines: vec![(sources, selected)],
            origin: Origin::Folder(self.folder.path().join("specs")),
            out: self.out(),
            mode: Mode::Write,
            faults: Default::default(),
            prose: Prose::Skip,
            threads: 2,
        }
    }

    fn plan(&self) -> Plan {
        self.plan_of(|_| true)
    }

    fn check(&self) -> Ran {
        self.run(&Plan { mode: Mode::Check, ..self.plan() })
    }

    fn compile(&self) -> Ran {
        self.run(&self.plan())
    }

    fn run(&self, plan: &Plan) -> Ran {
        let reports = compile(plan, &()).unwrap();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        for report in &reports {
            args::print(report, &mut out, &mut err).unwrap();
        }
        err.extend(out);
        let folder = self.folder.path().to_str().unwrap();
        let text = String::from_utf8(err).unwrap().replace(folder, "…");
        // Sizes are the pack format's business.
        let text = match text.split_once(" written (") {
            Some((before, _)) => format!("{before} written"),
            None => text.trim_end().to_owned(),
        };
        Ran { text, good: reports.iter().all(EngineReport::is_good) }
    }
}

/// A spec whose every fact tells which version it is of.
fn spec(version: &str) -> String {
    let name = version.replace('.', "_");
    format!(
        "swagger: '2.0'\n\
         basePath: /{version}\n\
         paths:\n\
         \x20 /toys:\n\
         \x20   get:\n\
         \x20     operationId: Toys\n\
         \x20     summary: Lists the toys of {version}\n\
         \x20     description: Prose of {version}.\n\
         \x20     responses: {{ 200: {{ schema: {{ $ref: '#/definitions/Toy' }} }} }}\n\
         \x20 /only/{name}:\n\
         \x20   post:\n\
         \x20     operationId: Only{name}\n\
         definitions:\n\
         \x20 Toy:\n\
         \x20   properties: {{ id{name}: {{ type: string }} }}\n"
    )
}

const BROKEN: &str = "swagger: '2.0'\npaths:\n  /toys:\n    fetch: {}\n    put:\n      \
                      parameters: [{ name: a, in: moon }]\n      operationId: Put\n  \
                      /sound:\n    get: { operationId: Sound }\n";

#[test]
fn a_version_that_fails_is_named_and_the_others_are_written() {
    let room = Room::new(&["v1.0", "v1.1", "v1.2"]);
    room.spec("v1.1", BROKEN);
    let ran = room.compile();
    assert_snapshot!(ran.text, @r"
    toy v1.1: unknown method `fetch` (at #/paths/~1toys/fetch)
    toy v1.1: the parameter `a` goes to an unknown place `moon` (at #/paths/~1toys/put/parameters/0/in)
      in …/specs/toy/v1.1.yaml
    toy: failed and missing in the pack: v1.1
      hint: `--keep-going` compiles what is sound
    toy: 2 versions compiled, …/packs/toy.postcard written
    ");
    assert!(!ran.good);
    assert_snapshot!(room.operations(), @r"
    v1.0: Onlyv1_0 Toys
    v1.2: Onlyv1_2 Toys
    ");
}

#[test]
fn a_version_that_fails_stays_in_the_pack_as_it_was() {
    let room = Room::new(&["v1.0", "v1.1", "v1.2"]);
    assert!(room.compile().good);
    let before = room.pack();
    for broken in [BROKEN, "", "<html>", "a: [", "swagger: '3.0'"] {
        room.spec("v1.1", broken);
        let ran = room.compile();
        assert!(
            ran.text.contains("toy: failed and kept as the pack has them: v1.1"),
            "{}",
            ran.text
        );
        assert!(ran.text.ends_with("toy: 2 versions compiled, no change"), "{}", ran.text);
        assert!(!ran.good);
        assert_eq!(room.pack(), before);
    }
    fs::remove_file(room.folder.path().join("specs/toy/v1.1.yaml")).unwrap();
    assert_snapshot!(room.compile().text, @r"
    toy v1.1: there is no file …/specs/toy/v1.1.yaml (nor .yml, nor .json)
    toy: failed and kept as the pack has them: v1.1
      hint: `--from DIR` needs `DIR/<engine>/<version>.yaml`; `--api-version` picks versions
    toy: 2 versions compiled, no change
    ");
    assert_eq!(room.pack(), before);
}

#[test]
fn what_is_left_out_is_told_with_its_file() {
    let mut room = Room::new(&["v1.0", "v1.1"]);
    room.spec("v1.1", BROKEN);
    // The rule may be right about what is left out.
    room.annotations = "- operation: Put\n  set: { answer: text }\n";
    let going = |room: &Room| Plan { faults: Faults::KeepGoing, ..room.plan() };
    let ran = room.run(&going(&room));
    assert!(ran.good);
    assert_snapshot!(ran.text, @r"
    toy v1.1: unknown method `fetch` (at #/paths/~1toys/fetch)
    toy v1.1: the parameter `a` goes to an unknown place `moon` (at #/paths/~1toys/put/parameters/0/in)
    toy v1.1: left out: `PUT /toys`
      in …/specs/toy/v1.1.yaml
    toy: 2 versions compiled, …/packs/toy.postcard written
    ");
    // Without any operation a version is never sound.
    let before = room.pack();
    for (text, line) in [
        ("swagger: '2.0'\npaths: { /a: { fet: {} } }", "unknown method `fet` (at #/paths/~1a/fet)"),
        ("swagger: '2.0'\npaths: {}", "the spec has no operation that can be read"),
        ("swagger: '2.0'\npathes: {}", "the mapping `paths` is missing (at #/paths)"),
    ] {
        room.spec("v1.1", text);
        for plan in [room.plan(), going(&room)] {
            let ran = room.run(&plan);
            assert!(!ran.good);
            assert!(ran.text.starts_with(&format!("toy v1.1: {line}\n")), "{}", ran.text);
            assert!(
                ran.text.ends_with(
                    "toy v1.1: the spec has no operation that can be read\n  \
                     in …/specs/toy/v1.1.yaml\n\
                     toy: failed and kept as the pack has them: v1.1\n\
                     toy: 1 version compiled, no change"
                ),
                "{}",
                ran.text
            );
            assert_eq!(room.pack(), before);
        }
    }
}

#[test]
fn a_version_whose_operations_are_all_removed_fails() {
    let mut room = Room::new(&["v1.0"]);
    room.annotations = "- operation: '*'\n  remove: true\n";
    assert_snapshot!(room.compile().text, @r"
    toy v1.0: the spec has no operation that can be read
      in …/specs/toy/v1.0.yaml
    toy: failed and missing in the pack: v1.0
    error: toy: no version could be compiled, and there is no pack to take one from
    ");
}

#[test]
fn what_rules_remove_may_be_at_fault() {
    let mut room = Room::new(&["v1.0"]);
    let spec = "openapi: 3.0.0\npaths:\n  /a:\n    get:\n      operationId: A\n      parameters:\n        \
                - { name: c, in: cookie, schema: { type: string } }\n        \
                - { name: d, in: query, style: label, schema: { type: string } }\n        \
                - { name: e, in: query, schema: { type: string } }\n  \
                /b/{id}:\n    parameters: [{ name: s, in: cookie }]\n    \
                get: { operationId: B }\n    put: { operationId: C }\n  /z:\n    get: { operationId: Z }\n";
    room.spec("v1.0", spec);
    let checked = |rules: &'static str, room: &mut Room| {
        room.annotations = rules;
        room.compile().text
    };
    // One of two that share a parameter is not all.
    let some = "- operation: [A, C]\n  remove: true\n";
    assert_snapshot!(checked(some, &mut room), @r"
    toy v1.0: the parameter `s` goes into a cookie: not supported (at #/paths/~1b~1{id}/parameters/0/in)
      in …/specs/toy/v1.0.yaml
    toy: failed and missing in the pack: v1.0
      hint: `--keep-going` compiles what is sound
    error: toy: no version could be compiled, and there is no pack to take one from
    ");
    let written = "toy: 1 version compiled, …/packs/toy.postcard written";
    let without = "- operation: A\n  remove: true\n- operation: '*'\n  parameter: s\n  \
                   remove: true\n";
    assert_eq!(checked(without, &mut room), written);
    assert_eq!(room.operations(), "v1.0: B C Z");
    let parameters = "- operation: A\n  parameter: [c, d]\n  remove: true\n\
                      - operation: GET /b/{id}\n  parameter: s\n  remove: true\n\
                      - operation: C\n  remove: true\n";
    assert_eq!(checked(parameters, &mut room), written);
    assert_eq!(room.operations(), "v1.0: A B Z");
    let bytes = room.pack();
    let models = lift::models(&Pack::open(&bytes).unwrap()).unwrap();
    let names = |at: usize| -> Vec<&str> {
        models[0].operations[at].parameters.iter().map(|own| &*own.name).collect()
    };
    assert_eq!((names(0), names(1)), (vec!["e"], vec!["id"]));
    // A place that is said is the only one.
    let elsewhere = "- operation: A\n  parameter: [c, d]\n  in: header\n  remove: true\n";
    let text = checked(elsewhere, &mut room);
    for fault in ["`c` goes into a cookie", "the style `label`", "`s` goes into a cookie"] {
        assert!(text.contains(fault), "{text}");
    }
}

#[test]
fn a_kept_version_stands_beside_what_is_new() {
    let room = Room::new(&["v1.0", "v1.1", "v1.2"]);
    assert!(room.compile().good);
    room.spec("v1.0", &spec("v9.0"));
    room.spec("v1.1", BROKEN);
    room.spec("v1.2", &spec("v9.2"));
    assert!(!room.compile().good);
    assert_snapshot!(room.operations(), @r"
    v1.0: Onlyv9_0 Toys
    v1.1: Onlyv1_1 Toys
    v1.2: Onlyv9_2 Toys
    ");
    // The pack that was lifted and the one compiled from scratch are the same to the byte.
    let kept = room.pack();
    room.spec("v1.1", &spec("v1.1").replace("basePath: /v1.1", "basePath: /v1.1/"));
    fs::remove_file(room.pack_file()).unwrap();
    assert!(room.compile().good);
    assert_eq!(room.pack(), kept);
}

#[test]
fn one_version_alone_changes_only_that_one() {
    let room = Room::new(&["v1.0", "v1.1", "v1.2"]);
    assert!(room.compile().good);
    for version in ["v1.0", "v1.1", "v1.2"] {
        room.spec(version, &spec("v9.0"));
    }
    let ran = room.run(&room.plan_of(|version| version == "v1.1"));
    assert!(ran.good);
    assert_snapshot!(ran.text, @"toy: 1 version compiled, …/packs/toy.postcard written");
    assert_snapshot!(room.operations(), @r"
    v1.0: Onlyv1_0 Toys
    v1.1: Onlyv9_0 Toys
    v1.2: Onlyv1_2 Toys
    ");
}

#[test]
fn versions_come_one_by_one_into_the_same_pack() {
    let room = Room::new(&["v1.9", "v1.10", "v2.0"]);
    assert!(room.compile().good);
    let whole = room.pack();
    fs::remove_file(room.pack_file()).unwrap();
    for version in ["v1.10", "v2.0", "v1.9"] {
        assert!(room.run(&room.plan_of(|own| own == version)).good);
    }
    assert_eq!(room.pack(), whole);
}

#[test]
fn a_version_that_left_the_map_leaves_the_pack_and_that_is_said() {
    let mut room = Room::new(&["v1.0", "v1.1", "v1.2"]);
    assert!(room.compile().good);
    room.versions = vec!["v1.0", "v1.2"];
    // Not as long as it may be a mistake: in a run of some versions, or where none compiles.
    let before = room.pack();
    let ran = room.run(&room.plan_of(|version| version == "v1.2"));
    assert_snapshot!(ran.text, @"toy: 1 version compiled, no change");
    assert_eq!(room.pack(), before);
    room.versions = vec!["v1.22"];
    assert_snapshot!(room.compile().text, @r"
    toy v1.22: there is no file …/specs/toy/v1.22.yaml (nor .yml, nor .json)
    toy: failed and missing in the pack: v1.22
      hint: `--from DIR` needs `DIR/<engine>/<version>.yaml`; `--api-version` picks versions
    toy: 0 versions compiled, no change
    ");
    assert_eq!(room.pack(), before);
    room.versions = vec!["v1.0", "v1.2"];
    let ran = room.compile();
    assert!(ran.good);
    assert_snapshot!(ran.text, @r"
    toy: dropped v1.1: no longer in the map of sources
    toy: 2 versions compiled, …/packs/toy.postcard written
    ");
    assert_snapshot!(room.operations(), @r"
    v1.0: Onlyv1_0 Toys
    v1.2: Onlyv1_2 Toys
    ");
}

#[test]
fn annotations_are_judged_when_all_versions_were_seen() {
    let mut room = Room::new(&["v1.0", "v1.1"]);
    assert!(room.compile().good);
    let before = room.pack();
    room.annotations = "# Rules.\n\
        - operation: Onlyv1_0\n  set: { answer: text }\n\
        - operation: [Toys, Tois]\n  versions: v1.1..\n  set: { answer: bytes }\n";
    let ran = room.compile();
    assert!(!ran.good);
    assert_snapshot!(ran.text, @r"
    error: toy: …/annotations.yaml: line 4: `Tois` matches nothing in any version (did you mean `Toys`?)
      hint: correct the names, or remove the rules if the specs were mended
    ");
    assert_eq!(room.pack(), before);
    // One version cannot tell what the others hold.
    assert!(room.run(&room.plan_of(|version| version == "v1.1")).good);
    room.spec("v1.0", BROKEN);
    let ran = room.compile();
    assert!(ran.text.ends_with("toy: 1 version compiled, no change"), "{}", ran.text);
    room.annotations = "- operation: Toys\n  set: { anser: text }\n";
    let ran = room.compile();
    assert!(!ran.good);
    assert_snapshot!(ran.text, @"error: toy: …/annotations.yaml: the annotations are wrong: .[0].set: unknown field `anser`, expected one of `id`, `path`, `encoding`, `list`, `type`, `format`, `required`, `default`, `answer` at line 2 column 10");
}

#[test]
fn neither_threads_nor_the_order_of_the_map_change_a_byte() {
    let versions = ["v1.0", "v1.1", "v1.2", "v1.3", "v1.10", "v2.0-rc"];
    let mut room = Room::new(&versions);
    assert!(room.compile().good);
    let expected = room.pack();
    for turn in 0..versions.len() {
        room.versions = versions.to_vec();
        room.versions.rotate_left(turn);
        room.versions[1..].reverse();
        for threads in [1, 2, 16] {
            fs::remove_file(room.pack_file()).unwrap();
            assert!(room.run(&Plan { threads, ..room.plan() }).good);
            assert_eq!(room.pack(), expected, "{:?}, {threads} threads", room.versions);
        }
    }
}

/// Everything below a folder, with its content.
fn everything(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => all.extend(everything(&path)),
            false => all.push((path.clone(), fs::read(&path).unwrap())),
        }
    }
    all.sort();
    all
}

#[test]
fn a_check_writes_nothing_and_tells_what_differs() {
    let mut room = Room::new(&["v1.0", "v1.1", "v1.2"]);
    let check = |room: &Room| {
        room.sources();
        let before = everything(room.folder.path());
        let ran = room.check();
        assert_eq!(everything(room.folder.path()), before);
        ran
    };
    let ran = check(&room);
    assert!(!ran.good);
    assert_snapshot!(ran.text, @r"
    toy: …/packs/toy.postcard is not what the sources compile to
      versions missing: `v1.0`, `v1.1`, `v1.2`
      hint: the same without `--check` rebuilds it
    ");
    assert!(room.compile().good);
    let ran = check(&room);
    assert!(ran.good);
    assert_snapshot!(ran.text, @"toy: 3 versions compiled, no change");
    room.versions = vec!["v1.0", "v1.1", "v1.3"];
    room.spec("v1.3", &spec("v1.3"));
    room.spec("v1.1", &spec("v9.0").replace("Toys", "Tois").replace("v9.0", "v1.1"));
    let ran = check(&room);
    assert!(!ran.good);
    assert_snapshot!(ran.text, @r"
    toy: …/packs/toy.postcard is not what the sources compile to
      versions missing: `v1.3`
      extra versions: `v1.2`
      v1.1: operations missing: `Onlyv9_0`; extra operations: `Onlyv1_1`; operations changed: `Tois`; definitions changed: `Toy`
      hint: the same without `--check` rebuilds it
    ");
    // A version that fails is no difference, and no success either.
    room.versions = vec!["v1.0", "v1.1", "v1.2"];
    room.spec("v1.1", BROKEN);
    let ran = check(&room);
    assert!(!ran.good);
    assert!(ran.text.ends_with("toy: 2 versions compiled, no change"), "{}", ran.text);
}

#[test]
fn a_check_tells_of_the_engine_as_well() {
    let room = Room::new(&["v1.0"]);
    assert!(room.compile().good);
    let mut plan = Plan { mode: Mode::Check, ..room.plan() };
    plan.engines[0].0.engine.addresses.push("unix:///run/toy.sock".to_owned());
    assert_snapshot!(room.run(&plan).text, @r"
    toy: …/packs/toy.postcard is not what the sources compile to
      the engine's addresses changed
      hint: the same without `--check` rebuilds it
    ");
}

#[test]
fn prose_goes_beside_the_pack_and_never_into_it() {
    let room = Room::new(&["v1.0", "v1.1"]);
    assert!(room.compile().good);
    let facts = room.pack();
    assert!(!room.out().join("toy.docs").exists());
    let with_prose = |plan: Plan| Plan { prose: Prose::Keep, ..plan };
    let ran = room.run(&with_prose(room.plan()));
    assert!(ran.good);
    assert_eq!(room.pack(), facts, "facts are the same with and without prose");
    let prose = |version: &str| {
        let bytes = fs::read(room.out().join("toy.docs")).unwrap();
        let docs = Docs::open(&bytes).unwrap();
        docs.find("GET", "/toys", version).map(|entry| entry.summary.clone())
    };
    assert_eq!(prose("v1.0").as_deref(), Some("Lists the toys of v1.0"));
    assert_eq!(prose("v1.1").as_deref(), Some("Lists the toys of v1.1"));
    // A version that is not compiled keeps its prose, and one that fails does too.
    room.spec("v1.0", &spec("v9.0"));
    room.spec("v1.1", &spec("v9.1"));
    assert!(room.run(&with_prose(room.plan_of(|version| version == "v1.1"))).good);
    assert_eq!(prose("v1.0").as_deref(), Some("Lists the toys of v1.0"));
    assert_eq!(prose("v1.1").as_deref(), Some("Lists the toys of v9.1"));
    room.spec("v1.0", BROKEN);
    assert!(!room.run(&with_prose(room.plan())).good);
    assert_eq!(prose("v1.0").as_deref(), Some("Lists the toys of v1.0"));
    // What cannot be kept is said.
    fs::write(room.out().join("toy.docs"), "no docs").unwrap();
    let ran = room.run(&with_prose(room.plan_of(|version| version == "v1.1")));
    assert_snapshot!(ran.text, @r"
    toy: …/packs/toy.docs: not a file of prose written by `fetch-api --docs`; no prose of v1.0 is left
    toy: 1 version compiled, no change
    ");
    let pack = String::from_utf8_lossy(&facts).into_owned();
    assert!(!pack.contains("Lists the toys") && !pack.contains("Prose"), "prose in the pack");
}

#[test]
fn engines_do_not_disturb_one_another() {
    let room = Room::new(&["v1.0", "v1.1"]);
    room.spec("v1.1", BROKEN);
    let other = Room::new(&["v1.0", "v1.1"]);
    let mut plan = room.plan();
    let mut second = other.plan().engines.remove(0);
    second.0.engine.name = "other".to_owned();
    second.0.annotations = Some(other.folder.path().join("nowhere.yaml"));
    plan.engines.push(second);
    let ran = room.run(&plan);
    assert!(!ran.good);
    let text = ran.text.replace(other.folder.path().to_str().unwrap(), "…");
    assert!(text.contains("error: other: cannot read the annotations …/nowhere.yaml"), "{text}");
    assert!(text.contains("toy: 1 version compiled"), "{text}");
    assert_snapshot!(room.operations(), @"v1.0: Onlyv1_0 Toys");
}
