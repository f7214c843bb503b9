use std::time::{Duration, Instant};

use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;
use crate::model::{Answer, Kind};

pub(crate) fn context() -> Context {
    Context::new("v1.0")
}

/// What is wrong with a text, line by line; whatever it is, it is found in bounded time.
#[track_caller]
pub(super) fn faults(text: impl AsRef<[u8]>) -> String {
    let start = Instant::now();
    let error = read(text.as_ref(), &context()).expect_err("a fault");
    assert!(start.elapsed() < Duration::from_secs(120), "{:?}", start.elapsed());
    told(&error)
}

/// What is wrong with a spec, beside that nothing is left of it.
pub(super) fn told(error: &SpecError) -> String {
    match error {
        SpecError::NoOperation(faults) => SpecError::Faults(faults.clone()).lines().join("\n"),
        error => error.lines().join("\n"),
    }
}

#[track_caller]
pub(super) fn reads(text: &str) -> Model {
    match read(text.as_bytes(), &context()) {
        Ok(read) => read.model,
        Err(error) => panic!("{}", error.lines().join("\n")),
    }
}

/// A spec with these lines below `paths`.
pub(super) fn paths(lines: &str) -> String {
    format!("swagger: '2.0'\npaths:\n{lines}")
}

/// A sound spec with a bit of everything.
pub(super) const SOUND: &str = r##"swagger: "2.0"
basePath: /v1.0
consumes: [application/json]
produces: [application/json]
parameters:
  Page: { name: page, in: query, type: integer, default: 1 }
responses:
  Gone: { description: It is gone., schema: { $ref: "#/definitions/Error" } }
definitions:
  Error: { type: object, required: [message], properties: { message: { type: string } } }
  Tree: { properties: { left: { $ref: "#/definitions/Tree" }, "a/b": { enum: [a, 1, null] } } }
paths:
  "/trees/{name:.*}":
    parameters:
      - { name: "name:.*", in: path, required: true, type: string }
    get:
      operationId: TreeGet
      summary: Gets a tree
      description: |
        Prose with [brackets, {braces}
        and - dashes: # and more.
      parameters: [{ $ref: "#/parameters/Page" }]
      responses:
        200: { description: ok, schema: { $ref: "#/definitions/Tree" } }
        "404": { $ref: "#/responses/Gone" }
    put:
      operationId: TreePut
      parameters:
        - { name: tree, in: body, schema: { allOf: [{ $ref: "#/definitions/Tree" }] } }
        - { name: X-Tag, in: header, type: array, items: { type: string }, collectionFormat: csv }
"##;

#[test]
fn texts_that_are_no_spec_say_what_they_are() {
    assert_eq!(faults(""), "the spec is empty");
    assert_eq!(faults(" \n\t\r\n"), "the spec is empty");
    assert_eq!(faults("\u{feff}"), "the spec is empty");
    assert_eq!(faults("# no more than a comment\n"), "expected a spec, found null");
    assert_eq!(faults("\n <!DOCTYPE html>"), "expected a spec, found an HTML page");
    assert_eq!(faults("[1, 2]"), "expected a spec, found a list");
    assert_eq!(faults("404 page not found"), "expected a spec, found a text");
    assert_eq!(faults("{}"), "the key `swagger` or `openapi` is missing");
    let known = "expected Swagger 2.0, OpenAPI 3.0 or OpenAPI 3.1";
    assert_eq!(faults("swagger: '1.2'"), format!("{known}, found Swagger `1.2`"));
    assert_eq!(faults("openapi: 3.2.0"), format!("{known}, found OpenAPI `3.2.0`"));
    assert_eq!(faults("openapi: 2.0"), format!("{known}, found OpenAPI `2.0`"));
    assert_eq!(faults("swagger: '2.0'"), "the mapping `paths` is missing (at #/paths)");
    let escape = faults("swagger: \"\\e[2J\"");
    assert_eq!(escape, format!("{known}, found Swagger `\\u{{1b}}[2J`"));
    let large = vec![b' '; MAX_BYTES + 1];
    assert_eq!(faults(large), "the spec has more than the 8388608 bytes that are read");
}

#[test]
fn what_is_not_well_formed_comes_with_its_line() {
    assert_snapshot!(faults(b"swagger: '2.0'\nbasePath: \xff\n"), @"the spec is not well-formed: not UTF-8 at line 2");
    let cut = |word| &SOUND[..SOUND.find(word).unwrap()];
    assert_snapshot!(faults(cut("type: integer")), @"the spec is not well-formed: did not find expected node content at line 7 column 1, while parsing a flow node");
    assert_snapshot!(faults(cut("basePath") .to_owned() + "basePath\n"), @"the spec is not well-formed: could not find expected ':' at line 3 column 1, while scanning a simple key at line 2 column 1");
    assert_snapshot!(faults(paths("  /a:\n\tget: {}\n")), @"the spec is not well-formed: found character that cannot start any token at line 4 column 1, while scanning for the next token");
    assert_snapshot!(faults(paths("  /a: *nowhere\n")), @"the spec is not well-formed: unknown anchor at line 3 column 7");
    assert_snapshot!(faults(paths("  /a: &a { <<: *a }\n")), @"the spec is not well-formed: paths./a: merge keys (`<<`) are not read at line 3 column 7");
    assert_snapshot!(faults(paths("  /a: !tag {}\n")), @"the spec is not well-formed: paths./a: invalid type: enum, expected a value without a tag at line 3 column 7");
    assert_snapshot!(faults(paths("  ? [a, b]\n  : c\n")), @"the spec is not well-formed: paths: invalid type: sequence, expected a scalar as key at line 3 column 5");
    assert_snapshot!(faults("swagger: '2.0'\n---\nswagger: '2.0'\n"), @"the spec is not well-formed: deserializing from YAML containing more than one document is not supported (at #)");
    assert_snapshot!(faults("{\"swagger\": \"2.0\",\n \"paths\": {]}"), @"the spec is not well-formed: key must be a string at line 2 column 12");
    assert_snapshot!(faults("{\"swagger\": \"2.0\"} and more"), @"the spec is not well-formed: trailing characters at line 1 column 20");
}

#[test]
fn json_is_read_as_json() {
    let model = reads(
        "\u{feff}{\"swagger\": \"2.0\", \"paths\": {\"/\\ud83d\\ude00\": {\"get\": \
         {\"operationId\": \"Smile\"}}}}",
    );
    assert_eq!(model.operations[0].path, "/\u{1f600}");
    // Flow style that only looks like it.
    let model = reads("{swagger: '2.0', paths: {/a: {get: {operationId: A}}}}");
    assert_eq!(model.operations[0].id, "A");
}

#[test]
fn keys_that_stand_twice_are_named() {
    let text = paths(
        "  /a:\n    get: { operationId: A, operationId: B }\n    \
         put: { operationId: P, responses: { 200: {}, '200': {} } }\n  /a: {}\n",
    );
    assert_snapshot!(faults(text), @r"
    the key `/a` appears here twice (at #/paths/~1a)
    the key `operationId` appears here twice (at #/paths/~1a/get/operationId)
    the key `200` appears here twice (at #/paths/~1a/put/responses/200)
    ");
    let text = format!("{SOUND}definitions: {{}}\n");
    assert_snapshot!(faults(text), @"the key `definitions` appears here twice (at #/definitions)");
    assert_snapshot!(faults("{\"swagger\": \"2.0\", \"paths\": {\"/a\": {}, \"/a\": {}}}"), @"the key `/a` appears here twice (at #/paths/~1a)");
}

#[test]
fn operation_ids_that_are_missing_or_shared_are_made() {
    let text = paths(
        "  /a:\n    get: {}\n    put: { operationId: '' }\n    post: { operationId: Same }\n  \
         /b/{c}:\n    delete: { operationId: Same }\n    head: { operationId: Same }\n",
    );
    let Read { model, notes, .. } = read(text.as_bytes(), &context()).unwrap();
    let ids: Vec<&str> = model.operations.iter().map(|operation| &*operation.id).collect();
    assert_eq!(ids, ["getA", "putA", "Same", "deleteBByC", "headBByC"]);
    let notes: Vec<String> = notes.iter().map(ToString::to_string).collect();
    assert_snapshot!(notes.join("\n"), @r"
    the id `Same` is another operation's, so `HEAD /b/{c}` is called `headBByC` (at #/paths/~1b~1{c}/head)
    the id `Same` is another operation's, so `DELETE /b/{c}` is called `deleteBByC` (at #/paths/~1b~1{c}/delete)
    ");
    struct Two;
    impl Rules for Two {
        fn name(&mut self, operations: &mut [Operation]) {
            operations[0].id = "Mine".to_owned();
            operations[4].id = "Other".to_owned();
        }
    }
    let Read { model, notes, .. } = read_with(text.as_bytes(), &context(), &mut Two).unwrap();
    let ids: Vec<&str> = model.operations.iter().map(|operation| &*operation.id).collect();
    assert_eq!(ids, ["Mine", "putA", "Same", "deleteBByC", "Other"]);
    assert_eq!(notes.len(), 1);
}

#[test]
fn references_that_go_in_circles_end() {
    let model = reads(
        &(paths(
            "  /a:\n    get:\n      operationId: A\n      responses:\n        \
             200: { schema: { $ref: '#/definitions/Self' } }\n        \
             201: { schema: { $ref: '#/definitions/Ring' } }\n        \
             202: { schema: { $ref: '#/definitions/Tail' } }\n        \
             203: { schema: { $ref: '#/definitions/List' } }\n",
        ) + "definitions:\n  Self: { $ref: '#/definitions/Self' }\n  \
             Ring: { $ref: '#/definitions/Ring2' }\n  Ring2: { $ref: '#/definitions/Ring' }\n  \
             Tail: { $ref: '#/definitions/Ring' }\n  \
             List: { properties: { next: { $ref: '#/definitions/List' } } }\n"),
    );
    for name in ["Self", "Ring", "Ring2"] {
        assert_eq!(model.definitions[name].kind, Kind::Any, "{name}");
    }
    assert_eq!(model.definitions["Tail"].kind, Kind::Ref("Ring".to_owned()));
    assert!(matches!(&model.definitions["List"].kind, Kind::Object(_)));

    let text = paths(
        "  /a:\n    parameters: [{ $ref: '#/parameters/Self' }]\n    get:\n      \
         operationId: A\n      parameters: [{ $ref: '#/parameters/Ring' }]\n      \
         responses: { 200: { $ref: '#/responses/Self' }, 404: { $ref: '#/responses/Ring' } }\n",
    ) + "parameters:\n  Self: { $ref: '#/parameters/Self' }\n  \
         Ring: { $ref: '#/parameters/Ring2' }\n  Ring2: { $ref: '#/parameters/Ring' }\n\
         responses:\n  Self: { $ref: '#/responses/Self' }\n  \
         Ring: { $ref: '#/responses/Ring2' }\n  Ring2: { $ref: '#/responses/Ring' }\n";
    assert_snapshot!(faults(text), @r"
    the reference leads to no parameter (at #/paths/~1a/parameters/0)
    the reference leads to no parameter (at #/paths/~1a/get/parameters/0)
    the reference leads to no answer (at #/paths/~1a/get/responses/200)
    the reference leads to no answer (at #/paths/~1a/get/responses/404)
    ");
}

#[test]
fn references_into_the_void_are_named() {
    let text = paths(
        "  /a:\n    get:\n      operationId: A\n      parameters:\n        \
         - { $ref: '#/parameters/None' }\n        \
         - { name: b, in: body, schema: { $ref: 'http://elsewhere/x.yaml#/A' } }\n      \
         responses: { 200: { $ref: '#/responses/None' }, 201: { schema: { $ref: '#/definitions/None' } }, 202: { schema: { $ref: [] } } }\n  \
         /b: { $ref: '#/paths/~1a' }\n",
    );
    assert_snapshot!(faults(text), @r"
    the parameter `#/parameters/None` does not exist (at #/paths/~1a/get/parameters/0/$ref)
    `http://elsewhere/x.yaml#/A` is not a reference into `#/definitions/` (at #/paths/~1a/get/parameters/1/schema/$ref)
    the answer `#/responses/None` does not exist (at #/paths/~1a/get/responses/200/$ref)
    the definition `None` does not exist (at #/paths/~1a/get/responses/201/schema/$ref)
    expected a reference, found a list (at #/paths/~1a/get/responses/202/schema/$ref)
    paths that refer elsewhere are not read (at #/paths/~1b/$ref)
    ");
}

#[test]
fn what_cannot_be_called_is_named() {
    let text = paths(
        "  a: {}\n  /b: []\n  /c/{d:\n    get: { operationId: C }\n  \
         /e:\n    get: []\n    fetch: {}\n    put:\n      operationId: E\n      parameters:\n        \
         - { name: x, in: path }\n        - { name: y, in: cookie }\n        - { in: query }\n        \
         - { name: z }\n        - text\n        - { name: q, in: query, type: quux }\n        \
         - { name: q, in: query }\n        - { name: b, in: body }\n        - { name: c, in: body }\n        \
         - { name: f, in: formData }\n        \
         - { name: l, in: query, type: array, collectionFormat: tabs }\n      \
         consumes: text/plain\n      responses: { 99: {}, abc: {}, 200: text }\n",
    );
    assert_snapshot!(faults(text), @r"
    the path `a` does not start with `/` (at #/paths/a)
    expected a mapping of methods, found a list (at #/paths/~1b)
    the braces of the path `/c/{d` do not match (at #/paths/~1c~1{d/get)
    expected an operation, found a list (at #/paths/~1e/get)
    unknown method `fetch` (at #/paths/~1e/fetch)
    the parameter `y` goes to an unknown place `cookie` (at #/paths/~1e/put/parameters/1/in)
    the parameter has no name (at #/paths/~1e/put/parameters/2)
    the parameter `z` does not say where it goes (at #/paths/~1e/put/parameters/3)
    expected a parameter, found a text (at #/paths/~1e/put/parameters/4)
    unknown type `quux` (at #/paths/~1e/put/parameters/5/type)
    the parameter `q` in `query` appears here twice (at #/paths/~1e/put/parameters/6)
    `c` is a second body (at #/paths/~1e/put/parameters/8)
    unknown format `tabs` of the list `l` (at #/paths/~1e/put/parameters/10/collectionFormat)
    expected a list of media types, found a text (at #/paths/~1e/put/consumes)
    the path `/e` has no place for `x` (at #/paths/~1e/put)
    a form and a body exclude each other (at #/paths/~1e/put)
    `99` is not an HTTP status (at #/paths/~1e/put/responses/99)
    `abc` is not an HTTP status (at #/paths/~1e/put/responses/abc)
    expected an answer, found a text (at #/paths/~1e/put/responses/200)
    ");
}

#[test]
fn media_types_are_known_in_any_case() {
    let check = |produces: &str, expected: Answer| {
        let model = reads(&paths(&format!(
            "  /a:\n    get:\n      produces: ['{produces}']\n      \
             responses: {{ 200: {{ schema: {{ type: object }} }} }}\n"
        )));
        assert_eq!(model.operations[0].answer, expected, "{produces}");
    };
    check("Application/JSON", Answer::Json);
    check("application/vnd.x+JSON; charset=utf-8", Answer::Json);
    check("Application/X-NDJSON", Answer::JsonLines);
    check("application/x-ndjson; charset=utf-8", Answer::JsonLines);
    check("application/vnd.docker.raw-stream;a=b", Answer::Frames);
    check("application/x-tar; a=b", Answer::Bytes);
    check("Text/Plain", Answer::Text);
    check("*/*", Answer::Bytes);
}

/// No body is of a pattern.
#[test]
fn patterns_of_media_types_are_not_sent() {
    for (consumes, expected) in [
        ("'*/*'", &["application/json"][..]),
        ("application/*, application/json", &["application/json"]),
        ("text/*", &["text/plain"]),
        ("image/*, application/x-tar", &["application/octet-stream", "application/x-tar"]),
    ] {
        let model = reads(&paths(&format!(
            "  /a:\n    post:\n      consumes: [{consumes}]\n      parameters:\n        \
             - {{ name: b, in: body, schema: {{ type: object }} }}\n"
        )));
        assert_eq!(model.operations[0].body.as_ref().unwrap().media_types, expected, "{consumes}");
    }
}

/// A form without a file goes out URL-encoded, unless it is said that it may not.
#[test]
fn forms_are_of_the_media_types_they_say() {
    let check = |consumes: &str, required: bool, expected: Option<(bool, &[&str])>| {
        let model = reads(&paths(&format!(
            "  /a:\n    post:\n      consumes: [{consumes}]\n      parameters:\n        \
             - {{ name: f, in: formData, type: string, required: {required} }}\n"
        )));
        let body = model.operations[0].body.as_ref();
        let found = body.map(|body| (body.required, body.media_types.clone()));
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(found, expected.map(|(required, names)| (required, owned(names))), "{consumes}");
    };
    check("", true, None);
    check("application/json", true, None);
    check("application/x-www-form-urlencoded", true, None);
    check("multipart/form-data, application/x-www-form-urlencoded", true, None);
    check("multipart/form-data", true, Some((true, &["multipart/form-data"])));
    check("'Multipart/Form-Data; boundary=x'", true, Some((true, &["multipart/form-data"])));
    check("multipart/form-data", false, Some((false, &["multipart/form-data"])));
}

#[test]
fn base_paths_are_paths() {
    let based = |base: &str| {
        format!("swagger: '2.0'\nbasePath: {base}\npaths: {{ /a: {{ get: {{}} }} }}\n")
    };
    for (base, prefix) in [("/", ""), ("''", ""), ("", ""), ("/v1/", "/v1"), ("/a/v1.0", "/a/v1.0")]
    {
        assert_eq!(reads(&based(base)).prefix, prefix, "{base}");
    }
    let faulty = [
        "v1",
        "http://host/v1",
        "/v1 x",
        "/v1?x=1",
        "'/v1#x'",
        "'/{v}'",
        "{ a: b }",
        "[/v1]",
        "1.0",
    ];
    let all: Vec<String> = faulty.iter().map(|base| faults(based(base))).collect();
    assert_snapshot!(all.join("\n"), @r"
    the base path `v1` does not start with `/` (at #/basePath)
    the base path `http://host/v1` does not start with `/` (at #/basePath)
    the base path `/v1 x` is not a plain path (at #/basePath)
    the base path `/v1?x=1` is not a plain path (at #/basePath)
    the base path `/v1#x` is not a plain path (at #/basePath)
    the base path `/{v}` is not a plain path (at #/basePath)
    expected a path, found a mapping (at #/basePath)
    expected a path, found a list (at #/basePath)
    expected a path, found a number (at #/basePath)
    ");
    // Where its operations are is not known then, unless the map of sources says so.
    let going = Context { faults: Faults::KeepGoing, ..context() };
    let error = read(based("v1").as_bytes(), &going).unwrap_err();
    assert!(matches!(&error, SpecError::NoOperation(faults) if faults.len() == 1), "{error:?}");
    let given = Context { prefix: Some("/v2".to_owned()), ..context() };
    assert_eq!(read(based("v1").as_bytes(), &given).unwrap().model.prefix, "/v2");
}

#[test]
fn names_that_cannot_be_sent_are_named() {
    let text = paths(
        "  /a:\n    get:\n      operationId: \"A\\nB\"\n    put:\n      operationId: P\n      \
         parameters:\n        - { name: X Y, in: header }\n        \
         - { name: 'X:', in: header }\n        - { name: é, in: header }\n        \
         - { name: X-Y_z.1, in: header }\n        - { name: \"q\\u0007\", in: query }\n        \
         - { name: é x, in: query }\n        - { name: \"f\\r\", in: formData }\n  \
         \"/b/{c\\n}\": { get: {} }\n",
    );
    assert_snapshot!(faults(&text), @r"
    the id `A\nB` contains '\n', which no id can (at #/paths/~1a/get/operationId)
    the parameter `X Y` has a name that no header can have (at #/paths/~1a/put/parameters/0/name)
    the parameter `X:` has a name that no header can have (at #/paths/~1a/put/parameters/1/name)
    the parameter `é` has a name that no header can have (at #/paths/~1a/put/parameters/2/name)
    the parameter `q\u{7}` contains '\u{7}', which no name can (at #/paths/~1a/put/parameters/4/name)
    the parameter `f\r` contains '\r', which no name can (at #/paths/~1a/put/parameters/6/name)
    the path `/b/{c\n}` contains '\n', which no path can (at #/paths/~1b~1{c\n})
    ");
    let going = Context { faults: Faults::KeepGoing, ..context() };
    let error = read(text.as_bytes(), &going).unwrap_err();
    assert!(matches!(error, SpecError::NoOperation(_)), "{error:?}");
}

/// What became of a text: it was read, or refused with a place. A panic fails the test.
fn outcome(text: &[u8]) {
    match read(text, &Context { prose: Prose::Keep, ..context() }) {
        Ok(read) => {
            let engine = crate::model::Engine { name: "toy".to_owned(), ..Default::default() };
            let bytes = crate::lower::pack(&engine, &[read.model]).expect("one model");
            contajners_core::Pack::open(&bytes).expect("a pack").verify().expect("a sound pack");
        }
        Err(error) => assert!(!error.lines().concat().is_empty()),
    }
}

#[test]
fn the_sound_spec_is_sound() {
    assert_eq!(reads(SOUND).operations.len(), 2);
    outcome(SOUND.as_bytes());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_bytes_are_survived(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut text = SOUND.as_bytes().to_vec();
        for (index, byte) in changes {
            let position = index.index(text.len());
            text[position] = byte;
        }
        outcome(&text);
    }

    #[test]
    fn cut_and_doubled_parts_are_survived(
        from in any::<prop::sample::Index>(),
        to in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
    ) {
        let (a, b) = (from.index(SOUND.len()), to.index(SOUND.len()));
        let part = a.min(b)..a.max(b);
        let mut text = SOUND.as_bytes().to_vec();
        let position = at.index(text.len());
        text.splice(position..position, SOUND.as_bytes()[part.clone()].iter().copied());
        outcome(&text);
        outcome(&SOUND.as_bytes()[..part.start]);
        outcome(&[&SOUND.as_bytes()[..part.start], &SOUND.as_bytes()[part.end..]].concat());
    }

    #[test]
    fn words_of_a_spec_in_any_order_are_survived(
        words in prop::collection::vec(prop::sample::select(WORDS), 0..60),
    ) {
        outcome(words.concat().as_bytes());
        outcome(format!("swagger: '2.0'\npaths:\n  /a:\n    get:\n      {}", words.concat()).as_bytes());
    }
}

const WORDS: &[&str] = &[
    "swagger: '2.0'\n",
    "paths:\n",
    "\n  ",
    "\n    ",
    "\n      ",
    "/a: ",
    "get: ",
    "{ ",
    " }",
    "[",
    "]",
    ", ",
    "- ",
    "$ref: ",
    "'#/definitions/A'",
    "'#/parameters/A'",
    "'#/responses/A'",
    "definitions: ",
    "A: ",
    "parameters: ",
    "responses: ",
    "200: ",
    "schema: ",
    "type: ",
    "array",
    "object",
    "items: ",
    "properties: ",
    "allOf: ",
    "name: ",
    "in: ",
    "body",
    "query",
    "path",
    "operationId: ",
    "default: ",
    "enum: ",
    "null",
    "1e999",
    "&a ",
    "*a",
    "true",
    "|\n",
    "\"",
    "'",
    "#",
    "~",
];

/// Packs hold no control characters: what they say is shown on terminals.
#[test]
fn what_no_pack_can_hold_is_told() {
    let swagger = |schema: &str| {
        format!(
            "swagger: '2.0'\npaths: {{ /x: {{ get: {{ operationId: A, parameters: \
             [{{ in: body, name: b, schema: {schema} }}], responses: {{}} }} }} }}\n\
             definitions: {{ \"a\\x9bb\": {{ type: string }} }}\n"
        )
    };
    let openapi = |content: &str, headers: &str| {
        format!(
            "openapi: 3.0.0\npaths: {{ /x: {{ get: {{ operationId: A, responses: {{ 200: \
             {{ description: '', content: {content}, headers: {headers} }} }} }} }} }}\n"
        )
    };
    let told = [
        faults(swagger(r#"{ type: object, properties: { "a\eb": { type: string } } }"#)),
        faults(swagger(r#"{ type: string, format: "\x7f" }"#)),
        faults(swagger(r##"{ $ref: "#/definitions/a\x9bb" }"##)),
        faults(openapi(r#"{ "a\e/b": { schema: {} } }"#, "{}")),
        faults(openapi("{}", r#"{ "X\e": { schema: { type: string } } }"#)),
        faults(
            "swagger: '2.0'\nproduces: [\"a\\e/b\"]\npaths: { /x: { get: { operationId: A, responses: {} } } }\n",
        ),
    ];
    assert_snapshot!(told.join("\n"), @r"
    the field `a\u{1b}b` contains '\u{1b}', which no name can (at #/paths/~1x/get/parameters/0/schema/properties/a\u{1b}b)
    the format `\u{7f}` contains '\u{7f}', which no name can (at #/paths/~1x/get/parameters/0/schema/format)
    the definition `a\u{9b}b` contains '\u{9b}', which no name can (at #/paths/~1x/get/parameters/0/schema/$ref)
    the media type `a\u{1b}/b` contains '\u{1b}', which no name can (at #/paths/~1x/get/responses/200/content/a\u{1b}~1b)
    the header `X\u{1b}` contains '\u{1b}', which no name can (at #/paths/~1x/get/responses/200/headers/X\u{1b})
    the media type `a\u{1b}/b` contains '\u{1b}', which no name can (at #/produces)
    ");
    // Values are JSON, which has escapes for all of them.
    let model = reads(&swagger(r#"{ type: string, enum: ["\e\x7f\x9b"], default: "\x9b" }"#));
    let body = &model.operations[0].body.as_ref().unwrap().schema;
    assert_eq!(body.members, [r#""\u001b\u007f\u009b""#]);
    assert_eq!(body.default.as_deref(), Some(r#""\u009b""#));
}
