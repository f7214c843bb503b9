//! What real clients send gives no finding: their requests are recorded before real engines, and
//! checked like a caller's.

mod mistakes;
mod recorder;

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use contajners_core::{Api, Finding, Operation, Pack, Value};
use contajners_tests::image::{busybox_archive, tar_of};
use contajners_tests::{Kind, PrivateEngine, skip};
use recorder::{Recorder, Sent};
use serde_json::Value as Json;

/// Runs a client's command; what it prints is of no interest, and it may fail.
fn run(program: &Path, arguments: &[&str], input: Option<&Path>) {
    let stdin = match input {
        Some(file) => std::fs::File::open(file).expect("a file").into(),
        None => Stdio::null(),
    };
    let ran = Command::new(program)
        .args(arguments)
        .env("DOCKER_BUILDKIT", "0")
        .env("HOME", "/nonexistent")
        .env_remove("DOCKER_HOST")
        .stdin(stdin)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .and_then(|child| child.wait_with_output())
        .expect("a client");
    if !ran.status.success() {
        println!("{arguments:?}: {}", String::from_utf8_lossy(&ran.stderr).trim());
    }
}

fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// An archive of the small image, and a folder to build.
fn files() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, bytes: &[u8]| {
        std::fs::write(folder.path().join(name), bytes).expect("a file");
    };
    write("image.tar", busybox_archive().expect("a static busybox"));
    write("files.tar", &tar_of([("a", b"1".as_slice())]));
    write("env", b"FROM_FILE=1\n");
    std::fs::create_dir(folder.path().join("build")).expect("a folder");
    write(
        "build/Dockerfile",
        b"FROM localhost/busybox:local\nARG one\nLABEL a=b\nCMD [\"true\"]\n",
    );
    folder
}

/// The commands of the docker and podman CLIs, which are much alike.
const COMMANDS: &str = "\
load -i IMAGE
images -a
image inspect localhost/busybox:local
tag localhost/busybox:local localhost/other:one
history localhost/other:one
network create --subnet 10.99.3.0/24 --gateway 10.99.3.1 --label a=b --internal tests
network ls --filter name=tests
network inspect tests
volume create --label a=b tests
volume ls
volume inspect tests
create --name one --hostname box --env A=b --env-file ENVFILE --label l=m -p 127.0.0.1:8999:80 -v tests:/data -v /tmp:/host:ro --mount type=tmpfs,destination=/scratch --workdir /tmp --user 0 --memory 64m --cpus 0.5 --restart on-failure:3 --cap-add NET_ADMIN --cap-drop MKNOD --dns 127.0.0.1 --add-host other:127.0.0.1 --ulimit nofile=100:200 --shm-size 1m --stop-signal TERM --stop-timeout 1 --log-driver json-file --entrypoint /bin/sh --read-only --init=false --pids-limit 50 --sysctl net.ipv4.ip_forward=1 --security-opt no-new-privileges --tmpfs /run --group-add 10 --oom-score-adj 10 --health-cmd true --health-interval 10s localhost/busybox:local -c true
create --name two -it --network none localhost/busybox:local sleep 100
create --name three --network tests --ip 10.99.3.9 --network-alias other localhost/busybox:local sleep 100
start two
ps -a --filter label=l=m --size
inspect one two
logs two
top two
stats --no-stream two
port one
diff two
exec two true
exec -d -e A=b -w /tmp -u 0 two true
cp FILES two:/tmp/files
cp two:/etc/greeting BACK
pause two
unpause two
update --memory 32m --cpu-shares 512 two
rename two zwei
commit -m message -a author --change CMD=true zwei localhost/committed:one
network connect tests zwei
network disconnect tests zwei
restart -t 0 zwei
kill -s KILL zwei
wait zwei
export zwei -o BACK2
import FILES localhost/imported:one
build -t localhost/built:one --build-arg one=two --label c=d --no-cache BUILD
save -o BACK3 localhost/busybox:local
search --limit 1 nothing
rm -f -v one zwei three
rmi localhost/other:one localhost/committed:one localhost/imported:one localhost/built:one
container prune -f
image prune -f --filter until=1h
network prune -f
volume prune -f
system df
version
info
events --since 1s --until 1s
";

/// Swarm and others that only Docker has.
const DOCKERS: &str = "\
run --rm localhost/busybox:local true
swarm init --advertise-addr 127.0.0.1
node ls
secret create hush ENVFILE
config create conf ENVFILE
service create --detach --name web --replicas 1 --env A=b --label l=m --secret hush --config conf --mount type=volume,source=v,target=/v --restart-condition none --limit-memory 32m --constraint node.role==manager --update-delay 1s --publish 8998:80 --no-resolve-image localhost/busybox:local sleep 100
service ls
service inspect web
service update --detach --env-add C=d --replicas 0 --no-resolve-image web
service ps web
service rm web
secret rm hush
config rm conf
node update --label-add a=b self
swarm update --autolock=false
swarm leave --force
plugin ls
system events --since 1s --until 1s
";

fn commands(list: &str, folder: &Path) -> Vec<Vec<String>> {
    let at = |name: &str| folder.join(name).display().to_string();
    let places = [
        ("IMAGE", at("image.tar")),
        ("ENVFILE", at("env")),
        ("FILES", at("files.tar")),
        ("BUILD", at("build")),
        ("BACK", at("back")),
        ("BACK2", at("back2")),
        ("BACK3", at("back3")),
    ];
    let word = |word: &str| match places.iter().find(|(name, _)| *name == word) {
        Some((_, place)) => place.clone(),
        None => word.to_owned(),
    };
    list.lines().map(|line| line.split(' ').map(word).collect()).collect()
}

/// Runs a CLI's commands and returns all that it sends.
fn record(name: &str, engine: &PrivateEngine, option: &str, lists: &[&str]) -> Option<Vec<Sent>> {
    let Some(program) = program(name) else {
        skip(&format!("there is no `{name}`"));
        return None;
    };
    let recorder = Recorder::new(engine.socket());
    let files = files();
    for command in lists.iter().flat_map(|list| commands(list, files.path())) {
        let mut words = vec![option.to_owned(), recorder.uri()];
        if name == "podman" {
            words.insert(0, "--remote".into());
        }
        words.extend(command);
        run(&program, &words.iter().map(|word| &**word).collect::<Vec<_>>(), None);
    }
    let sent = recorder.sent();
    assert!(sent.len() > 60, "{} requests", sent.len());
    Some(sent)
}

/// What an engine's own command sends; it is recorded once.
fn traffic(kind: Kind) -> Option<&'static [Sent]> {
    static DOCKER: OnceLock<Option<Vec<Sent>>> = OnceLock::new();
    static PODMAN: OnceLock<Option<Vec<Sent>>> = OnceLock::new();
    let sent = match kind {
        Kind::Docker => DOCKER.get_or_init(|| {
            record("docker", contajners_tests::docker()?, "-H", &[COMMANDS, DOCKERS])
        }),
        Kind::Podman => PODMAN
            .get_or_init(|| record("podman", contajners_tests::podman()?, "--url", &[COMMANDS])),
    };
    sent.as_deref()
}

/// All that a command sends is as the specs have it.
fn check(kind: Kind) {
    let Some(sent) = traffic(kind) else { return };
    let told = judged(kind, sent, &[], &[]);
    assert!(told.is_empty(), "{}", told.join("\n"));
}

/// The interpreter of the distribution, which has docker-py; another one in the path may not.
const PYTHON: &str = "/usr/bin/python3";

/// What docker-py sends of versions that no engine serves any more, and none reads.
const FORGOTTEN: &[&str] =
    &["ContainerList `trunc_cmd`", "ImageList `only_ids`", "ImageTag `force`"];

/// What docker-py sends and no version of Docker has: it pushes a plugin by another's path.
const NOWHERE: &[&str] = &["POST /v1.41/plugins/localhost/py:one/pull"];

/// What is rightly found in docker-py's requests: fields by names that the engine has not, or has in
/// another case, which Go does not mind.
const MISTAKES: &[&str] = &[
    // Of old versions; the path tells it.
    "unknown field `/Container` of `ContainerExec`",
    "unknown field `/detachKeys` of `ContainerExec`",
    "unknown field `/Mode/global` of `ServiceCreate`",
    "unknown field `/Mode/replicated` of `ServiceCreate`",
    "unknown field `/Mode/replicated` of `ServiceUpdate`",
    // The name of a network stands where `EndpointsConfig` belongs.
    "unknown field `/NetworkingConfig/py` of `ContainerCreate`",
];

/// Runs the calls of docker-py and checks all that it sends. The engine is its own: there is one
/// swarm in each, and the engine's own command makes and leaves that of the other.
fn check_docker_py(kind: Kind, at_least: usize) {
    let has_it = Command::new(PYTHON).args(["-c", "import docker"]).stderr(Stdio::null()).status();
    if !has_it.is_ok_and(|status| status.success()) {
        skip("there is no docker-py (package `python3-docker`)");
        return;
    }
    let engine = match PrivateEngine::start(kind) {
        Ok(engine) => engine,
        Err(error) if error.is_unsupported() => return skip(&error.to_string()),
        Err(error) => panic!("{error}"),
    };
    let recorder = Recorder::new(engine.socket());
    let files = files();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/traffic/docker.py");
    let ran = Command::new(PYTHON)
        .arg("-B")
        .arg(script)
        .args([recorder.uri().as_ref(), files.path()])
        .env("HOME", "/nonexistent")
        .stdin(Stdio::null())
        .output()
        .expect("python");
    let told = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "the script has a mistake: {told}");
    println!("{told}");
    let sent = recorder.sent();
    assert!(sent.len() > at_least, "{} requests", sent.len());
    let mut told = judged(kind, &sent, FORGOTTEN, NOWHERE);
    let is_of = |mistake: &&&str, line: &String| line.starts_with(**mistake);
    // A mistake that nobody makes any more is no excuse.
    if kind == Kind::Docker {
        let gone = MISTAKES.iter().find(|mistake| !told.iter().any(|line| is_of(mistake, line)));
        assert_eq!(gone, None);
    }
    told.retain(|line| !MISTAKES.iter().any(|mistake| is_of(&mistake, line)));
    assert!(told.is_empty(), "{}", told.join("\n"));
}

/// Checks requests. Forgotten are parameters that no spec has any more; nowhere is what no operation of
/// Docker's versions is called by.
fn judged(kind: Kind, sent: &[Sent], forgotten: &[&str], nowhere: &[&str]) -> Vec<String> {
    let pack = contajners_resources::pack(kind.name()).expect("a pack");
    let pack = Pack::open(pack).expect("a pack");
    let mut told = Vec::new();
    let mut unknown = Vec::new();
    let mut checked = 0;
    let mut undocumented = BTreeSet::new();
    for request in sent {
        let Some((operation, values)) = operation(kind, pack, request) else {
            unknown.push(format!("{} {}", request.method, request.path()));
            continue;
        };
        checked += 1;
        let mut findings: Vec<Finding> = Vec::new();
        for (name, value) in &values {
            if !operation.parameters().any(|parameter| parameter.is_named(name)) {
                let what = format!("{} `{name}`", operation.id());
                if !forgotten.contains(&&*what) {
                    undocumented.insert(what);
                }
                continue;
            }
            let value: &dyn Value = value;
            findings.extend(operation.check_parameters(&[(name, value)]));
        }
        if let Ok(body) = serde_json::from_slice::<Json>(&request.body) {
            findings.extend(operation.check_body(&body));
        }
        for finding in findings {
            let body = String::from_utf8_lossy(&request.body).into_owned();
            told.push(format!(
                "{finding}\n    {} {}",
                request.target,
                body.get(..2000).unwrap_or(&body)
            ));
        }
    }
    unknown.sort();
    unknown.dedup();
    println!("{}: {checked} requests checked, in no spec: {unknown:?}", kind.name());
    println!("parameters in no spec: {undocumented:?}");
    // Podman's own command sends dozens that its specs leave out; raw requests can carry them.
    if kind == Kind::Docker {
        assert!(undocumented.is_empty(), "{undocumented:?}");
        assert_eq!(unknown, nowhere);
    }
    told.sort();
    told.dedup();
    told
}

/// Finds the operation that a request calls, and what its query gives.
fn operation(
    kind: Kind,
    pack: Pack<'static>,
    request: &Sent,
) -> Option<(Operation<'static>, Vec<(String, String)>)> {
    let path = request.path();
    let (version, path) = match path[1..].split_once('/') {
        Some((version, rest)) if version.starts_with('v') => (Some(version), format!("/{rest}")),
        _ => (None, path.to_owned()),
    };
    let api = match (kind, version) {
        (Kind::Docker, Some(version)) => pack.api(version).ok()?,
        // What speaks Docker's version to Podman means the version of Podman that is there.
        _ => pack.api(if kind == Kind::Docker { "v1.41" } else { "v4.3.1" }).ok()?,
    };
    let found = matching(api, &request.method, &path)?;
    let query = request.target.split_once('?').map_or("", |(_, query)| query);
    let values = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(name), decoded(value))
    });
    Some((found, values.collect()))
}

fn matching(api: Api<'static>, method: &str, path: &str) -> Option<Operation<'static>> {
    let fits = |operation: &Operation<'_>| {
        let mut given = path.split('/');
        let mut template = operation.path().split('/').peekable();
        while let Some(segment) = template.next() {
            // Names of images may hold slashes, which clients leave as they are.
            if segment.starts_with('{') {
                let next = template.peek().copied();
                given.next()?;
                while let Some(next) = next
                    && !next.starts_with('{')
                    && given.clone().next() != Some(next)
                {
                    given.next()?;
                }
                if next.is_none() {
                    return Some(());
                }
            } else if given.next() != Some(segment) {
                return None;
            }
        }
        given.next().is_none().then_some(())
    };
    let mut all: Vec<Operation<'_>> = api
        .operations()
        .filter(|operation| operation.method().as_str() == method && fits(operation).is_some())
        .collect();
    // The most literal one is meant.
    all.sort_by_key(|operation| {
        let segments = operation.path().split('/').skip(1);
        Reverse(segments.filter(|segment| !segment.starts_with('{')).count())
    });
    all.first().copied()
}

fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'+' => out.push(b' '),
            b'%' => {
                let hex = text.get(at + 1..at + 3).expect("two digits");
                out.push(u8::from_str_radix(hex, 16).expect("two digits"));
                at += 2;
            }
            byte => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[test]
fn docker_of_the_docker_command() {
    check(Kind::Docker);
}

#[test]
fn docker_of_docker_py() {
    check_docker_py(Kind::Docker, 100);
}

#[test]
fn podman_of_docker_py() {
    check_docker_py(Kind::Podman, 70);
}

#[test]
fn podman_of_its_own_command() {
    check(Kind::Podman);
}

#[test]
fn mistakes_in_what_docker_is_sent_are_found() {
    let Some(sent) = traffic(Kind::Docker) else { return };
    mistakes::prove(Kind::Docker, sent);
}

#[test]
fn mistakes_in_what_podman_is_sent_are_found() {
    let Some(sent) = traffic(Kind::Podman) else { return };
    mistakes::prove(Kind::Podman, sent);
}
