use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::*;

/// A machine that is written down: variables, sockets and files.
#[derive(Default)]
struct Machine {
    variables: BTreeMap<&'static str, &'static str>,
    sockets: Vec<&'static str>,
    files: BTreeMap<String, String>,
    folders: Vec<&'static str>,
    user: Option<u32>,
}

impl Surroundings for Machine {
    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).map(|value| (*value).to_owned())
    }

    fn exists(&self, path: &Path) -> bool {
        self.sockets.iter().any(|socket| path == Path::new(socket))
            || self.files.contains_key(&*path.to_string_lossy())
    }

    fn read(&self, file: &Path) -> io::Result<Vec<u8>> {
        match self.files.get(&*file.to_string_lossy()) {
            Some(text) if text == "forbidden" => Err(io::ErrorKind::PermissionDenied.into()),
            Some(text) => Ok(text.clone().into_bytes()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn user(&self) -> Option<u32> {
        self.user
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        if self.files.contains_key(&*folder.to_string_lossy()) {
            self.read(folder)?;
            return Err(io::ErrorKind::NotADirectory.into());
        }
        let all = self.files.keys().rev().map(String::as_str).chain(self.folders.iter().copied());
        let all = all.map(PathBuf::from);
        Ok(all.filter(|file| file.parent() == Some(folder)).collect())
    }
}

fn machine(variables: &[(&'static str, &'static str)], sockets: &[&'static str]) -> Machine {
    Machine {
        variables: variables.iter().copied().collect(),
        sockets: sockets.to_vec(),
        files: BTreeMap::new(),
        folders: Vec::new(),
        user: None,
    }
}

impl Machine {
    fn file(mut self, path: &str, text: &str) -> Self {
        self.files.insert(path.into(), text.into());
        self
    }
}

#[track_caller]
fn check(engine: &str, machine: &Machine, expected: &str) {
    let pack = crate::pack(engine).unwrap();
    let text = match discover(pack, machine) {
        Ok(Discovered { endpoint, source, tls: Some(tls), .. }) => {
            format!("{endpoint} ({source}) {tls:?}")
        }
        Ok(found) => format!("{} ({})", found.endpoint, found.source),
        Err(error) => format!("{error}: {}", error.code()),
    };
    assert_eq!(text, expected);
}

#[test]
fn an_address_that_names_no_socket_is_the_usual_one() {
    let host = ("DOCKER_HOST", " unix://");
    let said = |socket: &str| format!("unix://{socket} (variable `DOCKER_HOST`)");
    let (system, own) = ("/var/run/docker.sock", "/h/.docker/run/docker.sock");
    check("docker", &machine(&[host], &[]), &said(system));
    check("docker", &machine(&[host, ("HOME", "/h")], &[own]), &said(own));
    check("docker", &machine(&[host, ("HOME", "/h")], &[own, system]), &said(system));
    check(
        "podman",
        &machine(
            &[("CONTAINER_HOST", "unix://"), ("XDG_RUNTIME_DIR", "/r")],
            &["/r/podman/podman.sock"],
        ),
        "unix:///r/podman/podman.sock (variable `CONTAINER_HOST`)",
    );
    let id = format!("{:x}", Sha256::digest("here"));
    let machine = machine(&[("HOME", "/h")], &[own])
        .file("/h/.docker/config.json", r#"{"currentContext":"here"}"#)
        .file(
            &format!("/h/.docker/contexts/meta/{id}/meta.json"),
            r#"{"Endpoints":{"docker":{"Host":"unix://"}}}"#,
        );
    check("docker", &machine, &format!("unix://{own} (Docker context `here`)"));
}

/// Where nobody has logged in, rootless engines are where they are otherwise.
#[test]
fn the_usual_runtime_folder_needs_no_variable() {
    let (own, system) = ("/run/user/7/podman/podman.sock", "/run/podman/podman.sock");
    let by = |user, sockets: &[&'static str]| Machine { user, ..machine(&[], sockets) };
    let usual = |socket: &str| format!("unix://{socket} (usual socket unix://{socket})");
    check("podman", &by(Some(7), &[own, system]), &usual(own));
    check("podman", &by(Some(7), &[system]), &usual(system));
    check("docker", &by(Some(7), &["/run/user/7/docker.sock"]), &usual("/run/user/7/docker.sock"));
    check("podman", &by(Some(0), &["/run/user/0/podman/podman.sock", system]), &usual(system));
    check("podman", &by(None, &[own, system]), &usual(system));
    let set = Machine { user: Some(7), ..machine(&[("XDG_RUNTIME_DIR", "/x")], &[own, system]) };
    check("podman", &set, &usual(system));
}

#[test]
fn the_users_word_comes_first_and_then_what_exists() {
    let system = "/var/run/docker.sock";
    let usual = "unix:///var/run/docker.sock (usual socket unix:///var/run/docker.sock)";
    check("docker", &machine(&[], &[system]), usual);
    check(
        "docker",
        &machine(&[], &[]),
        "unix:///var/run/docker.sock (usual address unix:///var/run/docker.sock, whose socket is \
         missing)",
    );
    let host = ("DOCKER_HOST", "tcp://h:1");
    check("docker", &machine(&[host], &[system]), "tcp://h:1 (variable `DOCKER_HOST`)");
    check("docker", &machine(&[("DOCKER_HOST", "")], &[system]), usual);
    check(
        "docker",
        &machine(&[("DOCKER_HOST", "what://")], &[system]),
        "`DOCKER_HOST`: address `what://` is of an unknown kind: unsupported-address",
    );
    check(
        "docker",
        &machine(&[("HOME", "/h")], &["/h/.docker/run/docker.sock"]),
        "unix:///h/.docker/run/docker.sock (usual socket unix:///h/.docker/run/docker.sock)",
    );
    check(
        "podman",
        &machine(
            &[("XDG_RUNTIME_DIR", "/run/user/1")],
            &["/run/user/1/podman/podman.sock", "/run/podman/podman.sock"],
        ),
        "unix:///run/user/1/podman/podman.sock (usual socket \
         unix:///run/user/1/podman/podman.sock)",
    );
    check(
        "podman",
        &machine(&[("CONTAINER_HOST", "unix:///x"), ("DOCKER_HOST", "unix:///y")], &[]),
        "unix:///x (variable `CONTAINER_HOST`)",
    );
}

#[test]
fn other_engines_are_looked_for_where_their_packs_say() {
    let found = |engine: &str, machine: &Machine| {
        let bytes = contajners_resources::pack(engine).expect("the tests carry all packs");
        discover(Pack::open(bytes).unwrap(), machine).unwrap().endpoint.to_string()
    };
    let sockets = ["/s", "/d/unix.socket", "/run/incus/unix.socket", "/var/lib/incus/unix.socket"];
    let both = [("INCUS_SOCKET", "/s"), ("INCUS_DIR", "/d")];
    assert_eq!(found("incus", &machine(&both, &sockets)), "unix:///s");
    assert_eq!(found("incus", &machine(&both[1..], &sockets)), "unix:///d/unix.socket");
    assert_eq!(found("incus", &machine(&[], &sockets)), "unix:///run/incus/unix.socket");
    assert_eq!(found("incus", &machine(&[], &sockets[3..])), "unix:///var/lib/incus/unix.socket");
    // A name that leads nowhere is not made up for by another.
    for (variables, name) in [(&both[..], "INCUS_SOCKET"), (&both[1..], "INCUS_DIR")] {
        let pack = contajners_resources::pack("incus").unwrap();
        let machine = machine(variables, &sockets[2..]);
        let found = discover(Pack::open(pack).unwrap(), &machine).unwrap();
        let expected = if name == "INCUS_DIR" { "unix:///d/unix.socket" } else { "unix:///s" };
        assert_eq!(found.endpoint.to_string(), expected);
        assert_eq!(found.source, Source::Variable(name.into()));
    }
    assert_eq!(
        found("incus", &machine(&[("INCUS_SOCKET", "")], &sockets[2..])),
        "unix:///run/incus/unix.socket"
    );
    assert_eq!(found("firecracker", &machine(&[], &[])), "unix:///run/firecracker.socket");
    let tmp = "unix:///tmp/cloud-hypervisor.sock";
    assert_eq!(found("cloud-hypervisor", &machine(&[], &[])), tmp);
}

#[test]
fn names_of_files_stay_on_one_line() {
    let machine = machine(&[("HOME", "/h")], &[])
        .file("/h/.docker/config.json", r#"{"currentContext":"a\n\u001b[2Jb"}"#);
    check(
        "docker",
        &machine,
        "there is no Docker context `a\u{fffd}\u{fffd}[2Jb`, which `/h/.docker/config.json` names: \
         unknown-context",
    );
}

fn context(host: &str) -> Machine {
    let id = format!("{:x}", Sha256::digest("remote"));
    machine(&[("HOME", "/h")], &["/var/run/docker.sock"])
        .file("/h/.docker/config.json", r#"{"currentContext":"remote"}"#)
        .file(&format!("/h/.docker/contexts/meta/{id}/meta.json"), host)
}

#[test]
fn docker_contexts() {
    let remote = r#"{"Name":"remote","Endpoints":{"docker":{"Host":"tcp://far:2375"}}}"#;
    check("docker", &context(remote), "tcp://far:2375 (Docker context `remote`)");
    // The code of the Docker command goes before its manual: the address wins.
    let mut both = context(remote);
    both.variables.insert("DOCKER_HOST", "tcp://near:1");
    check("docker", &both, "tcp://near:1 (variable `DOCKER_HOST`)");
    let mut default = context(remote);
    default.variables.insert("DOCKER_CONTEXT", "default");
    let usual = "unix:///var/run/docker.sock (usual socket unix:///var/run/docker.sock)";
    check("docker", &default, usual);
    let mut other = context(remote);
    other.variables.insert("DOCKER_CONTEXT", "other");
    check(
        "docker",
        &other,
        "there is no Docker context `other`, which `DOCKER_CONTEXT` names: unknown-context",
    );
    check(
        "docker",
        &context("{"),
        &format!(
            "`/h/.docker/contexts/meta/{:x}/meta.json` cannot be used: no JSON at line 1 column \
             1: config-malformed",
            Sha256::digest("remote")
        ),
    );
    let secure = r#"{"Endpoints":{"docker":{"Host":"tcp://far:2376","SkipTLSVerify":true}}}"#;
    check(
        "docker",
        &context(secure),
        "https://far:2376 (Docker context `remote`) Tls { ca: None, identity: None, password: \
         None, skip_verify: true }",
    );
    let folder = format!("/h/.docker/contexts/tls/{:x}/docker", Sha256::digest("remote"));
    let with_files = context(remote)
        .file(&format!("{folder}/ca.pem"), "")
        .file(&format!("{folder}/cert.pem"), "")
        .file(&format!("{folder}/key.pem"), "");
    check(
        "docker",
        &with_files,
        &format!(
            "https://far:2375 (Docker context `remote`) Tls {{ ca: Some(\"{folder}/ca.pem\"), \
             identity: Some((\"{folder}/cert.pem\", \"{folder}/key.pem\")), password: None, \
             skip_verify: false }}"
        ),
    );
    // Without what may be there nothing goes out, and a link that leads nowhere is there.
    check(
        "docker",
        &context(remote).file(&folder, "forbidden"),
        &format!("cannot read `{folder}`: config-unreadable"),
    );
    let other_case = r#"{"endpoints":{"docker":{"host":"tcp://far:2376","skiptlsverify":true}}}"#;
    check(
        "docker",
        &context(other_case),
        "https://far:2376 (Docker context `remote`) Tls { ca: None, identity: None, password: \
         None, skip_verify: true }",
    );
    let list = machine(&[("DOCKER_CONFIG", "/c")], &[])
        .file("/c/config.json", r#"{"currentContext":["remote"]}"#);
    check(
        "docker",
        &list,
        "`/c/config.json` cannot be used: `currentContext` is no text: config-malformed",
    );
    let socket = r#"{"Endpoints":{"docker":{"Host":"unix:///x","SkipTLSVerify":true}}}"#;
    check("docker", &context(socket), "unix:///x (Docker context `remote`)");
    let forbidden = machine(&[("DOCKER_CONFIG", "/c")], &[]).file("/c/config.json", "forbidden");
    check("docker", &forbidden, "cannot read `/c/config.json`: config-unreadable");
    // A file without a context, or of another kind, means the usual socket.
    let plain = machine(&[("HOME", "/h")], &["/var/run/docker.sock"])
        .file("/h/.docker/config.json", r#"{"auths":{}}"#);
    check("docker", &plain, usual);
}

#[test]
fn tls_as_the_docker_command_turns_it_on() {
    const HOST: (&str, &str) = ("DOCKER_HOST", "tcp://far");
    #[track_caller]
    fn check(variables: &[(&'static str, &'static str)], files: &[&str], expected: &str) {
        let machine = machine(&[&[HOST, ("HOME", "/h")], variables].concat(), &[]);
        let machine = files.iter().fold(machine, |machine, file| machine.file(file, ""));
        let found = discover(crate::pack("docker").unwrap(), &machine).unwrap();
        let text = match found.tls {
            Some(tls) => format!("{} {tls:?}", found.endpoint),
            None => found.endpoint.to_string(),
        };
        assert_eq!(text, expected.replace("…", "password: None, skip_verify"));
    }
    check(&[], &["/h/.docker/ca.pem"], "tcp://far:2375");
    check(&[("DOCKER_CERT_PATH", "/c")], &["/c/ca.pem"], "tcp://far:2375");
    check(&[("DOCKER_TLS_VERIFY", "")], &[], "tcp://far:2375");
    // There must be a CA, as the Docker command has it: that it is missing shows when it is read.
    let home = r#"https://far:2376 Tls { ca: Some("/h/.docker/ca.pem"), identity: None, "#;
    check(&[("DOCKER_TLS_VERIFY", "1")], &[], &format!("{home}…: false }}"));
    check(&[("DOCKER_TLS_VERIFY", "0")], &[], &format!("{home}…: false }}"));
    check(&[("DOCKER_TLS", "1")], &[], &format!("{home}…: true }}"));
    check(&[("DOCKER_TLS", "1"), ("DOCKER_TLS_VERIFY", "1")], &[], &format!("{home}…: false }}"));
    check(
        &[("DOCKER_TLS_VERIFY", "1"), ("DOCKER_CONFIG", "/d")],
        &["/d/cert.pem", "/d/key.pem"],
        r#"https://far:2376 Tls { ca: Some("/d/ca.pem"), identity: Some(("/d/cert.pem", "/d/key.pem")), …: false }"#,
    );
    // Half of an identity is one that cannot be read.
    check(
        &[("DOCKER_TLS_VERIFY", "1"), ("DOCKER_CONFIG", "/d"), ("DOCKER_CERT_PATH", "/c")],
        &["/d/cert.pem", "/d/key.pem", "/c/key.pem"],
        r#"https://far:2376 Tls { ca: Some("/c/ca.pem"), identity: Some(("/c/cert.pem", "/c/key.pem")), …: false }"#,
    );
    let verify = ("DOCKER_TLS_VERIFY", "1");
    check(&[("DOCKER_HOST", "unix:///x"), verify], &[], "unix:///x");
    check(&[("DOCKER_HOST", "ssh://far"), verify], &[], "ssh://far");
    check(
        &[("DOCKER_HOST", "https://far"), verify],
        &[],
        &format!("{}…: false }}", home.replace("2376", "443")),
    );
    check(&[("DOCKER_HOST", "https://far")], &[], "https://far:443");
}

#[test]
fn tls_that_is_given_replaces_what_is_found() {
    let machine = machine(&[("DOCKER_HOST", "tcp://far"), ("DOCKER_TLS", "1")], &[]);
    let given = Tls::new().ca_pem("x");
    let found = look(crate::pack("docker").unwrap(), &machine, None, Some(given.clone())).unwrap();
    assert_eq!((found.endpoint.to_string(), found.tls), ("https://far:2376".into(), Some(given)));
}

const CONNECTIONS: &str = r#"{"Connection":{"Default":"box","Connections":{
    "box":{"URI":"unix:///run/box.sock"},"tls":{"URI":"tcp://far:1","TLSCert":"/c","TLSKey":"/k","TLSCA":"/ca"}}}}"#;
const CONFIG: &str = "[engine]\nactive_service = \"old\"\n\
    [engine.service_destinations.old]\nuri = \"unix:///run/old.sock\"\n";

#[test]
fn podman_connections() {
    let json = "/h/.config/containers/podman-connections.json";
    let config = "/h/.config/containers/containers.conf";
    let at = |variables: &[(&'static str, &'static str)]| {
        let home = [&[("HOME", "/h")], variables].concat();
        machine(&home, &["/run/podman/podman.sock"])
    };
    let both = |variables: &[(&'static str, &'static str)]| {
        at(variables).file(json, CONNECTIONS).file(config, CONFIG)
    };
    check("podman", &both(&[]), "unix:///run/box.sock (Podman connection `box`)");
    check(
        "podman",
        &at(&[]).file(config, CONFIG),
        "unix:///run/old.sock (Podman connection `old`)",
    );
    let named = both(&[("CONTAINER_CONNECTION", "old"), ("CONTAINER_HOST", "unix:///x")]);
    check("podman", &named, "unix:///run/old.sock (Podman connection `old`)");
    check(
        "podman",
        &both(&[("CONTAINER_HOST", "unix:///x")]),
        "unix:///x (variable `CONTAINER_HOST`)",
    );
    check(
        "podman",
        &both(&[("CONTAINER_CONNECTION", "none")]),
        "there is no Podman connection `none`, which `CONTAINER_CONNECTION` names: \
         unknown-connection",
    );
    check(
        "podman",
        &both(&[("CONTAINER_CONNECTION", "tls")]),
        "https://far:1 (Podman connection `tls`) Tls { ca: Some(\"/ca\"), identity: \
         Some((\"/c\", \"/k\")), password: None, skip_verify: false }",
    );
    check(
        "podman",
        &at(&[("CONTAINERS_CONF", "/c")]).file("/c", "[engine\n"),
        "`/c` cannot be used: no TOML at line 1: config-malformed",
    );
    check(
        "podman",
        &at(&[]).file(config, "[engine]\nnum_locks = 1\n"),
        "unix:///run/podman/podman.sock (usual socket unix:///run/podman/podman.sock)",
    );
    check("podman", &at(&[("CONTAINERS_CONF", "/c")]), "cannot read `/c`: config-unreadable");
    check(
        "podman",
        &at(&[]).file(&format!("{config}.d"), "forbidden"),
        &format!("cannot read `{config}.d`: config-unreadable"),
    );
    let wrong = CONFIG.replace("uri =", "TLS_CA = [\"/ca\"]\nuri =");
    check(
        "podman",
        &at(&[]).file(config, &wrong),
        &format!("`{config}` cannot be used: `tls_ca` is no text: config-malformed"),
    );
    let wrong = CONNECTIONS.replace(r#""TLSCA":"/ca""#, r#""tlsca":["/ca"]"#);
    check(
        "podman",
        &at(&[("CONTAINER_CONNECTION", "tls")]).file(json, &wrong),
        &format!("`{json}` cannot be used: `TLSCA` is no text: config-malformed"),
    );
    let other_case = CONNECTIONS.replace("Default", "default").replace("URI", "uri");
    check(
        "podman",
        &at(&[]).file(json, &other_case),
        "unix:///run/box.sock (Podman connection `box`)",
    );
}

#[test]
fn what_names_a_context_or_a_connection_is_told() {
    let check = |engine, machine: &Machine, expected: Option<&str>| {
        let found = discover(crate::pack(engine).unwrap(), machine).unwrap();
        assert_eq!(found.named_by.as_deref(), expected);
    };
    let meta = format!("/c/contexts/meta/{:x}/meta.json", Sha256::digest("far"));
    let far = |variables: &[(&'static str, &'static str)]| {
        machine(&[&[("DOCKER_CONFIG", "/c")], variables].concat(), &[])
            .file(&meta, r#"{"Endpoints":{"docker":{"Host":"unix:///x"}}}"#)
            .file("/c/config.json", r#"{"currentContext":"far"}"#)
    };
    check("docker", &far(&[]), Some("`/c/config.json`"));
    check("docker", &far(&[("DOCKER_CONTEXT", "far")]), Some("`DOCKER_CONTEXT`"));
    check("docker", &far(&[("DOCKER_HOST", "unix:///y")]), None);
    let given = look(crate::pack("docker").unwrap(), &far(&[]), Some("far"), None).unwrap();
    assert_eq!(given.named_by, None);
    let podman = |variables: &[_]| machine(variables, &[]).file("/p", CONNECTIONS);
    let file = ("PODMAN_CONNECTIONS_CONF", "/p");
    check("podman", &podman(&[file]), Some("`/p`"));
    let named = podman(&[file, ("CONTAINER_CONNECTION", "tls")]);
    check("podman", &named, Some("`CONTAINER_CONNECTION`"));
}

#[test]
fn headers_of_the_docker_command() {
    let check = |engine, text: &str, expected: &str| {
        let machine = machine(&[("DOCKER_CONFIG", "/c")], &[]).file("/c/config.json", text);
        let all = headers(crate::pack(engine).unwrap(), &machine);
        assert!(all.iter().all(|(_, value)| value.is_sensitive()));
        let line = |(name, value): &(HeaderName, HeaderValue)| {
            format!("{name}: {}", value.to_str().unwrap())
        };
        assert_eq!(all.iter().map(line).collect::<Vec<_>>().join(", "), expected);
    };
    let several = r#"{"httpheaders":{"X-Team":"blue","User-Agent":"x","host":"y","X-B":"","X-C":null,
        "Transfer-Encoding":"chunked","Upgrade":"z","X-D":1,"X-E":"a\r\nb: c","X F":"g"}}"#;
    check("docker", several, "x-b: , x-c: , x-team: blue");
    check("podman", several, "");
    for nothing in ["{}", "{", r#"{"HttpHeaders":null}"#, r#"{"HttpHeaders":["X"]}"#] {
        check("docker", nothing, "");
    }
}

#[test]
fn headers_go_where_docker_is() {
    let check = |machine: &Machine, expected: bool| {
        let found = discover(crate::pack("docker").unwrap(), machine).unwrap();
        assert_eq!(found.is_by_dockers_settings(), expected, "{}", found.source);
    };
    check(&machine(&[("DOCKER_HOST", "tcp://far")], &[]), true);
    check(&machine(&[("HOME", "/h")], &["/var/run/docker.sock"]), true);
    let found = |source, address: &str| Discovered {
        endpoint: Endpoint::parse(address).unwrap(),
        source,
        named_by: None,
        considered: Vec::new(),
        tls: None,
    };
    // A pack of somebody's own.
    let elsewhere = Source::Fallback("http://far".into());
    assert!(!found(elsewhere, "http://far").is_by_dockers_settings());
    assert!(!found(Source::Variable("TOY".into()), "http://far").is_by_dockers_settings());
    assert!(!found(Source::Given, "unix:///x").is_by_dockers_settings());
}

#[test]
fn contexts_and_connections_are_listed() {
    let check = |engine, machine: &Machine, expected: &[&str]| {
        let all = connections(crate::pack(engine).unwrap(), machine);
        assert_eq!(all.iter().map(ToString::to_string).collect::<Vec<_>>(), expected);
    };
    let none = machine(&[("HOME", "/h")], &[]);
    check("docker", &none, &["Docker context `default`"]);
    check("podman", &none, &[]);
    let mut two = machine(&[("HOME", "/h"), ("DOCKER_CONFIG", "/c")], &[])
        .file("/c/contexts/meta/1/meta.json", r#"{"Name":"far"}"#)
        .file("/c/contexts/meta/2/meta.json", "{")
        .file("/h/.config/containers/containers.conf", CONFIG)
        .file("/h/.config/containers/podman-connections.json", CONNECTIONS);
    two.folders = vec!["/c/contexts/meta/1", "/c/contexts/meta/2"];
    check("docker", &two, &["Docker context `default`", "Docker context `far`"]);
    let all = ["box", "old", "tls"].map(|name| format!("Podman connection `{name}`"));
    check("podman", &two, &all.each_ref().map(String::as_str));
}

#[test]
fn variables_of_the_user_stay_on_the_machine() {
    assert_eq!(Template::of("http://far/$TOKEN"), Template::Leaking);
    assert_eq!(Template::of("tcp://$ENGINE:1"), Template::Own("ENGINE"));
}

/// Each says another default, and where it is.
#[test]
fn one_file_of_podman_wins_over_another() {
    let says = |name: &str| {
        format!(
            "[engine]\nactive_service = \"{name}\"\n[engine.service_destinations.{name}]\n\
             uri = \"unix:///{name}\"\n"
        )
    };
    let etc = "/etc/containers/containers.conf";
    let own = "/h/.config/containers/containers.conf";
    let files = [
        "/usr/share/containers/containers.conf".to_owned(),
        etc.to_owned(),
        format!("{etc}.d/1.conf"),
        format!("{etc}.d/2.conf"),
        own.to_owned(),
        format!("{own}.d/b.conf"),
    ];
    let mut there = machine(&[("HOME", "/h")], &[]);
    for (number, file) in files.iter().enumerate() {
        there = there.file(file, &says(&format!("n{number}")));
        there =
            there.file(&format!("{etc}.d/3.txt"), "[").file(&format!("{own}.d/sub/c.conf"), "[");
        let expected = format!("unix:///n{number} (Podman connection `n{number}`)");
        check("podman", &there, &expected);
    }
    let there = there.file("/c", &says("only")).file("/o", &says("over"));
    let at = |mut machine: Machine, variable, file| {
        machine.variables.insert(variable, file);
        machine
    };
    let there = at(there, "CONTAINERS_CONF", "/c");
    check("podman", &there, "unix:///only (Podman connection `only`)");
    let there = at(there, "CONTAINERS_CONF_OVERRIDE", "/o");
    check("podman", &there, "unix:///over (Podman connection `over`)");
    let named = at(there, "CONTAINER_CONNECTION", "only");
    check("podman", &named, "unix:///only (Podman connection `only`)");
}

#[test]
fn keys_for_ssh_come_with_the_connection() {
    let identity = |machine: &Machine| match discover(crate::pack("podman").unwrap(), machine)
        .unwrap()
        .endpoint
    {
        Endpoint::Ssh { identity, .. } => identity,
        other => panic!("{other}"),
    };
    let json = r#"{"Connection":{"Default":"vm","Connections":{
        "vm":{"URI":"ssh://core@localhost:2222/run/p.sock","Identity":"/keys/vm"}}}}"#;
    let file = "/h/.config/containers/podman-connections.json";
    let vm = machine(&[("HOME", "/h")], &[]).file(file, json);
    assert_eq!(identity(&vm), Some("/keys/vm".into()));
    let toml = "[engine]\nactive_service = \"vm\"\n[engine.service_destinations.vm]\n\
                uri = \"ssh://core@vm\"\nidentity = \"/keys/old\"\n";
    let old = machine(&[("CONTAINERS_CONF", "/c")], &[]).file("/c", toml);
    assert_eq!(identity(&old), Some("/keys/old".into()));
    let host = ("CONTAINER_HOST", "ssh://core@vm");
    assert_eq!(identity(&machine(&[host], &[])), None);
    let keyed = machine(&[host, ("CONTAINER_SSHKEY", "/keys/own")], &[]);
    assert_eq!(identity(&keyed), Some("/keys/own".into()));
}

/// Podman says of its machines that they are some; only what runs here can be one.
#[test]
fn machines_of_podman_are_known() {
    let is_machine = |machine: &Machine| match discover(crate::pack("podman").unwrap(), machine)
        .unwrap()
        .endpoint
    {
        Endpoint::Ssh { is_machine, .. } => is_machine,
        other => panic!("{other}"),
    };
    let json = |host: &str, more: &str| {
        let json = format!(
            r#"{{"Connection":{{"Default":"vm","Connections":{{"vm":{{"URI":"ssh://core@{host}:5/p"{more}}}}}}}}}"#
        );
        machine(&[("HOME", "/h")], &[]).file("/h/.config/containers/podman-connections.json", &json)
    };
    assert!(is_machine(&json("127.0.0.1", r#","IsMachine":true"#)));
    assert!(!is_machine(&json("127.0.0.1", "")));
    assert!(!is_machine(&json("far", r#","IsMachine":true"#)));
    let toml = "[engine]\nactive_service = \"vm\"\n[engine.service_destinations.vm]\n\
                uri = \"ssh://core@localhost:5\"\nis_machine = true\n";
    assert!(is_machine(&machine(&[("CONTAINERS_CONF", "/c")], &[]).file("/c", toml)));
}

/// Podman reads its addresses as URLs.
#[test]
fn podmans_addresses_are_urls() {
    for (address, expected) in [
        ("unix://tmp/p.sock", "unix:///tmp/p.sock"),
        ("unix:/tmp/p.sock", "unix:///tmp/p.sock"),
        ("unix:///tmp/%70.sock?secure=True", "unix:///tmp/p.sock"),
        ("ssh://box/run/p.sock?secure=True", "ssh://box/run/p.sock"),
        ("tcp://box:1", "tcp://box:1"),
    ] {
        let expected = format!("{expected} (variable `CONTAINER_HOST`)");
        check("podman", &machine(&[("CONTAINER_HOST", address)], &[]), &expected);
    }
}

/// A file may be there before there is something in it, and take back what another one says.
#[test]
fn empty_files_and_names_say_nothing() {
    let usual = "unix:///var/run/docker.sock (usual socket unix:///var/run/docker.sock)";
    for text in ["", " \n"] {
        let file = machine(&[("HOME", "/h")], &["/var/run/docker.sock"])
            .file("/h/.docker/config.json", text);
        check("docker", &file, usual);
    }
    let says = |name: &str| {
        format!(
            "[engine]\nactive_service = \"{name}\"\n[engine.service_destinations.x]\nuri = \"unix:///x\"\n"
        )
    };
    let both = machine(
        &[("CONTAINERS_CONF", "/c"), ("CONTAINERS_CONF_OVERRIDE", "/o")],
        &["/run/podman/podman.sock"],
    )
    .file("/c", &says("x"))
    .file("/o", &says(""));
    check(
        "podman",
        &both,
        "unix:///run/podman/podman.sock (usual socket unix:///run/podman/podman.sock)",
    );
}

#[test]
fn what_was_passed_over_is_told() {
    let found = discover(crate::pack("docker").unwrap(), &machine(&[("HOME", "/h")], &[])).unwrap();
    let told: Vec<String> =
        found.considered.iter().map(|(source, why)| format!("{source}: {why}")).collect();
    assert_eq!(
        told,
        [
            "variable `DOCKER_HOST`: not set",
            "current Docker context: none is chosen",
            "usual socket unix:///var/run/docker.sock: no such socket",
            "usual socket unix:///h/.docker/run/docker.sock: no such socket",
            "usual socket unix:///h/.docker/desktop/docker.sock: no such socket",
        ]
    );
}

#[test]
fn a_context_or_a_connection_by_name() {
    #[track_caller]
    fn named(engine: &str, machine: &Machine, name: &str, expected: &str) {
        let pack = crate::pack(engine).unwrap();
        let text = match look(pack, machine, Some(name), None) {
            Ok(found) => format!("{} ({})", found.endpoint, found.source),
            Err(error) => format!("{error}: {}", error.code()),
        };
        assert_eq!(text, expected);
    }

    let remote = r#"{"Name":"remote","Endpoints":{"docker":{"Host":"tcp://far:2375"}}}"#;
    let mut docker = context(remote);
    docker.variables.insert("DOCKER_HOST", "tcp://near:1");
    named("docker", &docker, "remote", "tcp://far:2375 (Docker context `remote`)");
    let unknown = "there is no Docker context `other`: unknown-context";
    named("docker", &docker, "other", unknown);
    named("docker", &machine(&[], &[]), "other", unknown);
    // As with its command, the variable says where the default context leads.
    named("docker", &docker, "default", "tcp://near:1 (variable `DOCKER_HOST`)");
    let usual = "unix:///var/run/docker.sock (usual socket unix:///var/run/docker.sock)";
    named("docker", &context(remote), "default", usual);

    let podman = machine(&[("HOME", "/h"), ("CONTAINER_HOST", "tcp://near:1")], &[]).file(
        "/h/.config/containers/podman-connections.json",
        r#"{"Connection":{"Connections":{"far":{"URI":"unix:///x"}}}}"#,
    );
    named("podman", &podman, "far", "unix:///x (Podman connection `far`)");
    // As on Windows.
    let other = machine(&[("USERPROFILE", "/u")], &[]).file(
        "/u/.config/containers/podman-connections.json",
        r#"{"Connection":{"Connections":{"far":{"URI":"unix:///y"}}}}"#,
    );
    named("podman", &other, "far", "unix:///y (Podman connection `far`)");
    let unknown = "there is no Podman connection `default`: unknown-connection";
    named("podman", &podman, "default", unknown);
}
