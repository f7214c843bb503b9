//! Mistakes put into what real clients send are found.
//!
//! The generator knows nothing of the packs: it writes mistakes into the recorded bodies and
//! queries wherever one can stand. The one thing that it is told is which objects are maps with
//! keys of the user's own ([`FREE`]): a letter more in the name of a label is no mistake.

use std::collections::{BTreeMap, BTreeSet};

use contajners_core::{Body, Finding, Location, Operation, Pack, ResolveErrorKind, Value};
use contajners_tests::Kind;
use serde_json::{Value as Json, json};

use crate::recorder::Sent;
use crate::{judged, operation};

/// Fields whose keys are the user's, so that none is misspelt.
const FREE: &[&str] = &[
    // Docker.
    "Config",
    "DriverOpts",
    "EndpointsConfig",
    "ExposedPorts",
    "Labels",
    "Options",
    "PortBindings",
    "Sysctls",
    "Tmpfs",
    "Volumes",
    // Podman.
    "Label",
    "Networks",
    "annotations",
    "env",
    "labels",
    "sysctl",
];

/// Fields of later versions: the version before the first that has it, the operation, where the
/// field belongs, and a value of it. They are from the changelog of Docker's API and from Podman's
/// specs as they stand.
const LATER: &str = r#"
docker v1.39 ContainerCreate /HostConfig/Mounts/0/BindOptions/NonRecursive true
docker v1.41 ContainerCreate /HostConfig/Mounts/0/BindOptions/CreateMountpoint true
docker v1.43 ContainerCreate /HostConfig/Mounts/0/BindOptions/ReadOnlyNonRecursive true
docker v1.44 ContainerCreate /HostConfig/Mounts/0/VolumeOptions/Subpath "a"
docker v1.45 ContainerCreate /HostConfig/Mounts/0/TmpfsOptions/Options [["exec"]]
docker v1.42 ContainerCreate /HostConfig/Annotations {"a":"b"}
docker v1.39 ContainerCreate /HostConfig/DeviceRequests [{"Count":1}]
docker v1.40 ContainerCreate /HostConfig/CgroupnsMode "host"
docker v1.43 ContainerCreate /Healthcheck/StartInterval 1000000
docker v1.43 ContainerCreate /NetworkingConfig/EndpointsConfig/default/DNSNames ["a"]
docker v1.47 ContainerCreate /NetworkingConfig/EndpointsConfig/default/GwPriority 1
docker v1.46 NetworkCreate /EnableIPv4 true
docker v1.29 NetworkCreate /Scope "local"
docker v1.29 NetworkCreate /ConfigOnly true
docker v1.41 VolumeCreate /ClusterVolumeSpec {"Group":"a"}
docker v1.41 ContainerExec /ConsoleSize [1,2]
docker v1.41 ExecStart /ConsoleSize [1,2]
docker v1.45 ServiceCreate /TaskTemplate/ContainerSpec/OomScoreAdj 1
docker v1.39 ServiceCreate /TaskTemplate/ContainerSpec/Sysctls {"a":"b"}
docker v1.40 ServiceCreate /TaskTemplate/ContainerSpec/CapabilityAdd ["CAP_CHOWN"]
docker v1.40 ServiceCreate /TaskTemplate/ContainerSpec/Ulimits [{"Name":"a"}]
docker v1.39 ServiceCreate /TaskTemplate/Placement/MaxReplicas 1
docker v1.40 ServiceCreate /TaskTemplate/Resources/Limits/Pids 1
docker v1.40 ServiceCreate /Mode/ReplicatedJob {"TotalCompletions":1}
docker v1.39 SwarmInit /DataPathPort 1
docker v1.38 SwarmInit /DefaultAddrPool ["10.0.0.0/8"]
docker v1.38 SwarmInit /SubnetSize 24
podman v3.1.2 ContainerCreateLibpod /timeout 1
podman v3.3.1 ContainerCreateLibpod /init_container_type "once"
podman v3.4.2 ContainerCreateLibpod /create_working_dir true
podman v4.0.3 ContainerCreateLibpod /chroot_directories ["/a"]
podman v4.0.3 ContainerCreateLibpod /passwd_entry "a"
podman v4.1.1 ContainerCreateLibpod /image_arch "a"
podman v4.2.1 ContainerCreateLibpod /envmerge ["a=b"]
podman v4.3.1 ContainerCreateLibpod /startupHealthConfig {"Retries":1}
podman v4.3.1 ContainerCreateLibpod /read_write_tmpfs true
podman v4.3.1 ContainerCreateLibpod /volumes/0/SubPath "a"
podman v4.4.4 ContainerCreateLibpod /group_entry "a"
podman v4.4.4 ContainerCreateLibpod /label_nested true
podman v4.7.2 ContainerCreateLibpod /intelRdt {"closID":"a"}
podman v4.9.5 ContainerCreateLibpod /base_hosts_file "a"
podman v5.2.5 ContainerCreateLibpod /healthLogDestination "a"
podman v5.2.5 ContainerCreateLibpod /removeImage true
podman v5.3.2 ContainerCreateLibpod /use_image_hostname true
podman v5.4.2 ContainerCreateLibpod /artifact_volumes [{"source":"a"}]
podman v5.8.2 ContainerCreateLibpod /gpus ["all"]
podman v5.3.2 ContainerUpdateLibpod /health_cmd "a"
podman v5.4.2 ContainerUpdateLibpod /Env ["a=b"]
podman v5.7.1 ContainerUpdateLibpod /r_limits [{"type":"a"}]
podman v4.3.1 NetworkCreateLibpod /network_dns_servers ["10.0.0.1"]
podman v4.5.1 NetworkCreateLibpod /routes [{"gateway":"10.0.0.1"}]
podman v4.3.1 VolumeCreateLibpod /IgnoreIfExists true
podman v5.5.2 VolumeCreateLibpod /GID 1
"#;

/// Fields with few values, whatever they lie in, and a value as it may be typed.
const VALUES: &[(&str, &[(&str, &str)])] = &[
    ("/HostConfig/RestartPolicy/Name", &[("on-failure", "on-failur"), ("no", "nope")]),
    ("/HostConfig/Mounts/0/Type", &[("tmpfs", "tmpsf")]),
    ("/TaskTemplate/ContainerSpec/Mounts/0/Type", &[("volume", "volumes")]),
    ("/TaskTemplate/RestartPolicy/Condition", &[("none", "never")]),
    ("/UpdateConfig/FailureAction", &[("pause", "paused")]),
    ("/UpdateConfig/Order", &[("stop-first", "first-stop")]),
    ("/EndpointSpec/Mode", &[("vip", "vpi")]),
    ("/EndpointSpec/Ports/0/Protocol", &[("tcp", "tpc")]),
    ("/EndpointSpec/Ports/0/PublishMode", &[("ingress", "ingres")]),
];

/// Numbers that are the same in every run (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % below as u64) as usize
    }
}

/// What became of the mistakes of one kind.
#[derive(Default)]
struct Score {
    seeded: usize,
    found: usize,
    /// Those of which the hint says what was meant.
    named: usize,
}

/// A request whose operation is known, each of its kind once.
struct Subject {
    operation: Operation<'static>,
    values: Vec<(String, String)>,
    body: Option<Json>,
}

struct Proof {
    kind: Kind,
    numbers: Numbers,
    /// All names of fields that are sent: a typo that makes another one is none.
    names: BTreeSet<String>,
    scores: BTreeMap<&'static str, Score>,
    missed: Vec<String>,
}

/// Seeds mistakes of all kinds and requires that nearly all are found.
pub(crate) fn prove(kind: Kind, sent: &[Sent]) {
    let pack =
        Pack::open(contajners_resources::pack(kind.name()).expect("a pack")).expect("a pack");
    // As they were sent, nothing is found in them.
    assert_eq!(judged(kind, sent, &[], &[]), Vec::<String>::new());
    let subjects = subjects(kind, pack, sent);
    let mut proof = Proof {
        kind,
        numbers: Numbers(41),
        names: BTreeSet::new(),
        scores: BTreeMap::new(),
        missed: Vec::new(),
    };
    for subject in &subjects {
        each_field(subject.body.as_ref(), &mut |_, name, _| {
            proof.names.insert(name.to_owned());
        });
    }
    for subject in &subjects {
        proof.typos(subject);
        proof.types(subject);
        proof.values(subject);
        proof.queries(subject);
        proof.later(pack, subject);
    }
    proof.judge();
}

fn subjects(kind: Kind, pack: Pack<'static>, sent: &[Sent]) -> Vec<Subject> {
    let mut known = BTreeSet::new();
    let mut subjects = Vec::new();
    for request in sent {
        let Some((operation, values)) = operation(kind, pack, request) else { continue };
        let body = serde_json::from_slice::<Json>(&request.body).ok().filter(Json::is_object);
        // The names of what is sent tell one kind of request from another.
        let mut shape = vec![operation.id().to_owned()];
        shape.extend(values.iter().map(|(name, _)| name.clone()));
        each_field(body.as_ref(), &mut |pointer, _, value| {
            if value.as_object().is_none_or(|fields| !fields.is_empty()) {
                shape.push(pointer.to_owned());
            }
        });
        if known.insert(shape) {
            subjects.push(Subject { operation, values, body });
        }
    }
    subjects
}

/// Visits the fields of all objects that are no maps: pointer, name, value.
fn each_field(body: Option<&Json>, visit: &mut impl FnMut(&str, &str, &Json)) {
    fn go(value: &Json, at: &str, is_free: bool, visit: &mut impl FnMut(&str, &str, &Json)) {
        match value {
            Json::Object(fields) => {
                for (name, inner) in fields {
                    let at = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
                    if !is_free {
                        visit(&at, name, inner);
                    }
                    go(inner, &at, !is_free && FREE.contains(&&**name), visit);
                }
            }
            Json::Array(items) => {
                for (index, inner) in items.iter().enumerate() {
                    go(inner, &format!("{at}/{index}"), false, visit);
                }
            }
            _ => {}
        }
    }
    if let Some(body) = body {
        go(body, "", false, visit);
    }
}

impl Proof {
    /// Counts a mistake; of a finding that is at its place, the nearest names are looked at.
    fn count(
        &mut self,
        what: &'static str,
        told: &str,
        meant: Option<&str>,
        at: &str,
        found: &[Finding],
    ) {
        let score = self.scores.entry(what).or_default();
        score.seeded += 1;
        match found.iter().find(|finding| finding.pointer() == at) {
            Some(finding) => {
                score.found += 1;
                let is_named = meant.is_none_or(|meant| {
                    finding.nearest().first().is_some_and(|nearest| nearest == meant)
                });
                score.named += usize::from(is_named);
            }
            None => self.missed.push(format!("{what}: {told}")),
        }
    }

    /// Every name of a field is misspelt in one of the ways of the hand.
    fn typos(&mut self, subject: &Subject) {
        let Some(body) = &subject.body else { return };
        let mut places = Vec::new();
        each_field(Some(body), &mut |at, name, _| places.push((at.to_owned(), name.to_owned())));
        for (at, name) in places {
            let Some(typed) = self.misspelt(&name) else { continue };
            let mut wrong = body.clone();
            let (parent, _) = at.rsplit_once('/').expect("a pointer");
            let fields =
                wrong.pointer_mut(parent).and_then(Json::as_object_mut).expect("an object");
            let value = fields.remove(&name).expect("a field");
            fields.insert(typed.clone(), value);
            let at = format!("{parent}/{typed}");
            let told = format!("{} `{at}` for `{name}`", subject.operation.id());
            let found = subject.operation.check_body(&wrong);
            self.count("field misspelt", &told, Some(&name), &at, &found);
        }
    }

    fn misspelt(&mut self, name: &str) -> Option<String> {
        let letters: Vec<char> = name.chars().collect();
        for _ in 0..20 {
            let at = self.numbers.next(letters.len());
            let mut typed = letters.clone();
            match self.numbers.next(4) {
                0 if at + 1 < typed.len() => typed.swap(at, at + 1),
                1 if typed.len() > 1 => {
                    typed.remove(at);
                }
                2 => typed.insert(at, letters[at]),
                _ if letters[at].is_ascii_lowercase() => typed[at].make_ascii_uppercase(),
                _ => typed[at].make_ascii_lowercase(),
            }
            let typed: String = typed.into_iter().collect();
            if typed != name && !self.names.contains(&typed) {
                return Some(typed);
            }
        }
        None
    }

    /// Every value becomes one of another type.
    fn types(&mut self, subject: &Subject) {
        let Some(body) = &subject.body else { return };
        let mut places = Vec::new();
        each_field(Some(body), &mut |at, _, value| places.push((at.to_owned(), value.clone())));
        for (at, value) in places {
            let other = match &value {
                // Nothing tells of what type it would be.
                Json::Null => continue,
                Json::String(_) => json!(7),
                Json::Number(_) => json!("seven"),
                Json::Bool(_) => json!("true"),
                Json::Array(_) => json!({ "a": "b" }),
                Json::Object(_) => json!(["a"]),
            };
            let mut wrong = body.clone();
            *wrong.pointer_mut(&at).expect("a field") = other.clone();
            let told = format!("{} `{at}` is {other} for {value}", subject.operation.id());
            let found = subject.operation.check_body(&wrong);
            self.count("wrong type", &told, None, &at, &found);
        }
    }

    /// Values of fields that take only some.
    fn values(&mut self, subject: &Subject) {
        let Some(body) = &subject.body else { return };
        for (at, typed) in VALUES {
            let Some(value) = body.pointer(at).and_then(Json::as_str) else { continue };
            for (_, typed) in typed.iter().filter(|(meant, _)| *meant == value) {
                let mut wrong = body.clone();
                *wrong.pointer_mut(at).expect("a field") = json!(typed);
                let told = format!("{} `{at}` is `{typed}`", subject.operation.id());
                let found = subject.operation.check_body(&wrong);
                self.count("wrong value", &told, None, at, &found);
            }
        }
    }

    /// Names of parameters in the query: resolving refuses them.
    fn queries(&mut self, subject: &Subject) {
        let operation = subject.operation;
        for (name, value) in &subject.values {
            let declared = operation
                .parameters()
                .find(|own| own.location() == Location::Query && own.is_named(name));
            // Podman's own command sends some that no spec has.
            let (Some(declared), Some(typed)) = (declared, self.misspelt(name)) else { continue };
            let resolved = |typed: &str, value: &str| {
                let mut values = vec![(typed, &value as &dyn Value)];
                let own = operation.parameters();
                let in_path = own.filter(|own| own.location() == Location::Path);
                values.extend(in_path.map(|own| (own.bare_name(), &"x" as &dyn Value)));
                let others = subject.values.iter().filter(|(other, _)| other != name);
                let others = others
                    .filter(|(other, _)| operation.parameters().any(|own| own.is_named(other)));
                values.extend(others.map(|(name, value)| (&**name, value as &dyn Value)));
                operation.resolve(&values, Body::Nothing).err().map(|error| error.kind())
            };
            let mut count = |what: &'static str, told: String, is_found: bool| {
                let score = self.scores.entry(what).or_default();
                score.seeded += 1;
                score.found += usize::from(is_found);
                score.named += usize::from(is_found);
                if !is_found {
                    self.missed.push(format!("{what}: {told}"));
                }
            };
            let found = resolved(&typed, value) == Some(ResolveErrorKind::UnknownParameter);
            count("parameter misspelt", format!("{} `{typed}`", operation.id()), found);
            if matches!(declared.schema().type_name(), "boolean" | "integer") {
                let found = resolved(name, "seven") == Some(ResolveErrorKind::InvalidParameter);
                count("parameter of wrong type", format!("{} `{name}`", operation.id()), found);
            }
        }
    }

    /// Fields of later versions.
    fn later(&mut self, pack: Pack<'static>, subject: &Subject) {
        let Some(body) = &subject.body else { return };
        for line in LATER.trim().lines() {
            let words: Vec<&str> = line.splitn(5, ' ').collect();
            let [engine, version, id, at, value] = words[..] else { panic!("{line}") };
            if engine != self.kind.name() || id != subject.operation.id() {
                continue;
            }
            let older = pack.api(version).and_then(|api| api.operation(id)).expect(line);
            let mut wrong = body.clone();
            let (parent, name) = at.rsplit_once('/').expect("a pointer");
            let value: Json = serde_json::from_str(value).expect("JSON");
            let Some(fields) = made(&mut wrong, parent) else { continue };
            fields.insert(name.to_owned(), value);
            let told = format!("{id} `{at}` in {version}");
            let found = older.check_body(&wrong);
            let of = found.iter().find(|finding| finding.pointer() == at);
            let says = of.and_then(Finding::hint).is_some_and(|hint| hint.contains("available"));
            self.count("field of a later version", &told, None, at, &found);
            assert!(of.is_none() || says, "{told}: {of:?}");
        }
    }

    fn judge(self) {
        let (mut seeded, mut found) = (0, 0);
        for (what, score) in &self.scores {
            println!(
                "{}: {what}: {} of {} found, {} named",
                self.kind.name(),
                score.found,
                score.seeded,
                score.named
            );
            seeded += score.seeded;
            found += score.found;
            assert!(score.found * 100 >= score.seeded * 95, "{what}: {:#?}", self.missed);
            // A finding is of most use when it says what was meant.
            assert!(score.named * 100 >= score.found * 90, "{what}: {} named", score.named);
        }
        let mut missed = self.missed;
        missed.sort();
        missed.dedup();
        println!("{}: {found} of {seeded} found; not found:", self.kind.name());
        missed.iter().for_each(|told| println!("    {told}"));
        assert!(seeded >= 100, "{seeded}");
        assert!(found * 100 >= seeded * 95, "{found} of {seeded}");
    }
}

/// The object at a pointer, made where it is not there; `None` where something else is.
fn made<'v>(body: &'v mut Json, pointer: &str) -> Option<&'v mut serde_json::Map<String, Json>> {
    let mut at = body;
    let mut names = pointer.split('/').skip(1).peekable();
    while let Some(name) = names.next() {
        at = match (name.parse::<usize>(), at) {
            (Ok(index), Json::Array(items)) => items.get_mut(index)?,
            (_, Json::Object(fields)) => fields.entry(name).or_insert(Json::Null),
            _ => return None,
        };
        if at.is_null() {
            *at = if names.peek() == Some(&"0") { json!([{}]) } else { json!({}) };
        }
    }
    at.as_object_mut()
}
