use super::*;

const GOOD: &str = "\
engine:
  addresses: [unix:///run/engine.sock]
  negotiate: { ping: /_ping, header: Api-Version }
  annotations: annotations/engine.yaml
  namespaces: [/a, /a/longer]
  sources:
    - url: https://example.org/{version}.yaml
      doc-url: https://example.org/{version}/#{operation}
      prefix: /{version}
      versions: [v1.0, v1.1]
    - url: https://example.org/new/{version}.yaml
      lists: multi
      versions: [v2.0]
";

#[track_caller]
fn check(from: &str, to: &str, expected: &str) {
    assert!(GOOD.contains(from), "nothing to replace");
    let error = Sources::parse(&GOOD.replacen(from, to, 1), Path::new("")).unwrap_err();
    assert_eq!(error.to_string(), format!("the map of sources is wrong: {expected}"));
}

#[test]
fn reads_all_it_says() {
    let sources = Sources::parse(GOOD, Path::new("map")).unwrap();
    let engine = &sources.engines[0];
    assert_eq!(engine.engine.name, "engine");
    assert_eq!(engine.annotations.as_deref(), Some(Path::new("map/annotations/engine.yaml")));
    let urls: Vec<&str> = engine.versions.iter().map(|source| source.url.as_str()).collect();
    assert_eq!(
        urls,
        [
            "https://example.org/v1.0.yaml",
            "https://example.org/v1.1.yaml",
            "https://example.org/new/v2.0.yaml"
        ]
    );
    assert_eq!(engine.versions[0].context.namespaces, ["/a/longer", "/a"]);
    assert_eq!(engine.versions[0].context.lists, ListStyle::Csv);
    assert_eq!(engine.versions[2].context.lists, ListStyle::Multi);
    assert_eq!(engine.versions[2].context.prefix, None);
}

#[test]
fn names_the_key_of_each_mistake() {
    check("v1.1]", "v1.0]", "`engine.sources[0].versions`: `v1.0` is listed twice");
    check("[v2.0]", "[v1.1]", "`engine.sources[1].versions`: `v1.1` is listed twice");
    let same = |one, other| {
        format!("`engine.sources[1].versions`: `{one}` and `{other}` are the same version")
    };
    check("[v2.0]", "[v2.0, '2.0']", &same("v2.0", "2.0"));
    check("[v2.0]", "[v2.0.0, v3, v2]", &same("v2.0.0", "v2"));
    check("[v2.0]", "[v2.0-rc1, 1.1]", &same("v1.1", "1.1"));
    let name = "an engine's name begins with a letter or a digit, and goes on with letters, \
                digits, `.`, `-` and `_`";
    for wrong in ["-engine", "en/gine", ".engine"] {
        check("engine:", &format!("{wrong}:"), &format!("`{wrong}`: {name}"));
    }
    assert!(Sources::parse(&GOOD.replacen("engine", "7.en-gi_ne", 1), Path::new("")).is_ok());
    check("[v2.0]", "[]", "`engine.sources[1].versions`: the list is empty");
    check(
        "[v2.0]",
        "[../x]",
        "`engine.sources[1].versions`: `../x` is not a version such as `v1.41`",
    );
    check(
        "/{version}.yaml",
        "/{release}.yaml",
        "`engine.sources[0].url`: unknown placeholder `{release}`; known: `{version}`",
    );
    check(
        "https://example.org/{version}.yaml",
        "ftp://example.org/{version}.yaml",
        "`engine.sources[0].url`: `ftp://example.org/v1.0.yaml` is neither `http://` nor `https://`",
    );
    check(
        "https://example.org/{version}.yaml",
        "'{version}.yaml'",
        "`engine.sources[0].url`: `v1.0.yaml` is not a URL: relative URL without a base",
    );
    check(
        "https://example.org/{version}.yaml",
        "https://example.org/v1.yaml",
        "`engine.sources[0].url`: without `{version}` all versions would be the same file",
    );
    check(
        "#{operation}",
        "#{tag}",
        "`engine.sources[0].doc-url`: unknown placeholder `{tag}`; known: `{version}`, `{operation}`",
    );
    check(
        "/{version}\n",
        "v{version}/\n",
        "`engine.sources[0].prefix`: a prefix starts with `/` and does not end with it",
    );
    for wrong in ["/a b", "/a?b", "/é", "/{version}}"] {
        let what = "is not a plain path: of ASCII characters, without spaces, `?`, `#` and braces";
        let expected = format!("`engine.sources[0].prefix`: `{wrong}` {what}");
        check("/{version}\n", &format!("'{wrong}'\n"), &expected);
    }
    let line =
        "it holds a line break: YAML keeps the last one behind `>` and `|`, but not behind `>-`";
    let folded = ">\n        https://example.org/docs\n";
    check(
        "https://example.org/{version}/#{operation}\n",
        folded,
        &format!("`engine.sources[0].doc-url`: {line}"),
    );
    check(
        "/a,",
        "\"/a\\u007f\",",
        "`engine.sources[0].namespaces`: it holds the control character '\\u{7f}'",
    );
    check(
        "header: Api-Version",
        "header: Api Version",
        "`engine.negotiate.header`: `Api Version` is not the name of a header",
    );
    check(
        "/a,",
        "a,",
        "`engine.sources[0].namespaces`: `a` must start with `/` and not end with it",
    );
    check(
        "ping: /_ping",
        "ping: _ping",
        "`engine.negotiate.ping`: the path `_ping` does not start with `/`",
    );
    check(
        "lists: multi",
        "list: multi",
        "engine.sources[1]: unknown field `list`, expected one of `url`, `doc-url`, `prefix`, `namespaces`, `lists`, `versions` at line 12 column 7",
    );
    check(
        "lists: multi",
        "lists: tabs",
        "engine.sources[1].lists: unknown variant `tabs`, expected `multi` or `csv` at line 12 column 14",
    );
}

#[test]
fn no_mistake_shows_the_user_info_of_an_address() {
    let url = "https://example.org/{version}.yaml";
    for wrong in [
        "ftp://me:t0ken@host/{version}.yaml",
        "me:t0ken@host/{version}.yaml",
        "https://me:t0/ken@host/{version}.yaml",
        "https://me:t0ken@host/{version",
        "https://me:{t0ken@host/{version}.yaml",
        "https://me:t0ken@host/v1.yaml",
    ] {
        let text = GOOD.replacen(url, &format!("'{wrong}'"), 1);
        let error = Sources::parse(&text, Path::new("")).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("t0"), "{error}");
    }
    let text = GOOD.replacen("lists: multi", "lists: https://me:t0ken@host", 1);
    let error = Sources::parse(&text, Path::new("")).unwrap_err().to_string();
    assert!(error.contains("…@host") && !error.contains("t0"), "{error}");
    let text = GOOD.replacen(url, "https://me:t0ken@host/{version}.yaml", 1);
    let sources = Sources::parse(&text, Path::new("")).unwrap();
    assert!(sources.engines[0].versions[0].url.starts_with("https://me:t0ken@host/"));
    assert!(!format!("{sources:?}").contains("t0"), "{sources:?}");
}

#[test]
fn addresses_are_those_that_a_client_can_use() {
    for (address, what) in [
        ("engine.sock", "is not an address"),
        ("/run/engine.sock", "is not an address"),
        ("socket:///run/x.sock", "is of an unknown kind"),
        ("fd://3", "is of an unknown kind"),
        ("context://podman", "is of an unknown kind"),
        ("unix://", "names no socket"),
        ("tcp://", "names no host"),
        ("https:///path", "names no host"),
        ("ssh://me@", "names no host"),
        ("npipe://engine", "names no pipe"),
        ("$", "has a `$` without the name of a variable behind it"),
        ("${ENGINE_HOST}", "has a `$` without the name of a variable behind it"),
        ("unix://$/x.sock", "has a `$` without the name of a variable behind it"),
        ("http://engine.example/$TOKEN", "would tell another machine what a variable holds"),
        ("$ENGINE-HOST", "has a variable whose name is not of letters, digits and `_`"),
    ] {
        let expected = format!("`engine.addresses[0]`: `{address}` {what}; {ADDRESSES}");
        check("unix:///run/engine.sock", &format!("'{address}'"), &expected);
    }
    for address in [
        "$ENGINE_HOST",
        "$ENGINE_DIR/x.sock",
        "unix://$XDG_RUNTIME_DIR/podman/podman.sock",
        "http+unix://%2Frun%2Fx.sock",
        "tcp://$HOST:2375",
        "tcp://[::1]:2375/prefix",
        "https://engine.example",
        "ssh://engine.example/run/x.sock",
        "npipe:////./pipe/engine",
        "context://docker",
        "connection://podman",
        "default-connection://podman",
    ] {
        assert_eq!(check_address(address), Ok(()), "{address}");
    }
}

#[test]
fn the_map_of_the_workspace_is_sound() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("sources.yaml");
    assert_eq!(Sources::open(&file).unwrap().engines.len(), 5);
}

#[test]
fn the_version_is_found_in_one_of_four_ways() {
    let text = |negotiate: &str| {
        GOOD.replace("negotiate: { ping: /_ping, header: Api-Version }", negotiate)
    };
    let way = |negotiate: &str| {
        let sources = Sources::parse(&text(negotiate), Path::new("")).unwrap();
        sources.engines[0].engine.negotiation.clone()
    };
    assert_eq!(way("errors: [/message, '']"), Negotiation::Newest);
    assert_eq!(way("negotiate: { fixed: v1.1 }"), Negotiation::Fixed("v1.1".into()));
    let (ping, pointer) = ("/?x=1".into(), "/a/b".into());
    let json = way("negotiate: { ping: '/?x=1', json: /a/b }");
    assert_eq!(json, Negotiation::Json { ping, pointer });

    let whole = "negotiate: { ping: /_ping, header: Api-Version }";
    let neither = "`engine.negotiate`: it has `ping` and `header`, or `ping` and `json`, or \
                   `fixed` alone";
    check(whole, "negotiate: {}", neither);
    check(whole, "negotiate: { fixed: v1.0, ping: /x }", neither);
    check(
        whole,
        "negotiate: { fixed: v9.9 }",
        "`engine.negotiate.fixed`: `v9.9` is not one of the versions",
    );
    check(
        whole,
        "negotiate: { ping: /x, json: version }",
        "`engine.negotiate.json`: `version` is not a JSON pointer such as `/message`",
    );
    check(
        whole,
        "negotiate: { ping: '/a b', header: X }",
        "`engine.negotiate.ping`: the path `/a b` is not percent-encoded",
    );
    check(
        whole,
        "errors: [message]",
        "`engine.errors[0]`: `message` is not a JSON pointer such as `/message`",
    );
}

#[test]
fn one_file_does_for_one_version() {
    let one = GOOD.replacen("new/{version}.yaml", "new.yaml", 1);
    assert!(Sources::parse(&one, Path::new("")).is_ok());
}

#[test]
fn refuses_a_map_without_engines() {
    for text in ["", "# Nothing yet.\n", "{}"] {
        let error = Sources::parse(text, Path::new("")).unwrap_err();
        assert_eq!(error.to_string(), "the map of sources has no engine");
    }
}

#[test]
fn refuses_an_engine_that_stands_twice() {
    let error = Sources::parse(&format!("{GOOD}{GOOD}"), Path::new("")).unwrap_err();
    assert!(error.to_string().contains("engine `engine` appears twice"), "{error}");
}
