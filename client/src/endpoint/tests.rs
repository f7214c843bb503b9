use super::*;

#[track_caller]
fn check(address: &str, expected: &str) {
    let found = match Endpoint::parse(address) {
        Ok(endpoint) => endpoint.to_string(),
        Err(error) => format!("{error}: {}", error.hint()),
    };
    assert_eq!(found, expected);
}

#[test]
fn addresses_are_read_as_the_engines_tools_read_them() {
    check("unix:///run/a b.sock", "unix:///run/a b.sock");
    check("unix://rel.sock", "unix://rel.sock");
    check("http+unix://%2Frun%2Fa.sock", "unix:///run/a.sock");
    check("http+unix://%+2Frun%-1%g1%1", "unix://%+2Frun%-1%g1%1");
    check("/run/a.sock", "unix:///run/a.sock");
    check("tcp://localhost", "tcp://localhost:2375");
    check("TCP://10.0.0.1:99/", "tcp://10.0.0.1:99");
    check("http://example.test", "tcp://example.test:80");
    check("https://example.test", "https://example.test:443");
    check("https://[::1]:2376/engine/", "https://[::1]:2376/engine");
    check("example.test:5", "tcp://example.test:5");
    check(":2375", "tcp://localhost:2375");
    check("tcp://[::1]:2375/engine/one/", "tcp://[::1]:2375/engine/one");
    check("[::1]", "tcp://[::1]:2375");
    check("npipe:////./pipe/docker_engine", "npipe:////./pipe/docker_engine");
    check("npipe://\\\\.\\pipe\\a", "npipe:////./pipe/a");
    check("ssh://box", "ssh://box");
    check("ssh://core@box:2222/run/a.sock", "ssh://core@box:2222/run/a.sock");
    check("ssh://[::1]/", "ssh://[::1]");
    check("ssh://box/a%3Fb%23c%2541 d%20", "ssh://box/a%3Fb%23c%2541%20d%20");
}

#[test]
fn tls_that_is_turned_on_changes_what_an_address_means() {
    #[track_caller]
    fn check(address: &str, expected: &str) {
        let found = match Endpoint::parse_with_tls(address) {
            Ok(endpoint) => endpoint.to_string(),
            Err(error) => format!("{error}: {}", error.hint()),
        };
        assert_eq!(found, expected);
    }
    check("tcp://far", "https://far:2376");
    check("far:2375", "https://far:2375");
    check("https://far", "https://far:443");
    check("unix:///run/a.sock", "unix:///run/a.sock");
    check("ssh://far", "ssh://far");
    check(
        "http://far",
        "address `http://far` is without TLS, which is turned on: write `https://` or \
         `tcp://`, or leave TLS off",
    );
}

#[test]
fn what_was_made_by_hand_is_looked_at() {
    let tcp = |host: &str, prefix: &str| {
        let (host, prefix) = (host.to_owned(), prefix.to_owned());
        Endpoint::Tcp { host, port: 1, prefix }
    };
    let ssh = |host: &str| {
        Endpoint::parse("ssh://h").map(|endpoint| match endpoint {
            Endpoint::Ssh { user, port, socket, .. } => Endpoint::Ssh {
                user,
                host: host.to_owned(),
                port,
                socket,
                identity: Some("key".into()),
                is_machine: true,
            },
            other => other,
        })
    };
    assert_eq!(tcp("h", "/a").sound(false), Ok(tcp("h", "/a")));
    let secure = tcp("h", "/a").sound(true).unwrap();
    assert_eq!(secure.to_string(), "https://h:1/a");
    let odd = Endpoint::from(PathBuf::from("/a b/ "));
    assert_eq!(odd.clone().sound(true), Ok(odd));
    assert_eq!(ssh("far").unwrap().sound(true), ssh("far").map(|far| far.with_machine(false)));
    assert_eq!(ssh("localhost").unwrap().sound(true), ssh("localhost"));
    assert!(ssh("-oProxyCommand=x").unwrap().sound(false).is_err());
    assert!(tcp("h\r\nx: y", "").sound(false).is_err());
    // What stands in one part would be read as two.
    assert!(tcp("a/b", "").sound(false).is_err());
    let Ok(Endpoint::Ssh { host, port, .. }) = ssh("far") else { panic!() };
    let far = |user: Option<&str>, socket: Option<&str>| Endpoint::Ssh {
        user: user.map(Into::into),
        host: host.clone(),
        port,
        socket: socket.map(Into::into),
        identity: None,
        is_machine: false,
    };
    assert!(far(Some("jo"), Some("/run/podman.sock")).sound(false).is_ok());
    assert!(far(None, Some("run/podman.sock")).sound(false).is_err());
    assert!(far(Some("corp/jo"), None).sound(false).is_err());
    assert!(Endpoint::from(PathBuf::from("/a\nb")).sound(false).is_err());
    assert_eq!(tcp("", "").sound(false), Endpoint::parse("tcp://:1"));
    assert!(Endpoint::Pipe("a\0".into()).sound(false).is_err());
}

#[test]
fn what_is_no_address_says_why() {
    let forms = "write `unix:///path/to.sock`, `tcp://host:port` or `ssh://user@host`";
    check(" ", &format!("the address is empty: {forms}"));
    check("unix://", &format!("address `unix://` names no socket: {forms}"));
    check("gopher://x", &format!("address `gopher://x` is of an unknown kind: {forms}"));
    check(
        "unix:/run/a.sock",
        "address `unix:/run/a.sock` cannot be read: a socket is written `unix:///path/to.sock`",
    );
    check(
        "http+unix:///a%00b",
        "address `http+unix:///a%00b` cannot be read: a path holds no control characters",
    );
    check(
        "unix:///a\nb",
        "address `unix:///a\u{fffd}b` cannot be read: a path holds no control characters",
    );
    check(
        "http+unix:///a%20",
        "address `http+unix:///a%20` cannot be read: a path ends with no white space",
    );
    check(
        "npipe://engine",
        "address `npipe://engine` cannot be read: a named pipe is `npipe:////./pipe/name`",
    );
    check(
        "ssh://root:secret@host",
        "address `ssh://…@host` cannot be read: it takes no password: `ssh` has keys, or asks",
    );
    check(
        "ssh://-oProxyCommand=x",
        "address `ssh://-oProxyCommand=x` cannot be read: it names no host",
    );
    check("ssh://-l@host", "address `ssh://-l@host` cannot be read: it names no user");
    check("ssh://", "address `ssh://` cannot be read: it names no host");
    check("ssh://h?x", "address `ssh://h?…` cannot be read: it takes no query and no fragment");
    check(
        "fd://",
        "address `fd://` is none that a client can reach: it tells a daemon where to listen; \
         a client takes `unix://`",
    );
    check(
        "tcp://::1:2375",
        "address `tcp://::1:2375` cannot be read: an IPv6 address needs brackets",
    );
    check(
        "tcp://a:b@h:1",
        "address `tcp://…@h:1` cannot be read: it takes no user and no password",
    );
    for scheme in ["tcp", "ssh", "https"] {
        let error = Endpoint::parse(&format!("{scheme}://a:b/c@h")).unwrap_err().to_string();
        assert!(error.contains(&format!("`{scheme}://…@h`")), "{error}");
    }
    let error = Endpoint::parse("a:b/c@h:1").unwrap_err().to_string();
    assert!(error.contains("`…@h:1`"), "{error}");
    let port = "a port is a number from 1 to 65535";
    check("tcp://h:0", &format!("address `tcp://h:0` cannot be read: {port}"));
    let no_fragment = "address `tcp://h#…` cannot be read: it takes no query and no fragment";
    check("tcp://h#x", no_fragment);
    check("tcp://h:+1", &format!("address `tcp://h:+1` cannot be read: {port}"));
    check("tcp://h:65536", &format!("address `tcp://h:65536` cannot be read: {port}"));
    check("tcp://a b:1", "address `tcp://a b:1` cannot be read: it names no host");
    check("tcp://h:1?x", "address `tcp://h:1?…` cannot be read: it takes no query and no fragment");
}
