//! OpenAPI 3.0 and 3.1, on specs made up for each construct.

use insta::assert_snapshot;

use super::tests::{context, told};
use super::*;
use crate::model::{Additional, Answer, Encoding, Kind, Location, Parameter, Schema};

#[track_caller]
pub(super) fn reads(text: &str) -> Model {
    match read(text.as_bytes(), &context()) {
        Ok(read) => read.model,
        Err(error) => panic!("{}", error.lines().join("\n")),
    }
}

#[track_caller]
pub(super) fn faults(text: &str) -> String {
    told(&read(text.as_bytes(), &context()).expect_err("a fault"))
}

/// A spec with these lines below `paths`, and these at the top.
pub(super) fn spec(version: &str, paths: &str, top: &str) -> String {
    format!("openapi: {version}\ninfo: {{ title: Toys, version: '1' }}\n{top}paths:\n{paths}")
}

/// An operation of one parameter after another.
pub(super) fn parameters(list: &str) -> String {
    let list: String = list.lines().map(|line| format!("        - {}\n", line.trim())).collect();
    spec(
        "3.0.3",
        &format!("  /a/{{p}}:\n    get:\n      operationId: A\n      parameters:\n{list}"),
        "",
    )
}

/// A schema in a word or two.
fn shape(schema: &Schema) -> String {
    let list = |parts: &[Schema]| parts.iter().map(shape).collect::<Vec<_>>().join(", ");
    let mut text = match &schema.kind {
        Kind::Array(items) => format!("[{}]", shape(items)),
        Kind::Object(object) => {
            let mut fields: Vec<String> = object
                .properties
                .iter()
                .map(|(name, (schema, required))| {
                    format!("{name}{}: {}", if *required { "!" } else { "" }, shape(schema))
                })
                .collect();
            match &object.additional {
                Additional::Unsaid => {}
                Additional::Forbidden => fields.push("nothing else".into()),
                Additional::Any => fields.push("*".into()),
                Additional::Schema(schema) => fields.push(format!("*: {}", shape(schema))),
            }
            format!("{{{}}}", fields.join(", "))
        }
        Kind::AllOf(parts) => format!("all({})", list(parts)),
        Kind::OneOf(parts) => format!("one({})", list(parts)),
        Kind::AnyOf(parts) => format!("any({})", list(parts)),
        Kind::Ref(name) => format!("&{name}"),
        plain => format!("{plain:?}").to_lowercase(),
    };
    if !schema.format.is_empty() {
        text += &format!("<{}>", schema.format);
    }
    if !schema.members.is_empty() {
        text += &format!(" of {}", schema.members.join("|"));
    }
    if let Some(default) = &schema.default {
        text += &format!(" = {default}");
    }
    text + if schema.nullable { "?" } else { "" }
}

fn described(parameter: &Parameter) -> String {
    let Parameter { name, location, required, schema, style, encoding, .. } = parameter;
    let must = if *required { "!" } else { "" };
    format!("{location} {name}{must}: {} {style:?} {encoding:?}", shape(schema))
}

#[track_caller]
pub(super) fn parameters_of(text: &str) -> String {
    let model = reads(text);
    let all: Vec<String> = model.operations[0].parameters.iter().map(described).collect();
    all.join("\n")
}

#[test]
fn parameters_have_styles() {
    let text = parameters(
        "{ name: p, in: path, required: true, schema: { type: array, items: { type: integer } } }
        { name: one, in: query, schema: { type: string, enum: [a, b], default: a } }
        { name: repeated, in: query, required: true, schema: { type: array, items: { type: string } } }
        { name: commas, in: query, explode: false, schema: { type: array } }
        { name: spaces, in: query, style: spaceDelimited, schema: { type: array } }
        { name: pipes, in: query, style: pipeDelimited, explode: false, schema: { type: array } }
        { name: pipes2, in: query, style: pipeDelimited, explode: true, schema: { type: array } }
        { name: deep, in: query, style: deepObject, explode: true, schema: { type: object } }
        { name: fields, in: query, schema: { properties: { x: { type: integer } } } }
        { name: json, in: query, content: { application/json: { schema: { type: object } } } }
        { name: plain, in: query, content: { text/plain: { schema: { type: string } } } }
        { name: X-List, in: header, schema: { type: array, items: { type: string } } }
        { name: Content-Type, in: header, schema: { type: string } }
        { name: authorization, in: header, schema: { type: string } }
        { name: bare, in: query }",
    );
    assert_snapshot!(parameters_of(&text), @r#"
    path p!: [integer] Csv Plain
    query one: string of "a"|"b" = "a" Single Plain
    query repeated!: [string] Multi Plain
    query commas: [any] Csv Plain
    query spaces: [any] Ssv Plain
    query pipes: [any] Pipes Plain
    query pipes2: [any] Multi Plain
    query deep: {} Deep Plain
    query fields: {x: integer} Fields Plain
    query json: {} Single Json
    query plain: string Single Plain
    header X-List: [string] Csv Plain
    query bare: string Single Plain
    "#);
}

#[test]
fn parameters_that_are_not_supported_are_named() {
    let text = parameters(
        "{ name: session, in: cookie, schema: { type: string } }
        { name: p, in: path, required: true, style: matrix, schema: { type: string } }
        { name: l, in: query, explode: false, schema: { type: object } }
        { name: H, in: header, schema: { type: object } }
        { name: two, in: query, schema: {}, content: { application/json: {} } }
        { name: three, in: query, content: { application/json: {}, text/plain: {} } }
        { name: old, in: query, type: string }
        { name: body, in: body, schema: {} }
        { name: form, in: formData, schema: {} }
        { $ref: '#/components/parameters/None' }
        { $ref: 'other.yaml#/Page' }",
    );
    assert_snapshot!(faults(&text), @r"
    the parameter `session` goes into a cookie: not supported (at #/paths/~1a~1{p}/get/parameters/0/in)
    the style `matrix` (explode: false) of `p`, one value in `path`, is not supported (at #/paths/~1a~1{p}/get/parameters/1)
    the style `form` (explode: false) of `l`, an object in `query`, is not supported (at #/paths/~1a~1{p}/get/parameters/2)
    the style `simple` (explode: false) of `H`, an object in `header`, is not supported (at #/paths/~1a~1{p}/get/parameters/3)
    the parameter `two` has both `schema` and `content` (at #/paths/~1a~1{p}/get/parameters/4)
    the parameter `three` has more than one media type (at #/paths/~1a~1{p}/get/parameters/5/content)
    the key `type` in a spec of OpenAPI 3.0 (at #/paths/~1a~1{p}/get/parameters/6/type)
    the parameter `body` in `body` in a spec of OpenAPI 3.0 (at #/paths/~1a~1{p}/get/parameters/7/in)
    the parameter `form` in `formData` in a spec of OpenAPI 3.0 (at #/paths/~1a~1{p}/get/parameters/8/in)
    the parameter `#/components/parameters/None` does not exist (at #/paths/~1a~1{p}/get/parameters/9/$ref)
    the parameter `other.yaml#/Page` does not exist (at #/paths/~1a~1{p}/get/parameters/10/$ref)
    ");
}

#[test]
fn styles_are_those_of_alternatives() {
    let operation = "  /a:
    post:
      parameters:
        - { name: list, in: query, explode: false, schema: { anyOf: [{ type: array }, { type: 'null' }] } }
        - { name: null-first, in: query, schema: { oneOf: [{ const: null }, { $ref: '#/components/schemas/List' }] } }
        - { name: one, in: query, schema: { oneOf: [{ $ref: '#/components/schemas/List' }] } }
        - { name: two, in: query, schema: { anyOf: [{ $ref: '#/components/schemas/List' }, { items: {} }] } }
        - { name: inner, in: query, schema: { allOf: [{ $ref: '#/components/schemas/Maybe' }] } }
        - { name: deep, in: query, style: deepObject, schema: { anyOf: [{ type: object }, { type: 'null' }] } }
        - { name: mixed, in: query, schema: { anyOf: [{ type: string }, { type: array }] } }
        - { name: nothing, in: query, schema: { anyOf: [{ type: 'null' }] } }
        - { name: ring, in: query, schema: { $ref: '#/components/schemas/Ring' } }
      requestBody: { content: { multipart/form-data: { schema: { properties: {
        files: { anyOf: [{ type: array, items: { type: string } }, { type: 'null' }] },
        data: { oneOf: [{ type: 'null' }, { type: object }] } } } } } }
";
    let top = "components:
  schemas:
    List: { type: array, items: { type: string } }
    Maybe: { anyOf: [{ type: 'null' }, { oneOf: [{ $ref: '#/components/schemas/List' }] }] }
    Ring: { anyOf: [{ $ref: '#/components/schemas/Ring' }, { oneOf: [{ $ref: '#/components/schemas/Ring' }] }] }
";
    assert_snapshot!(parameters_of(&spec("3.1.0", operation, top)), @r"
    query list: [any]? Csv Plain
    query null-first: &List? Multi Plain
    query one: one(&List) Multi Plain
    query two: any(&List, [any]) Multi Plain
    query inner: all(&Maybe) Multi Plain
    query deep: {}? Deep Plain
    query mixed: any(string, [any]) Multi Plain
    query nothing: null Single Plain
    query ring: &Ring Single Plain
    formData files: [string]? Multi Plain
    formData data: {}? Single Json
    ");
}

#[test]
fn components_are_referred_to_from_everywhere() {
    let model = reads(&spec(
        "3.0.1",
        "  /toys/{id}:
    parameters: [{ $ref: '#/components/parameters/Id' }, { name: v, in: query, schema: { type: boolean } }]
    put:
      operationId: ToyPut
      parameters: [{ $ref: '#/components/parameters/Tags' }]
      requestBody: { $ref: '#/components/requestBodies/Toy' }
      responses:
        200: { $ref: '#/components/responses/Toy' }
        4XX: { $ref: '#/components/responses/Fault' }
        404: { description: gone }
        default: { description: other, content: { application/json: { schema: { $ref: '#/components/schemas/Fault' } } } }
",
        "components:
  parameters:
    Id: { name: id, in: path, required: true, schema: { type: string } }
    Tags: { name: tag, in: query, schema: { $ref: '#/components/schemas/Tags' } }
  requestBodies:
    Toy: { $ref: '#/components/requestBodies/Toy~1real' }
    Toy/real: { required: true, content: { application/json: { schema: { $ref: '#/components/schemas/a%20Toy' } } } }
  headers:
    Count: { schema: { type: integer } }
  responses:
    Toy:
      description: A toy.
      headers: { X-Count: { $ref: '#/components/headers/Count' }, X-Plain: { schema: { type: string } } }
      content: { application/json: { schema: { $ref: '#/components/schemas/a%20Toy' } } }
    Fault: { description: No., content: { application/problem+json: { schema: { $ref: '#/components/schemas/Fault' } } } }
  schemas:
    Tags: { type: array, items: { type: string } }
    a Toy: { type: object, required: [name], properties: { name: { type: string }, parent: { $ref: '#/components/schemas/a%20Toy' } } }
    Fault: { type: object, properties: { text: { type: string } } }
    Unused: { type: string }
",
    ));
    let operation = &model.operations[0];
    let parameters: Vec<String> = operation.parameters.iter().map(described).collect();
    assert_snapshot!(parameters.join("\n"), @r"
    path id!: string Single Plain
    query v: boolean Single Plain
    query tag: &Tags Multi Plain
    ");
    let body = operation.body.as_ref().unwrap();
    assert_eq!((shape(&body.schema), body.required), ("&a Toy".to_owned(), true));
    let responses: Vec<String> = { operation.responses.iter() }
        .map(|response| {
            let headers: Vec<String> = { response.headers.iter() }
                .map(|(name, schema)| format!("{name}: {}", shape(schema)))
                .collect();
            let schema = response.schema.as_ref().map(shape).unwrap_or_default();
            format!("{} {schema} {}", response.status, headers.join(", ")).trim_end().to_owned()
        })
        .collect();
    assert_snapshot!(responses.join("\n"), @r"
    0 &Fault
    200 &a Toy X-Count: integer, X-Plain: string
    400 &Fault
    404
    ");
    let definitions: Vec<&String> = model.definitions.keys().collect();
    assert_eq!(definitions, ["Fault", "Tags", "a Toy"]);
    assert_eq!(operation.answer, Answer::Json);
}

#[test]
fn bodies_may_have_several_media_types() {
    let model = reads(&spec(
        "3.0.0",
        "  /jobs:
    post:
      requestBody:
        content:
          application/x-tar: { schema: { type: string, format: binary } }
          application/json: { schema: { type: object, properties: { n: { type: integer } } } }
          '*/*': {}
      responses: { 204: { description: done } }
    put:
      requestBody:
        required: true
        content:
          text/plain: { schema: { type: string } }
          text/*: { schema: { type: string } }
      responses: { 200: { description: ok, content: { text/plain: { schema: { type: string } } } } }
    patch:
      requestBody:
        content:
          multipart/form-data:
            schema:
              type: object
              required: [name, file]
              properties:
                name: { type: string }
                file: { type: string, format: binary }
                labels: { type: array, items: { type: string } }
                extra: { type: object }
      responses: { 200: { description: ok, content: { application/octet-stream: {} } } }
",
        "",
    ));
    let bodies: Vec<String> = { model.operations.iter() }
        .map(|operation| {
            let body = operation.body.as_ref().unwrap();
            let schemas: Vec<String> = body.schemas.iter().map(shape).collect();
            format!(
                "{} {} {:?} {} [{}] {:?}",
                operation.id,
                body.required,
                body.media_types,
                shape(&body.schema),
                schemas.join(", "),
                operation.answer,
            )
        })
        .collect();
    assert_snapshot!(bodies.join("\n"), @r#"
    postJobs false ["application/x-tar", "application/json"] string<binary> [string<binary>, {n: integer}] Nothing
    putJobs true ["text/plain"] string [] Text
    patchJobs false ["multipart/form-data"] {extra: {}, file!: string<binary>, labels: [string], name!: string} [] Bytes
    "#);
    let fields: Vec<String> = model.operations[2].parameters.iter().map(described).collect();
    assert_snapshot!(fields.join("\n"), @r"
    formData name!: string Single Plain
    formData file!: file<binary> Single Plain
    formData labels: [string] Multi Plain
    formData extra: {} Single Json
    ");
    assert!(model.operations[2].parameters.iter().all(|own| own.location == Location::Form));
    assert_eq!(model.operations[2].parameters[3].encoding, Encoding::Json);
}

#[track_caller]
pub(super) fn schemas(version: &str, lines: &str) -> String {
    let names: Vec<&str> =
        lines.lines().map(|line| line.split(':').next().unwrap().trim()).collect();
    let answers: Vec<String> = { names.iter().enumerate() }
        .map(|(i, name)| {
            format!("        {}: {{ content: {{ application/json: {{ schema: {{ $ref: '#/components/schemas/{name}' }} }} }} }}\n", 200 + i)
        })
        .collect();
    let lines: String = lines.lines().map(|line| format!("    {}\n", line.trim())).collect();
    let text = spec(
        version,
        &format!("  /a:\n    get:\n      responses:\n{}", answers.concat()),
        &format!("components:\n  schemas:\n{lines}"),
    );
    let model = reads(&text);
    let all = names.iter().map(|name| format!("{name}: {}", shape(&model.definitions[*name])));
    all.collect::<Vec<_>>().join("\n")
}

#[test]
fn schemas_of_openapi_3_0() {
    assert_snapshot!(schemas("3.0.3",
        "nullable: { type: string, nullable: true, default: x }
        one: { oneOf: [{ type: string }, { $ref: '#/components/schemas/nullable' }] }
        any: { anyOf: [{ type: integer, format: int64 }, { type: array, items: {} }], nullable: true }
        all: { allOf: [{ $ref: '#/components/schemas/one' }, { type: object, required: [a], properties: { a: { enum: [1, 2] } } }] }
        beside: { $ref: '#/components/schemas/one', nullable: true }
        map: { type: object, additionalProperties: { type: number } }
        closed: { type: object, additionalProperties: false }
        binary: { type: string, format: binary }"), @r#"
    nullable: string = "x"?
    one: one(string, &nullable)
    any: any(integer<int64>, [any])?
    all: all(&one, {a!: any of 1|2})
    beside: &one
    map: {*: number}
    closed: {nothing else}
    binary: string<binary>
    "#);
}

#[test]
fn schemas_of_openapi_3_1() {
    assert_snapshot!(schemas("3.1.0",
        "types: { type: [string, 'null'], const: x }
        several: { type: [integer, string] }
        constant: { const: 7 }
        one: { oneOf: [{ $ref: '#/components/schemas/types' }, { type: 'null' }] }
        two: { anyOf: [{ type: string }, { type: 'null' }, { type: integer }] }
        beside: { $ref: '#/components/schemas/types', default: y }
        beside2: { $ref: '#/components/schemas/object', required: [a], properties: { a: { type: string } } }
        object: { type: object, patternProperties: { '^x-': { type: string } }, additionalProperties: false }
        open: { type: object, patternProperties: { '^x-': { type: string } } }
        tuple: { type: array, prefixItems: [{ type: string }, { type: integer }], items: false }
        inner: { $defs: { deep: { type: boolean } }, properties: { d: { $ref: '#/components/schemas/inner/$defs/deep' } } }
        anything: true"), @r#"
    types: string of "x"?
    several: any(integer, string)
    constant: integer of 7
    one: &types?
    two: any(string, integer)?
    beside: &types = "y"
    beside2: all(&object, {a!: string})
    object: {*: string}
    open: {*}
    tuple: [any(string, integer)]
    inner: {d: &inner/$defs/deep}
    anything: any
    "#);
}

#[test]
fn servers_become_prefixes() {
    let prefix = |servers: &str| {
        let model = reads(&spec("3.0.3", "  /a: { get: { operationId: A } }\n", servers));
        assert_eq!(model.operations[0].path, "/a");
        model.prefix
    };
    assert_eq!(prefix(""), "");
    assert_eq!(prefix("servers: []\n"), "");
    assert_eq!(prefix("servers: [{ url: 'http://localhost' }]\n"), "");
    assert_eq!(
        prefix("servers: [{ url: 'http://localhost/api/v1/' }, { url: /other }]\n"),
        "/api/v1"
    );
    assert_eq!(prefix("servers: [{ url: / }]\n"), "");
    assert_eq!(prefix("servers: [{ url: 'unix:///run/x.sock' }]\n"), "");
    assert_eq!(prefix("servers: [{ url: 'npipe:////./pipe/x' }]\n"), "");
    assert_eq!(prefix("servers: [{ url: 'http+unix://%2Frun%2Fx.sock/v1' }]\n"), "/v1");
    assert_eq!(
        prefix(
            "servers: [{ url: 'https://{host}/{base}/v2', variables: { host: { default: x }, base: { default: api, enum: [api, b] } } }]\n"
        ),
        "/api/v2"
    );
    let fault =
        |servers: &str| faults(&spec("3.0.3", "  /a: { get: { operationId: A } }\n", servers));
    assert_snapshot!(fault("servers: [{ url: '../v1' }]\n"), @"the server `../v1` is relative to where the spec lies (at #/servers)");
    assert_snapshot!(fault("servers: [{ url: '/{v}' }]\n"), @"the variable `v` of the server `/{v}` has no default (at #/servers)");
    assert_snapshot!(fault("servers: [{ url: '/a?b' }]\n"), @"the path of the server `/a?b` is not a plain one (at #/servers)");
    assert_snapshot!(fault("servers: [{}]\n"), @"the server has no `url` (at #/servers)");
    assert_snapshot!(fault("servers: { url: /x }\n"), @"expected a list of servers, found a mapping (at #/servers)");
}

#[test]
fn servers_of_paths_and_operations_go_into_the_path() {
    let text = spec(
        "3.0.3",
        "  /a: { get: { operationId: A } }
  /b:
    servers: [{ url: /api/v2 }]
    get: { operationId: B }
    put: { operationId: C, servers: [{ url: 'http://elsewhere/api/v1' }] }
",
        "servers: [{ url: /api/v1 }]\n",
    );
    let Read { model, notes, .. } = read(text.as_bytes(), &context()).unwrap();
    let paths: Vec<&str> = model.operations.iter().map(|operation| &*operation.path).collect();
    assert_eq!((&*model.prefix, paths), ("/api", vec!["/v1/a", "/v2/b", "/v1/b"]));
    let notes: Vec<String> = notes.iter().map(ToString::to_string).collect();
    assert_snapshot!(notes.join("\n"), @"this server is not below `/api/v1`: the prefix of all operations is `/api`, and what is left of it goes into their paths (at #/paths/~1b/servers)");
    let none = text.replace("/api/v2", "/").replace("elsewhere/api/v1", "elsewhere/x");
    let Read { model, notes, .. } = read(none.as_bytes(), &context()).unwrap();
    assert_eq!((&*model.prefix, &*model.operations[0].path), ("", "/api/v1/a"));
    let notes: Vec<String> = notes.iter().map(ToString::to_string).collect();
    assert_snapshot!(notes.join("\n"), @"this server is not below `/api/v1`: the prefix of all operations is none, and what is left of it goes into their paths (at #/paths/~1b/servers)");
    // One that is below does not change the others.
    let below = text.replace("/api/v2", "/api/v1/b");
    let Read { model, notes, .. } = read(below.as_bytes(), &context()).unwrap();
    assert_eq!((&*model.prefix, &*model.operations[1].path), ("/api/v1", "/b/b"));
    assert_eq!(notes, []);
    // What the map of sources says stands for all of them.
    let given = Context { prefix: Some("/mine".into()), ..context() };
    let Read { model, notes, .. } = read(text.as_bytes(), &given).unwrap();
    let notes: Vec<String> = notes.iter().map(ToString::to_string).collect();
    assert_snapshot!(notes.join("\n"), @"this server does not count: the prefix `/mine`, which is given, stands before all paths (at #/paths/~1b/servers)");
    let paths: Vec<&str> = model.operations.iter().map(|operation| &*operation.path).collect();
    assert_eq!((&*model.prefix, paths), ("/mine", vec!["/a", "/b", "/b"]));
}

#[test]
fn path_items_of_openapi_3_1_are_shared() {
    let paths = "  /a: { $ref: '#/components/pathItems/Shared' }\n";
    let top = "components: { pathItems: { Shared: { get: { responses: {} } } } }\n";
    assert_eq!(reads(&spec("3.1.0", paths, top)).operations[0].id, "getA");
    assert_snapshot!(faults(&spec("3.1.0", paths, "")), @"the path item `#/components/pathItems/Shared` does not exist (at #/paths/~1a/$ref)");
    assert_snapshot!(faults(&spec("3.0.0", "  /a: { $ref: 'x.yaml' }\n", "")), @"paths that refer elsewhere are not read (at #/paths/~1a/$ref)");
}

#[test]
fn json_reads_like_yaml() {
    let yaml = spec(
        "3.1.0",
        "  /a/{b}: { post: { requestBody: { content: { application/json: { schema: { type: [object, 'null'] } } } } } }\n",
        "servers: [{ url: /x }]\n",
    );
    let value: serde_json::Value = yaml_serde::from_str(&yaml).unwrap();
    let json = serde_json::to_string_pretty(&value).unwrap();
    assert!(json.starts_with('{'));
    assert_eq!(reads(&json), reads(&yaml));
}

#[test]
fn versions_that_are_mixed_are_named() {
    let operation = "  /a:
    post:
      consumes: [application/json]
      parameters: [{ name: q, in: query, type: string }]
      responses: { 200: { schema: { type: string } }, 201: { content: { a/b: { schema: { type: [string], const: 1 } } } } }
";
    let top = "swagger: '2.0'\nbasePath: /x\ndefinitions: {}\nproduces: []\n";
    assert_snapshot!(faults(&spec("3.0.0", operation, top)), @r"
    the key `swagger` in a spec of OpenAPI 3.0 (at #/swagger)
    the key `basePath` in a spec of OpenAPI 3.0 (at #/basePath)
    the key `produces` in a spec of OpenAPI 3.0 (at #/produces)
    the key `definitions` in a spec of OpenAPI 3.0 (at #/definitions)
    the key `type` in a spec of OpenAPI 3.0 (at #/paths/~1a/post/parameters/0/type)
    the key `consumes` in a spec of OpenAPI 3.0 (at #/paths/~1a/post/consumes)
    the key `schema` in a spec of OpenAPI 3.0 (at #/paths/~1a/post/responses/200/schema)
    a list of types in a spec of OpenAPI 3.0 (at #/paths/~1a/post/responses/201/content/a~1b/schema/type)
    the key `const` in a spec of OpenAPI 3.0 (at #/paths/~1a/post/responses/201/content/a~1b/schema/const)
    ");
    assert_snapshot!(faults(&spec("3.1.0", "  /a: { get: { parameters: [{ name: q, in: query, schema: { type: string, nullable: true } }] } }\n", "")), @"the key `nullable` in a spec of OpenAPI 3.1 (at #/paths/~1a/get/parameters/0/schema/nullable)");
    let swagger = "swagger: '2.0'
components: {}
servers: []
paths:
  /a:
    servers: []
    post:
      servers: []
      requestBody: { content: {} }
      parameters: [{ name: q, in: query, style: form, explode: true }]
      responses: { 200: { content: { application/json: {} } } }
";
    assert_snapshot!(faults(swagger), @r"
    the key `components` in a spec of Swagger 2.0 (at #/components)
    the key `servers` in a spec of Swagger 2.0 (at #/servers)
    unknown method `servers` (at #/paths/~1a/servers)
    the key `style` in a spec of Swagger 2.0 (at #/paths/~1a/post/parameters/0/style)
    the key `explode` in a spec of Swagger 2.0 (at #/paths/~1a/post/parameters/0/explode)
    the key `requestBody` in a spec of Swagger 2.0 (at #/paths/~1a/post/requestBody)
    the key `servers` in a spec of Swagger 2.0 (at #/paths/~1a/post/servers)
    the key `content` in a spec of Swagger 2.0 (at #/paths/~1a/post/responses/200/content)
    ");
}

#[test]
fn what_refers_to_nothing_or_cannot_be_read_is_named() {
    let text = spec(
        "3.1.0",
        "  /a#b: { get: {} }
  /c:
    post:
      requestBody: { $ref: '#/components/requestBodies/None' }
      responses: { 200: { $ref: '#/components/responses/None' }, 6XX: {}, 2xx: {} }
    put: { requestBody: { content: {} } }
    patch: { requestBody: { content: { application/json: { schema: { $ref: '#/components/schemas/None' } } } } }
    get:
      responses:
        200: { headers: { X: { $ref: '#/components/headers/None' } }, content: [] }
        201: { content: { application/json: { schema: { $dynamicRef: '#node' } } } }
        202: { content: { application/json: { schema: { $ref: 'https://example.org/toy.json' } } } }
",
        "",
    );
    assert_snapshot!(faults(&text), @r"
    the path `/a#b` contains '#', which no path can (at #/paths/~1a#b)
    the request body `#/components/requestBodies/None` does not exist (at #/paths/~1c/post/requestBody/$ref)
    the answer `#/components/responses/None` does not exist (at #/paths/~1c/post/responses/200/$ref)
    `6XX` is not an HTTP status (at #/paths/~1c/post/responses/6XX)
    `2xx` is not an HTTP status (at #/paths/~1c/post/responses/2xx)
    the request body has no media type (at #/paths/~1c/put/requestBody)
    the definition `None` does not exist (at #/paths/~1c/patch/requestBody/content/application~1json/schema/$ref)
    expected a mapping of media types, found a list (at #/paths/~1c/get/responses/200/content)
    the header `#/components/headers/None` does not exist (at #/paths/~1c/get/responses/200/headers/X/$ref)
    dynamic references are not supported (at #/paths/~1c/get/responses/201/content/application~1json/schema/$dynamicRef)
    `https://example.org/toy.json` is not a reference into `#/components/schemas/` (at #/paths/~1c/get/responses/202/content/application~1json/schema/$ref)
    ");
}

#[test]
fn told_to_keep_going_the_rest_is_read() {
    let text = spec(
        "3.0.0",
        "  /bad: { get: { operationId: Bad, parameters: [{ name: c, in: cookie }] } }
  /shared: { parameters: [{ $ref: '#/components/parameters/None' }], get: { operationId: Shared } }
  /good:
    get: { operationId: Good, responses: { 200: { content: { application/json: { schema: { $ref: '#/components/schemas/None' } } } } } }
",
        "",
    );
    let going = Context { faults: Faults::KeepGoing, ..context() };
    let read = read(text.as_bytes(), &going).unwrap();
    let ids: Vec<&str> = read.model.operations.iter().map(|operation| &*operation.id).collect();
    assert_eq!(ids, ["Good"]);
    let answer = read.model.operations[0].responses[0].schema.as_ref().unwrap();
    assert_eq!(*answer, Schema::any());
    let notes: Vec<String> = read.notes.iter().map(ToString::to_string).collect();
    assert_snapshot!(notes.join("\n"), @r"
    the parameter `c` goes into a cookie: not supported (at #/paths/~1bad/get/parameters/0/in)
    the parameter `#/components/parameters/None` does not exist (at #/paths/~1shared/parameters/0/$ref)
    the definition `None` does not exist (at #/paths/~1good/get/responses/200/content/application~1json/schema/$ref)
    ");
    assert_eq!(faults(&text).lines().count(), 3);
    // What is no spec stays none.
    assert!(super::read(b"openapi: 4.0.0", &going).is_err());
}

#[test]
fn names_of_fields_that_cannot_be_sent_are_named() {
    let text = spec(
        "3.0.0",
        "  /a:
    post:
      parameters: [{ name: X Y, in: header, schema: { type: string } }]
      requestBody: { content: { multipart/form-data: { schema: { properties: { \"a\\n\": { type: string } } } } } }
",
        "",
    );
    assert_snapshot!(faults(&text), @r"
    the parameter `X Y` has a name that no header can have (at #/paths/~1a/post/parameters/0/name)
    the parameter `a\n` contains '\n', which no name can (at #/paths/~1a/post/requestBody/content/a\n)
    the field `a\n` contains '\n', which no name can (at #/paths/~1a/post/requestBody/content/multipart~1form-data/schema/properties/a\n)
    ");
}

#[test]
fn operations_whose_server_is_faulty_are_left_out() {
    let paths = "  /none: { get: {} }
  /own:
    servers: [{ url: /api/own }]
    get: {}
    put: { servers: [{ url: relative }] }
  /faulty:
    servers: [{ url: relative }]
    get: {}
    put: { servers: [{ url: /api/put }] }
";
    let going = Context { faults: Faults::KeepGoing, ..context() };
    let called = |top: &str| {
        let read = read(spec("3.0.0", paths, top).as_bytes(), &going).unwrap();
        let operations = read.model.operations.iter();
        let paths: Vec<String> = operations
            .map(|own| format!("{} {}{}", own.method.as_str(), read.model.prefix, own.path))
            .collect();
        let faults = read.notes.iter().filter(|note| !note.what.contains("is not below"));
        (paths.join(", "), faults.count())
    };
    let (own, put) = ("GET /api/own/own", "PUT /api/put/faulty");
    assert_eq!(
        called("servers: [{ url: /api/root }]\n"),
        (format!("GET /api/root/none, {own}, {put}"), 2)
    );
    // Without the root's, what has none of its own cannot be called, either.
    assert_eq!(called("servers: [{ url: relative }]\n"), (format!("{own}, {put}"), 3));
}

#[test]
fn definitions_may_be_missing_when_told_so() {
    let text = spec(
        "3.0.0",
        "  /a: { get: { responses: { 200: { content: { application/json: { schema: { $ref: '#/components/schemas/None' } } } } } } }\n",
        "",
    );
    let missing = BTreeSet::from(["None".to_owned(), "Another".to_owned()]);
    let read = read(text.as_bytes(), &Context { missing, ..context() }).unwrap();
    assert_eq!(read.filled, BTreeSet::from(["None".to_owned()]));
    assert_eq!(read.model.definitions["None"], Schema::any());
}
