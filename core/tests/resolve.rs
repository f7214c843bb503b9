//! Calls and the requests they become, on the packs in `resources/`.

#![cfg(feature = "serde_json")]

use contajners_core::{Body, Pack, Request, RequestContent, ResolveError, Value, is_secret_header};
use serde_json::{Value as Json, json};

fn resolve(call: &str, values: &Json, body: Body<'_>) -> Result<Request, ResolveError> {
    let mut words = call.split(' ');
    let engine = contajners_resources::pack(words.next().unwrap()).unwrap();
    let api = Pack::open(engine).unwrap().api(words.next().unwrap())?;
    let operation = api.operation(words.next().unwrap())?;
    let values: Vec<(&str, &dyn Value)> =
        values.as_object().unwrap().iter().map(|(name, value)| (&**name, value as _)).collect();
    operation.resolve(&values, body)
}

/// A request as text, secrets left out.
fn text(request: &Request) -> String {
    let mut text = format!("{} {}", request.method(), request.target());
    for (name, value) in request.headers() {
        let value = if is_secret_header(name) { "(secret)" } else { value };
        text += &format!("\n{name}: {value}");
    }
    match request.content() {
        RequestContent::Text(body) => text += &format!("\n\n{body}"),
        RequestContent::Callers => text += "\n\n(bytes)",
        _ => {}
    }
    text
}

#[track_caller]
fn check(call: &str, values: &Json, expected: &str) {
    check_body(call, values, Body::Nothing, expected);
}

#[track_caller]
fn check_body(call: &str, values: &Json, body: Body<'_>, expected: &str) {
    assert_eq!(text(&resolve(call, values, body).unwrap()), expected);
}

/// What went wrong: code, text, hint.
#[track_caller]
fn check_error(call: &str, values: &Json, expected: [&str; 3]) {
    check_body_error(call, values, Body::Nothing, expected);
}

#[track_caller]
fn check_body_error(call: &str, values: &Json, body: Body<'_>, expected: [&str; 3]) {
    let error = resolve(call, values, body).unwrap_err();
    let found = [error.code().into(), error.to_string(), error.hint().unwrap_or_default()];
    assert_eq!(found, expected.map(String::from));
}

/// Words that are not like the name: of the path, or of what the method does.
#[test]
fn operations_are_found_by_words() {
    let check = |engine: &str, typed: &str, expected: &[&str]| {
        let pack = Pack::open(contajners_resources::pack(engine).unwrap()).unwrap();
        let error = pack.newest().unwrap().operation(typed).unwrap_err();
        assert_eq!(error.nearest(), expected, "{typed}");
    };
    check("docker", "exec-create", &["ContainerExec"]);
    check("docker", "container-rm", &["ContainerDelete"]);
    check("docker", "remove-container", &["ContainerDelete"]);
    check("docker", "list-images", &["ImageList"]);
    check("docker", "system-df", &["SystemDataUsage"]);
    check("docker", "volume_rm", &["VolumeDelete"]);
    check("podman", "container-rm", &["ContainerDelete"]);
    // Misspelt names are found as ever, and nothing is made of one word or of nonsense.
    check("docker", "ContainerCreat", &["ContainerCreate"]);
    check("docker", "container-lst", &["ContainerList", "ContainerLogs", "ContainerStop"]);
    check("docker", "zzz-qqq", &[]);
    check("docker", &"a-".repeat(1 << 16), &[]);
    check("docker", &"ä-".repeat(100), &[]);
}

#[test]
fn values_go_where_the_vendor_says() {
    check(
        "docker v1.41 ContainerList",
        &json!({"all": true, "limit": "5", "size": null}),
        "GET /v1.41/containers/json?all=true&limit=5",
    );
    check(
        "docker 1.41 ContainerInspect",
        &json!({"id": "conny", "size": 0}),
        "GET /v1.41/containers/conny/json?size=false",
    );
    check("podman v4.3.1 SystemPing", &json!({}), "GET /v4.3.1/libpod/_ping");
}

#[test]
fn lists_repeat_the_key_and_objects_become_json() {
    check(
        "podman v4.3.1 ContainersStatsAllLibpod",
        &json!({"containers": ["id1", "name1"], "stream": false}),
        "GET /v4.3.1/libpod/containers/stats?containers=id1&containers=name1&stream=false",
    );
    check(
        "docker v1.41 ContainerList",
        &json!({"filters": {"label": ["a=b"]}}),
        "GET /v1.41/containers/json?filters=%7B%22label%22:%5B%22a%3Db%22%5D%7D",
    );
    check(
        "docker v1.41 ImageGetAll",
        &json!({"names": ["a", "b"]}),
        "GET /v1.41/images/get?names=a&names=b",
    );
}

#[test]
fn nothing_breaks_out_of_its_place() {
    check(
        "docker v1.41 ImageInspect",
        &json!({"name": "localhost:5000/a b?c#d%2F:é"}),
        "GET /v1.41/images/localhost:5000%2Fa%20b%3Fc%23d%252F:%C3%A9/json",
    );
    check(
        "docker v1.41 ContainerKill",
        &json!({"id": "a&b=c", "signal": "x&y=z#"}),
        "POST /v1.41/containers/a%26b%3Dc/kill?signal=x%26y%3Dz%23",
    );
}

#[test]
fn a_name_in_two_places_means_the_path() {
    check(
        "podman v4.3.1 ContainerRenameLibpod",
        &json!({"name": "old", "query.name": "new"}),
        "POST /v4.3.1/libpod/containers/old/rename?name=new",
    );
    check_error(
        "podman v4.3.1 ContainerRenameLibpod",
        &json!({"name": "old"}),
        [
            "missing-parameter",
            "`ContainerRenameLibpod` needs the query parameter `name`",
            "give it as `query.name`; `name` alone is the one in the path",
        ],
    );
}

#[test]
fn patterns_in_templates_are_not_part_of_the_name() {
    check(
        "podman v3.1.2 ImageInspectLibpod",
        &json!({"name": "quay.io/a/b"}),
        "GET /v3.1.2/libpod/images/quay.io%2Fa%2Fb/json",
    );
}

#[test]
fn bodies_carry_the_media_type_of_the_operation() {
    let config = json!({"Image": "busybox:musl"});
    check_body(
        "docker v1.41 ContainerCreate",
        &json!({"name": "conny"}),
        Body::Value(&config),
        "POST /v1.41/containers/create?name=conny\nContent-Type: application/json\n\n\
         {\"Image\":\"busybox:musl\"}",
    );
    check_body(
        "docker v1.41 ImageBuild",
        &json!({"t": ["a", "b"], "buildargs": {"A": "1"}}),
        Body::Bytes,
        "POST /v1.41/build?buildargs=%7B%22A%22:%221%22%7D&t=a&t=b\n\
         Content-Type: application/x-tar\n\n(bytes)",
    );
    check_body(
        "docker v1.41 ImageBuild",
        &json!({"Content-Type": "application/gzip"}),
        Body::Bytes,
        "POST /v1.41/build\nContent-Type: application/gzip\n\n(bytes)",
    );
    check_body(
        "podman v4.3.1 ImageLoadLibpod",
        &json!({}),
        Body::Bytes,
        "POST /v4.3.1/libpod/images/load\nContent-Type: application/x-tar\n\n(bytes)",
    );
    check_body(
        "podman v4.3.1 SecretCreateLibpod",
        &json!({"name": "s"}),
        Body::Value(&"hush"),
        "POST /v4.3.1/libpod/secrets/create?name=s\nContent-Type: application/octet-stream\n\n\
         hush",
    );
}

#[test]
fn credentials_are_encoded_and_never_shown() {
    let auth = json!({"username": "un", "password": "p?>~"});
    let request = resolve(
        "docker v1.41 ImageCreate",
        &json!({"fromImage": "docker.acme.com/eg:2.1.995", "X-Registry-Auth": auth}),
        Body::Nothing,
    )
    .unwrap();
    let value = request.headers().find(|(name, _)| *name == "X-Registry-Auth").unwrap().1;
    // base64url: `?>~` needs the letters in which the two alphabets differ.
    assert_eq!(value, "eyJwYXNzd29yZCI6InA_Pn4iLCJ1c2VybmFtZSI6InVuIn0=");
    assert!(!format!("{request:?}").contains("eyJw"));
    // The same as text: as JSON, and encoded by either alphabet.
    for text in [
        r#"{"password":"p?>~","username":"un"}"#,
        " {\"password\":\"p?>~\",\"username\":\"un\"}\n",
        "eyJwYXNzd29yZCI6InA/Pn4iLCJ1c2VybmFtZSI6InVuIn0=",
        "eyJwYXNzd29yZCI6InA_Pn4iLCJ1c2VybmFtZSI6InVuIn0=",
    ] {
        let given = json!({"name": "a", "X-Registry-Auth": text});
        let request = resolve("docker v1.41 ImagePush", &given, Body::Nothing).unwrap();
        let sent = request.headers().find(|(name, _)| *name == "X-Registry-Auth").unwrap().1;
        assert_eq!(sent, value, "{text}");
    }
    // Docker wants the header; nobody's credentials are `{}`.
    check(
        "docker v1.41 ImagePush",
        &json!({"name": "a"}),
        "POST /v1.41/images/a/push\nX-Registry-Auth: (secret)",
    );
}

#[test]
fn what_a_query_holds_is_not_shown() {
    let secrets =
        json!({"buildargs": {"TOKEN": "hunter2"}, "remote": "https://user:hunter2@a.example/b"});
    let request = resolve("docker v1.41 ImageBuild", &secrets, Body::Bytes).unwrap();
    assert!(request.target().contains("hunter2"));
    assert_eq!(request.path(), "/v1.41/build");
    let shown = format!("{request:?} {request:#?}");
    assert!(!shown.contains("hunter2") && shown.contains("target: \"/v1.41/build?…\""), "{shown}");
    let request = resolve("docker v1.41 SystemPing", &json!({}), Body::Nothing).unwrap();
    assert_eq!(request.path(), request.target());
    assert!(format!("{request:?}").contains("target: \"/v1.41/_ping\""), "{request:?}");
}

#[test]
fn what_a_body_holds_is_not_shown() {
    let body = json!({"Env": ["TOKEN=hunter2"]});
    let body = Body::Value(&body);
    let request = resolve("docker v1.41 ContainerCreate", &json!({}), body).unwrap();
    assert_eq!(format!("{:?}", request.content()), "Text(25 bytes)");
}

#[test]
fn an_empty_text_for_a_header_is_none() {
    check(
        "docker v1.41 ImagePush",
        &json!({"name": "a", "X-Registry-Auth": ""}),
        "POST /v1.41/images/a/push\nX-Registry-Auth: (secret)",
    );
    check_body(
        "docker v1.41 ImageBuild",
        &json!({"Content-type": ""}),
        Body::Bytes,
        "POST /v1.41/build\nContent-Type: application/x-tar\n\n(bytes)",
    );
    check_body(
        "incus v7.0.0 images_post",
        &json!({"X-Incus-filename": "", "X-Incus-aliases": [], "X-Incus-profiles": ["a", "b"]}),
        Body::Bytes,
        "POST /1.0/images\nContent-Type: application/json\nX-Incus-profiles: a,b\n\n(bytes)",
    );
}

#[test]
fn what_a_caller_gave_is_told_on_one_line_and_not_at_length() {
    let api = Pack::open(contajners_resources::DOCKER).unwrap().api("v1.41").unwrap();
    let error = api.operation("\u{1b}[2J\n").unwrap_err();
    assert_eq!(error.to_string(), "unknown operation `\u{fffd}[2J\u{fffd}` in docker v1.41");
    assert_eq!(error.name(), "\u{1b}[2J\n");
    let error = api.operation(&"a".repeat(1 << 20)).unwrap_err();
    let name = "a".repeat(200);
    assert_eq!(error.to_string(), format!("unknown operation `{name}…` in docker v1.41"));
    let list = api.operation("ContainerList").unwrap();
    let error = list.resolve(&[("all", &"\n".repeat(100))], Body::Nothing).unwrap_err();
    let given = "\u{fffd}".repeat(60);
    let text =
        format!("parameter `all` of `ContainerList` is `true` or `false`; `{given}…` was given");
    assert_eq!(error.to_string(), text);
}

#[test]
fn unknown_names_come_with_the_nearest_and_their_history() {
    check_error(
        "docker v1.41 ContainerCreat",
        &json!({}),
        [
            "unknown-operation",
            "unknown operation `ContainerCreat` in docker v1.41",
            "did you mean `ContainerCreate`?",
        ],
    );
    check_error(
        "docker v1.44 ImagePush",
        &json!({"name": "a", "platform": "{}"}),
        [
            "unknown-parameter",
            "parameter `platform` of `ImagePush` is not in docker v1.44",
            "available from v1.46; this call speaks v1.44",
        ],
    );
    check_error(
        "docker v1.27 VolumePrune",
        &json!({"filters": {}}),
        [
            "unknown-parameter",
            "parameter `filters` of `VolumePrune` is not in docker v1.27",
            "available in v1.25–v1.26, v1.28–v1.55; this call speaks v1.27",
        ],
    );
    check_error(
        "docker v1.41 ContainerGetArchive",
        &json!({}),
        [
            "unknown-operation",
            "unknown operation `ContainerGetArchive` in docker v1.41",
            "it is called `ContainerArchive` here; `ContainerGetArchive` is its name in v1.25–v1.27",
        ],
    );
    check_error(
        "docker v1.41 ContainerCreate",
        &json!({"Image": "busybox"}),
        [
            "unknown-parameter",
            "unknown parameter `Image` of `ContainerCreate` in docker v1.41",
            "`Image` is a field of the body",
        ],
    );
    check_error(
        "docker v1.56 ContainerList",
        &json!({}),
        ["unknown-version", "docker has no API version `v1.56`", "did you mean `v1.55`?"],
    );
}

#[test]
fn refuses_what_cannot_be_meant() {
    check_error(
        "docker v1.41 ContainerInspect",
        &json!({"size": true}),
        [
            "missing-parameter",
            "`ContainerInspect` needs the path parameter `id`",
            "the path is `/containers/{id}/json`; given: `size`",
        ],
    );
    check_error(
        "docker v1.41 ContainerList",
        &json!({"all": "maybe"}),
        [
            "invalid-parameter",
            "parameter `all` of `ContainerList` is `true` or `false`; `maybe` was given",
            "",
        ],
    );
    check_error(
        "docker v1.41 ContainerList",
        &json!({"limit": "many"}),
        [
            "invalid-parameter",
            "parameter `limit` of `ContainerList` is a whole number; `many` was given",
            "",
        ],
    );
    for (id, reason) in [
        ("", "is empty"),
        ("..", "is `..`: `..` would change the path"),
        ("a/./b", "is `a/./b`: `.` would change the path"),
        ("/conny", "is `/conny`: it begins or ends with `/`, or has two in a row"),
    ] {
        let text = format!("parameter `id` of `ContainerStart` {reason}");
        check_error(
            "docker v1.41 ContainerStart",
            &json!({"id": id}),
            ["invalid-parameter", &text, ""],
        );
    }
    check_error(
        "docker v1.41 ImageCreate",
        &json!({"X-Registry-Auth": "a\r\nX-Evil: b"}),
        [
            "invalid-parameter",
            "parameter `X-Registry-Auth` of `ImageCreate` holds a line break, a control character \
             or text beyond ASCII",
            "",
        ],
    );
    check_error(
        "docker v1.41 ContainerCreate",
        &json!({}),
        ["missing-body", "`ContainerCreate` needs a body", "it takes application/json"],
    );
    let object = json!({});
    check_body_error(
        "docker v1.41 ImageBuild",
        &json!({}),
        Body::Value(&object),
        [
            "invalid-body",
            "the body of `ImageBuild` is application/x-tar; an object was given",
            "give bytes, a file or a reader",
        ],
    );
    let wants_bytes = |call, values, body| resolve(call, &values, body).unwrap_err().wants_bytes();
    assert!(wants_bytes("docker v1.41 ImageBuild", json!({}), Body::Value(&object)));
    assert!(!wants_bytes("docker v1.41 ContainerCreate", json!({}), Body::Nothing));
    let media_type = Body::BytesAs("a\nb");
    assert!(!wants_bytes("docker v1.41 ImageBuild", json!({}), media_type));
    check_body_error(
        "docker v1.41 ContainerList",
        &json!({}),
        Body::Value(&object),
        [
            "unexpected-body",
            "`ContainerList` takes no body in docker v1.41",
            "a raw request can carry what the spec does not know",
        ],
    );
}

#[test]
fn a_value_given_twice_needs_a_parameter_that_takes_several() {
    let api = Pack::open(contajners_resources::DOCKER).unwrap().api("v1.41").unwrap();
    let build = api.operation("ImageBuild").unwrap();
    let request = build.resolve(&[("t", &"a"), ("t", &"b")], Body::Bytes).unwrap();
    assert_eq!(request.target(), "/v1.41/build?t=a&t=b");
    let list = api.operation("ContainerList").unwrap();
    let error = list.resolve(&[("limit", &1), ("limit", &2)], Body::Nothing).unwrap_err();
    assert_eq!(
        error.to_string(),
        "parameter `limit` of `ContainerList` takes one value, not several"
    );
    let api = Pack::open(contajners_resources::INCUS).unwrap().newest().unwrap();
    let post = api.operation("images_post").unwrap();
    let twice = [("X-Incus-aliases", &"a" as &dyn Value), ("X-Incus-aliases", &"b")];
    let request = post.resolve(&twice, Body::Bytes).unwrap();
    assert!(request.headers().any(|header| header == ("X-Incus-aliases", "a,b")));
}
