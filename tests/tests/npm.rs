//! The npm package, packed and installed into a project of its own, as its users have it.
//!
//! The tests are JavaScript and lie beside the binding; they run in Node, which this starts, with
//! the private engines of this test run. `cargo xtask wasm --pack` makes the project.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;
use std::{env, fs};

use contajners_core::{Body, Change, Location, Operation, Pack, Parameter, Request, SchemaKind};
use contajners_tests::{Front, Kind, Target};
use serde_json::{Map, Value, json};

/// A runner of tests in Node, or `None` after a skip where there is no package.
#[track_caller]
fn node() -> Option<Node> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let project = root.join("target/npm/project");
    if !project.join("node_modules/contajners/package.json").is_file() {
        contajners_tests::skip("no npm package: `cargo xtask wasm --pack` makes it");
        return None;
    }
    Some(Node { root: root.to_owned(), sources: root.join("bindings-wasm/tests"), project })
}

struct Node {
    root: PathBuf,
    sources: PathBuf,
    project: PathBuf,
}

impl Node {
    /// Runs the tests of a file. Each test of Node is a test there; a failing one fails this.
    fn test(&self, file: &str, variables: &[(&str, &str)]) {
        COPIED.call_once(|| {
            copy(&self.sources, &self.project);
            copy(&self.sources.join("page"), &self.project.join("page"));
        });
        // Named after this process, so that what a killed one leaves is found.
        let prefix = format!("{}{}-", contajners_tests::leftovers::NODE_PREFIX, std::process::id());
        let temporary = tempfile::Builder::new().prefix(&prefix).tempdir().unwrap();
        let output = Command::new("node")
            .env("TMPDIR", temporary.path())
            .args(["--test", "--test-timeout=300000", "--test-reporter=spec", file])
            .current_dir(&self.project)
            .envs(variables.iter().copied())
            .output()
            .expect("`node` cannot be started; `cargo xtask test --install` installs it");
        let said = String::from_utf8_lossy(&output.stdout);
        println!("{said}");
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        // A file that node cannot load has no tests, which it takes for a success.
        assert!(!said.contains("tests 0\n") && said.contains("skipped 0\n"), "{said}");
    }
}

/// Once for all tests, which run side by side.
static COPIED: Once = Once::new();

/// Copies the files of a folder, without the lock file that says what is installed.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let name = entry.file_name();
        let text = name.to_string_lossy();
        if entry.path().is_file() && !text.starts_with("package") && !text.starts_with('.') {
            fs::copy(entry.path(), to.join(&name)).unwrap();
        }
    }
}

/// The page that Vite makes; those that look at it wait for it.
fn build(node: &Node) {
    static BUILT: Once = Once::new();
    BUILT.call_once(|| node.test("vite.test.mjs", &[]));
}

#[test]
fn offline() {
    let Some(node) = node() else { return };
    node.test("offline.test.mjs", &[("CONTAJNERS_PACK", &*firecracker(&node))]);
}

#[test]
fn scripted() {
    let Some(node) = node() else { return };
    node.test("scripted.test.mjs", &[("CONTAJNERS_PACK", &*firecracker(&node))]);
}

#[test]
fn given_up() {
    let Some(node) = node() else { return };
    node.test("given-up.test.mjs", &[]);
}

#[test]
fn sockets() {
    let Some(node) = node() else { return };
    node.test("socket.test.mjs", &[]);
}

#[test]
fn sent() {
    let Some(node) = node() else { return };
    node.test("sent.test.mjs", &[]);
}

#[test]
fn held() {
    let Some(node) = node() else { return };
    node.test("held.test.mjs", &[]);
}

#[test]
fn websockets() {
    let Some(node) = node() else { return };
    node.test("websocket.test.mjs", &[]);
}

#[test]
fn secure() {
    let Some(node) = node() else { return };
    node.test("tls.test.mjs", &[]);
}

#[test]
fn proxy() {
    let Some(node) = node() else { return };
    let explorer = node.root.join("examples/explorer");
    node.test("proxy.test.mjs", &[("CONTAJNERS_EXPLORER", &*explorer.to_string_lossy())]);
}

/// The pack of an engine that is not inside, and that says its version in a body.
fn firecracker(node: &Node) -> String {
    node.root.join("resources/firecracker.postcard").to_string_lossy().into_owned()
}

#[test]
fn declarations() {
    let Some(node) = node() else { return };
    node.test("types.test.mjs", &[]);
}

#[test]
fn bundled() {
    let Some(node) = node() else { return };
    build(&node);
}

#[test]
fn docker() {
    let Some(node) = node() else { return };
    let Some(engine) = contajners_tests::docker() else { return };
    real(&node, engine, "docker");
}

#[test]
fn podman() {
    let Some(node) = node() else { return };
    let Some(engine) = contajners_tests::podman() else { return };
    real(&node, engine, "podman");
}

fn real(node: &Node, engine: &contajners_tests::PrivateEngine, name: &str) {
    let image = tempfile::NamedTempFile::new().unwrap();
    fs::write(image.path(), contajners_tests::image::busybox_archive().unwrap()).unwrap();
    let front = Front::tcp(Target::Unix(engine.socket().to_owned())).unwrap();
    let image = image.path().to_string_lossy();
    let socket = engine.socket().to_string_lossy();
    let explorer = node.root.join("examples/explorer");
    let variables = [
        ("CONTAJNERS_EXPLORER", &*explorer.to_string_lossy()),
        ("CONTAJNERS_ENGINE", name),
        ("CONTAJNERS_SOCKET", &*socket),
        ("CONTAJNERS_TCP", &front.uri()),
        ("CONTAJNERS_IMAGE", &*image),
    ];
    node.test("engine.test.mjs", &variables);
    if !Path::new("/usr/bin/chromium").is_file() {
        contajners_tests::skip("no Chromium; `cargo xtask test --install` installs it");
        return;
    }
    build(node);
    node.test("browser.test.mjs", &variables);
}

/// Engines that send CORS headers, from a page of another origin.
#[test]
fn across_origins() {
    let Some(node) = node() else { return };
    if !Path::new("/usr/bin/chromium").is_file() {
        contajners_tests::skip("no Chromium; `cargo xtask test --install` installs it");
        return;
    }
    for kind in [Kind::Docker, Kind::Podman] {
        let Some(engine) = contajners_tests::with_cors(kind) else { return };
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), contajners_tests::image::busybox_archive().unwrap()).unwrap();
        let front = Front::tcp(Target::Unix(engine.socket().to_owned())).unwrap();
        let image = file.path().to_string_lossy();
        let socket = engine.socket().to_string_lossy();
        let explorer = node.root.join("examples/explorer");
        let variables = [
            ("CONTAJNERS_EXPLORER", &*explorer.to_string_lossy()),
            ("CONTAJNERS_ENGINE", kind.name()),
            ("CONTAJNERS_SOCKET", &*socket),
            ("CONTAJNERS_TCP", &front.uri()),
            ("CONTAJNERS_IMAGE", &*image),
        ];
        node.test("cors.test.mjs", &variables);
    }
}

#[test]
fn requests_are_those_of_the_native_crate() {
    let Some(node) = node() else { return };
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut out = BufWriter::new(file.reopen().unwrap());
    let mut count = 0;
    // Other crates of the workspace carry more packs than the package does.
    let inside = |(engine, _): &&(&str, _)| ["docker", "podman"].contains(engine);
    for (engine, bytes) in contajners_resources::ENGINES.iter().filter(inside) {
        for api in Pack::open(bytes).unwrap().apis() {
            for operation in api.operations() {
                count += 1;
                for (params, body) in calls(&operation) {
                    let line = json!({
                        "engine": engine,
                        "version": api.version(),
                        "operation": operation.id(),
                        "params": params,
                        "body": body,
                        "expected": resolved(&operation, &params, body.as_ref()),
                    });
                    writeln!(out, "{line}").unwrap();
                }
            }
        }
    }
    out.flush().unwrap();
    drop(out);
    let path = file.path().to_string_lossy();
    let variables =
        [("CONTAJNERS_RESOLVED", &*path), ("CONTAJNERS_OPERATIONS", &count.to_string())];
    node.test("resolve.test.mjs", &variables);
}

/// What the package says of differences and of paths is what the core says.
#[test]
fn differences_are_those_of_the_native_crate() {
    let Some(node) = node() else { return };
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut lines = Vec::new();
    for engine in ["docker", "podman"] {
        let pack = Pack::open(contajners_resources::pack(engine).unwrap()).unwrap();
        let apis: Vec<_> = pack.apis().collect();
        for pair in apis.windows(2) {
            let changes: Vec<Value> = pair[0].diff(pair[1]).iter().map(of_change).collect();
            let (from, to) = (pair[0].version(), pair[1].version());
            let line = json!({ "engine": engine, "from": from, "to": to, "changes": changes });
            lines.push(line.to_string());
        }
        let newest = pack.newest().unwrap();
        for operation in newest.operations() {
            let explained = match newest.explain(operation.id()) {
                Ok(found) => json!({
                    "type": found.schema.label(),
                    "versions": found.history.versions().iter().collect::<Vec<_>>(),
                }),
                Err(error) => json!({ "code": error.code(), "text": error.to_string() }),
            };
            let line = json!({ "engine": engine, "path": operation.id(), "explained": explained });
            lines.push(line.to_string());
        }
    }
    fs::write(file.path(), lines.join("\n")).unwrap();
    node.test("changes.test.mjs", &[("CONTAJNERS_CHANGES", &*file.path().to_string_lossy())]);
}

fn of_change(change: &Change) -> Value {
    json!({
        "operation": change.operation,
        "path": change.path,
        "place": change.place.to_string(),
        "change": change.kind.code(),
        "breaking": change.is_breaking(),
    })
}

/// Calls of an operation: with all it takes, with what it must have, with nothing, and with a name
/// it does not know.
fn calls(operation: &Operation<'_>) -> Vec<(Map<String, Value>, Option<Value>)> {
    let some = |wanted: &dyn Fn(&Parameter<'_>) -> bool| -> Map<String, Value> {
        let chosen = operation.parameters().filter(|parameter| wanted(parameter));
        chosen.map(|parameter| (name_of(operation, &parameter), value_of(&parameter))).collect()
    };
    let is_json = operation
        .body()
        .and_then(|body| body.media_types().next())
        .is_none_or(contajners_core::is_json);
    let body = operation.body().map(|_| match is_json {
        true => json!({ "Name": "ü \"x\"", "List": [1, 2.5, null, true], "Map": { "a/b": {} } }),
        false => Value::String("text / ü".into()),
    });
    let mut unknown = some(&|_| true);
    unknown.insert("Nmae".into(), Value::Bool(true));
    vec![
        (some(&|_| true), body.clone()),
        (some(&|parameter| parameter.required()), body.clone()),
        (Map::new(), None),
        (unknown, body),
    ]
}

fn name_of(operation: &Operation<'_>, parameter: &Parameter<'_>) -> String {
    let name = parameter.bare_name();
    let twin = operation.parameters().any(|other| {
        other.bare_name() == name
            && other.location() == Location::Path
            && parameter.location() != Location::Path
    });
    if twin { format!("{}.{name}", parameter.location().name()) } else { name.into() }
}

/// A value of the parameter's type, with what has to be encoded in it.
fn value_of(parameter: &Parameter<'_>) -> Value {
    if parameter.encoding() != contajners_core::Encoding::Plain {
        return json!({ "label": ["a=ü&b", "/ +"], "n": 1 });
    }
    let schema = parameter.schema().resolved();
    let one = schema.items().map_or(schema, |items| items.resolved());
    let value = match one.kind() {
        SchemaKind::Boolean => json!(true),
        SchemaKind::Integer => json!(-42),
        SchemaKind::Number => json!(1.5),
        _ if parameter.location() == Location::Header => json!("plain text"),
        _ => json!("a/b:1 ü?&=+%#"),
    };
    match schema.items() {
        Some(_) => json!([value, value]),
        None => value,
    }
}

fn resolved(operation: &Operation<'_>, params: &Map<String, Value>, body: Option<&Value>) -> Value {
    let values: Vec<(&str, &dyn contajners_core::Value)> =
        params.iter().map(|(name, value)| (name.as_str(), value as _)).collect();
    match operation.resolve(&values, body.map_or(Body::Nothing, |body| Body::Value(body))) {
        Ok(request) => of_request(request),
        Err(error) => json!({
            "code": error.code(),
            "text": error.to_string(),
            "hint": error.hint(),
        }),
    }
}

fn of_request(mut request: Request) -> Value {
    let headers: Map<String, Value> =
        request.headers().map(|(name, value)| (name.to_owned(), value.into())).collect();
    let body = match request.take_content() {
        contajners_core::RequestContent::Text(text) => Some(text),
        _ => None,
    };
    json!({
        "method": request.method().as_str(),
        "target": request.target(),
        "headers": headers,
        "body": body,
        "answer": request.answer().name(),
    })
}
