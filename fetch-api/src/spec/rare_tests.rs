//! What is legal and seldom seen.

use insta::assert_snapshot;

use super::openapi3_tests::{parameters, parameters_of, reads, schemas, spec};
use super::tests::context;
use super::{Context, Faults, read};

#[track_caller]
fn paths_of(text: &str) -> String {
    let model = reads(text);
    let all = model.operations.iter();
    all.map(|it| format!("{} {}", it.method, it.path)).collect::<Vec<_>>().join("\n")
}

/// An operation whose body may be these.
fn body(content: &str) -> String {
    let content: String = content.lines().map(|line| format!("          {line}\n")).collect();
    let paths = format!(
        "  /a:\n    post:\n      operationId: A\n      requestBody:\n        content:\n{content}"
    );
    let top = "components: { schemas: { Bin: { type: string, format: binary } } }\n";
    spec("3.1.0", &paths, top)
}

#[test]
fn media_types_have_spellings_and_patterns() {
    let check = |media_type: &str, expected: &str, fields: usize| {
        let text = body(&format!("{media_type}:\n  schema: {{ properties: {{ f: {{}} }} }}"));
        let model = reads(&text);
        let operation = &model.operations[0];
        let body = operation.body.as_ref().unwrap();
        assert_eq!((&*body.media_types[0], operation.parameters.len()), (expected, fields));
    };
    check("Multipart/Form-Data", "multipart/form-data", 1);
    check("'multipart/form-data; boundary=x'", "multipart/form-data", 1);
    check("'image/*'", "application/octet-stream", 0);
    check("'*/*'", "application/json", 0);
    check("'application/*'", "application/json", 0);
    check("'text/*'", "text/plain", 0);
}

#[test]
fn statuses_have_three_digits() {
    let text = "  /a: { get: { operationId: A, responses: { \"200\": {}, \"+201\": {}, \"0202\": {}, \"+2XX\": {}, \"4XX\": {} } } }";
    let read = read(
        spec("3.0.3", text, "").as_bytes(),
        &Context { faults: Faults::KeepGoing, ..context() },
    )
    .unwrap();
    let statuses = read.model.operations[0].responses.iter().map(|response| response.status);
    assert_eq!(statuses.collect::<Vec<_>>(), [200, 400]);
    let notes: Vec<String> = read.notes.iter().map(ToString::to_string).collect();
    assert_snapshot!(notes.join("\n"), @"
    `+201` is not an HTTP status (at #/paths/~1a/get/responses/+201)
    `0202` is not an HTTP status (at #/paths/~1a/get/responses/0202)
    `+2XX` is not an HTTP status (at #/paths/~1a/get/responses/+2XX)
    ");
}

#[test]
fn fields_whose_names_look_like_values_are_required() {
    let text = schemas(
        "3.0.3",
        "    A: { required: [404, true], properties: { 404: {}, true: {}, a: {} } }",
    );
    assert_snapshot!(text, @"A: {404!: any, a: any, true!: any}");
}

#[test]
fn servers_name_a_host_in_several_ways() {
    let check = |url: &str, expected: &str| {
        let text = spec("3.0.3", "  /a: { get: { operationId: A } }", "");
        let text = text.replacen("paths:", &format!("servers: [{{ url: '{url}' }}]\npaths:"), 1);
        let model = reads(&text);
        assert_eq!(format!("{}{}", model.prefix, model.operations[0].path), expected, "{url}");
    };
    check("//host.example/v1", "/v1/a");
    check("//host.example", "/a");
    check("http://host.example/v1/", "/v1/a");
}

#[test]
fn path_items_that_are_shared_have_servers_of_their_own() {
    let text = spec(
        "3.1.0",
        "  /a: { $ref: '#/components/pathItems/x-A' }\n  /b: { get: { operationId: B } }",
        "servers: [{ url: /v1 }]\n\
         components: { pathItems: { x-A: { servers: [{ url: /v2 }], get: { operationId: A } } } }\n",
    );
    assert_snapshot!(paths_of(&text), @"
    GET /v2/a
    GET /v1/b
    ");
}

#[test]
fn forms_have_files_encodings_and_fields_of_the_answer() {
    let text = body(
        "multipart/form-data:
  schema:
    required: [id, name]
    properties:
      id: { type: string, readOnly: true }
      name: { type: string }
      file: { $ref: '#/components/schemas/Bin' }
      files: { type: array, items: { $ref: '#/components/schemas/Bin' } }
      picture: { contentMediaType: image/png }
      key: { type: string, contentMediaType: text/plain, contentEncoding: base64 }",
    );
    assert_snapshot!(parameters_of(&text), @"
    formData id: string Single Plain
    formData name!: string Single Plain
    formData file: file Single Plain
    formData files: [file] Multi Plain
    formData picture: file Single Plain
    formData key: string Single Plain
    ");

    let text = body(
        "'application/x-www-form-urlencoded; charset=utf-8':
  schema: { properties: { a: { type: array }, b: { type: array }, c: { type: string } } }
  encoding: { a: { style: form, explode: false }, c: { contentType: text/plain } }
multipart/mixed: {}",
    );
    assert_snapshot!(parameters_of(&text), @"
    formData a: [any] Csv Plain
    formData b: [any] Multi Plain
    formData c: string Single Plain
    ");
}

#[test]
fn lists_and_objects_are_known_by_their_shape() {
    let text = parameters(
        "{ name: p, in: path, required: true, schema: { type: string } }
        { name: map, in: query, style: deepObject, schema: { additionalProperties: { type: string } } }
        { name: list, in: query, schema: { allOf: [{ description: x }, { type: array }] } }",
    );
    assert_snapshot!(parameters_of(&text), @"
    path p!: string Single Plain
    query map: {*: string} Deep Plain
    query list: all(any, [any]) Multi Plain
    ");
}

#[test]
fn defaults_of_headers_are_what_is_sent() {
    let text = parameters(
        "{ name: p, in: path, required: true, schema: { type: string } }
        { name: X-List, in: header, schema: { type: array, default: [a, 1] } }
        { name: X-Null, in: header, schema: { type: string, nullable: true, default: null } }
        { name: X-Json, in: header, content: { application/json: { schema: { default: { a: 1 } } } } }
        { name: X-Text, in: header, schema: { type: string, default: 'a b' } }
        { name: X-Number, in: header, schema: { type: integer, default: 5 } }",
    );
    assert_snapshot!(parameters_of(&text), @r#"
    path p!: string Single Plain
    header X-List: [any] = "a,1" Csv Plain
    header X-Null: string? Single Plain
    header X-Json: any = {"a":1} Single Json
    header X-Text: string = "a b" Single Plain
    header X-Number: integer = 5 Single Plain
    "#);
}

#[test]
fn a_status_comes_before_its_range() {
    let text = spec(
        "3.0.3",
        "  /a:\n    get:\n      operationId: A\n      responses:\n        2XX: { content: { text/plain: {} } }\n        200: { content: { application/json: {} } }\n",
        "",
    );
    assert_eq!(reads(&text).operations[0].produces, ["application/json"]);
}

#[test]
fn schemas_that_leave_things_open() {
    assert_snapshot!(schemas("3.1.0",
        "seen: { required: [a, b, c], properties: { a: { readOnly: true }, b: { writeOnly: true }, c: { readOnly: false } } }
        never: { properties: { old: false } }
        kinds: { properties: { kind: { type: string } }, discriminator: { propertyName: kind } }
        depends: { properties: { a: { type: string } }, then: { properties: { b: {} } } }
        both: { patternProperties: { '^n-': { type: integer } }, additionalProperties: { type: string } }
        slash: { properties: { x/y: { type: integer } } }
        inner: { $ref: '#/components/schemas/slash/properties/x~1y' }
        huge: { type: integer, default: 18446744073709551616 }"), @"
    seen: {a: any, b: any, c!: any}
    never: {old: any}
    kinds: {kind: string, *}
    depends: {a: string, *}
    both: {*: any(integer, string)}
    slash: {x/y: integer}
    inner: &slash/properties/x/y
    huge: integer = 1.8446744073709552e+19
    ");
}

#[test]
fn flow_style_may_look_like_json() {
    let text = "{\"openapi\": 3.0.3, # YAML all the same\n\
        \"paths\": { \"/a\": { \"get\": { \"operationId\": A }, }, },\n}";
    assert_eq!(reads(text).operations.len(), 1);
}

#[test]
fn fields_are_required_by_another_part_than_declares_them() {
    let lines = "base: { type: object, properties: { id: { type: string }, size: { type: integer }, at: { type: string, readOnly: true } } }
        part: { allOf: [{ $ref: '#/components/schemas/base' }, { required: [id, at, nowhere] }] }
        around: { required: [id, own], allOf: [{ $ref: '#/components/schemas/base' }, { properties: { own: { type: boolean } } }] }
        deep: { allOf: [{ $ref: '#/components/schemas/part' }, { required: [size] }] }
        own: { allOf: [{ required: [a], properties: { a: {} } }] }
        ring: { allOf: [{ $ref: '#/components/schemas/ring' }, { required: [x] }] }
        beside: { $ref: '#/components/schemas/base', required: [id] }
        beside2: { $ref: '#/components/schemas/base', required: [id, b], properties: { b: {} } }";
    assert_snapshot!(schemas("3.1.0", lines), @"
    base: {at: string, id: string, size: integer}
    part: all(&base, any, {id!: string})
    around: all(&base, {own: boolean}, {id!: string, own!: boolean})
    deep: all(&part, any, {size!: integer})
    own: all({a!: any})
    ring: all(&ring, any)
    beside: all(&base, {id!: string})
    beside2: all(&base, {b!: any}, {id!: string})
    ");
}
