//! From a made-up spec of OpenAPI 3 to the requests that calls become.

use contajners_core::{Body, ChangeKind, Pack, RequestContent, Value};
use contajners_fetch_api::model::Engine;
use contajners_fetch_api::spec::{Context, read};
use contajners_fetch_api::{lift, lower};
use serde_json::{Value as Json, json};

const SPEC: &str = r##"openapi: 3.0.3
servers: [{ url: "http://localhost/api" }]
paths:
  /find:
    get:
      parameters:
        - { name: filter, in: query, style: deepObject, schema: { type: object } }
        - { name: page, in: query, schema: { type: object, properties: { size: { type: integer } } } }
        - { name: tag, in: query, schema: { type: array, items: { type: string } } }
        - { name: id, in: query, explode: false, schema: { type: array, items: { type: integer } } }
        - { name: maybe, in: query, schema: { oneOf: [{ $ref: "#/components/schemas/List" }] } }
        - { name: either, in: query, schema: { oneOf: [{ type: array, items: { type: string } }, { type: integer }] } }
        - { name: query, in: query, content: { application/json: { schema: { type: object } } } }
  /jobs/{id}:
    post:
      requestBody:
        content:
          application/x-tar: { schema: { type: string, format: binary } }
          application/json: { schema: { type: object } }
  /form:
    post:
      requestBody:
        required: true
        content:
          application/x-www-form-urlencoded:
            schema: { type: object, required: [name], properties: { name: { type: string }, a: { type: integer } } }
  /upload:
    post:
      requestBody:
        required: true
        content:
          multipart/form-data:
            schema: { type: object, properties: { name: { type: string } } }
  /parts:
    post:
      requestBody:
        content:
          application/x-www-form-urlencoded:
            schema:
              allOf:
                - { $ref: "#/components/schemas/Named" }
                - { allOf: [{ properties: { b: { type: array, items: { type: string } }, name: { type: boolean } } }] }
                - { required: [b] }
  "/codes/{code:[a-z]{2}}/{n}":
    get: {}
  /some/{ids}:
    get:
      parameters:
        - { name: ids, in: path, required: true, schema: { type: array, items: { type: string } } }
    put:
      requestBody:
        content:
          application/json:
            schema:
              type: object
              properties:
                one: { oneOf: [{ type: integer }, { type: array, items: { type: string } }] }
  /pets:
    post:
      requestBody:
        content:
          application/json:
            schema: { type: object, properties: { pet: { oneOf: [{ $ref: "#/components/schemas/toy.Cat" }, { $ref: "#/components/schemas/toy.Dog" }] } } }
  /whole:
    put:
      parameters:
        - { name: names, in: query, required: true, schema: { type: array, items: { type: string } } }
      requestBody:
        content:
          application/json:
            schema:
              type: object
              properties:
                wrapped: { allOf: [{ $ref: "#/components/schemas/Mode" }] }
                twice: { allOf: [{ $ref: "#/components/schemas/Mode" }, { example: boil }] }
                lists: { allOf: [{ $ref: "#/components/schemas/List" }] }
                sort:
                  oneOf:
                    - { type: object, additionalProperties: false, properties: { x: { type: string, enum: [a] } } }
                    - type: object
                      additionalProperties: false
                      properties: { x: { type: integer }, k: { type: boolean }, l: { type: boolean }, m: { type: boolean } }
  /loop/{kind}:
    put:
      requestBody:
        content: { application/json: { schema: { $ref: "#/components/schemas/One" } } }
    post:
      requestBody:
        content: { application/json: { schema: { $ref: "#/components/schemas/All" } } }
    patch:
      requestBody:
        content: { application/json: { schema: { $ref: "#/components/schemas/Inside" } } }
components:
  schemas:
    List: { type: array, items: { type: string } }
    Mode: { type: string, enum: [boil, warm] }
    toy.Cat: { type: object, required: [lives], properties: { lives: { type: integer }, "fur.colour": { type: string }, fur: { type: boolean } } }
    toy.Dog: { type: object, required: [bark], properties: { bark: { type: boolean } } }
    Named: { type: object, required: [name], properties: { name: { type: string } } }
    One: { oneOf: [{ $ref: "#/components/schemas/One" }, { type: integer }] }
    All: { allOf: [{ $ref: "#/components/schemas/All" }, { $ref: "#/components/schemas/One" }] }
    Inside:
      anyOf:
        - { type: array, items: { $ref: "#/components/schemas/Inside" } }
        - { type: object, properties: { a: { $ref: "#/components/schemas/All" } } }
        - { $ref: "#/components/schemas/Inside" }
"##;

fn pack() -> Vec<u8> {
    let model = read(SPEC.as_bytes(), &Context::new("v1")).unwrap().model;
    let engine = Engine { name: "toy".into(), ..Engine::default() };
    let bytes = lower::pack(&engine, std::slice::from_ref(&model)).unwrap();
    let pack = Pack::open(&bytes).unwrap();
    pack.verify().unwrap();
    let mut sorted = model;
    sorted.operations.sort_by(|a, b| (&a.path, a.method).cmp(&(&b.path, b.method)));
    assert_eq!(lift::models(&pack).unwrap(), [sorted]);
    bytes
}

/// A request in lines.
fn call(operation: &str, values: &Json, body: Body<'_>) -> Result<String, String> {
    let bytes = pack();
    let api = Pack::open(&bytes).unwrap().newest().unwrap();
    let values: Vec<(&str, &dyn Value)> =
        values.as_object().unwrap().iter().map(|(name, value)| (&**name, value as _)).collect();
    let request = api.operation(operation).unwrap().resolve(&values, body);
    let request = request.map_err(|error| error.to_string())?;
    let headers: String =
        request.headers().map(|(name, value)| format!(" {name}: {value}")).collect();
    let body = match request.content() {
        RequestContent::Nothing => String::new(),
        RequestContent::Text(text) => format!(" {text}"),
        _ => " (bytes)".to_owned(),
    };
    Ok(format!("{} {}{headers}{body}", request.method(), request.target()))
}

#[track_caller]
fn check(operation: &str, values: &Json, body: Body<'_>, expected: &str) {
    assert_eq!(call(operation, values, body).as_deref(), Ok(expected));
}

#[test]
fn objects_and_lists_are_written_as_their_styles_say() {
    let find = |values: Json, expected: &str| check("getFind", &values, Body::Nothing, expected);
    find(
        json!({ "filter": { "a b": "x&y", "deep": { "c": 1 }, "list": [1, true], "none": null } }),
        "GET /api/find?filter%5Ba%20b%5D=x%26y&filter%5Bdeep%5D=%7B%22c%22:1%7D\
         &filter%5Blist%5D=1&filter%5Blist%5D=true",
    );
    find(json!({ "page": { "after": "z", "size": 5 } }), "GET /api/find?after=z&size=5");
    find(json!({ "filter": "text" }), "GET /api/find?filter=text");
    find(json!({ "id": [1, 2], "tag": ["a", "b"] }), "GET /api/find?id=1,2&tag=a&tag=b");
    find(json!({ "maybe": ["a", "b"] }), "GET /api/find?maybe=a&maybe=b");
    find(json!({ "either": ["a", "b"] }), "GET /api/find?either=a&either=b");
    find(json!({ "either": 5 }), "GET /api/find?either=5");
    find(json!({ "query": { "x": [1] } }), "GET /api/find?query=%7B%22x%22:%5B1%5D%7D");
}

/// A list without anything in it leaves no trace in a query.
#[test]
fn an_empty_list_is_no_value_of_a_required_parameter() {
    let whole = |values: Json| call("putWhole", &values, Body::Nothing);
    let missing = "`putWhole` needs the query parameter `names`";
    assert_eq!(whole(json!({})).unwrap_err(), missing);
    assert_eq!(whole(json!({ "names": [] })).unwrap_err(), missing);
    assert_eq!(whole(json!({ "names": [""] })).unwrap(), "PUT /api/whole?names=");
}

/// Texts and lists in an `allOf` are that, and no objects.
#[test]
fn what_is_wrapped_keeps_its_type() {
    let bytes = pack();
    let operation = Pack::open(&bytes).unwrap().newest().unwrap().operation("putWhole").unwrap();
    let check = |body: Json| -> Vec<_> {
        let told = operation.check_body(&body).into_iter();
        told.map(|one| (one.pointer().to_owned(), one.code(), one.hint().map(|it| it.to_string())))
            .collect()
    };
    let wrong = |pointer: &str| vec![(pointer.to_owned(), "wrong-type", None)];
    for value in [json!({ "a": 1 }), json!(5)] {
        for field in ["wrapped", "twice", "lists"] {
            assert_eq!(check(json!({ field: value })), wrong(&format!("/{field}")), "{value}");
        }
    }
    assert_eq!(check(json!({ "wrapped": "boil", "twice": "warm", "lists": ["a"] })), []);
    assert_eq!(check(json!({ "twice": "x" }))[0].1, "unknown-value");
    // What another alternative takes is no version that takes it.
    let body = json!({ "sort": { "x": "t", "k": true, "l": true, "m": true } });
    assert_eq!(check(body), wrong("/sort/x"));
}

#[test]
fn a_list_in_a_path_is_one_segment() {
    let some = |ids: Json| call("getSomeByIds", &json!({ "ids": ids }), Body::Nothing);
    assert_eq!(some(json!(["a", "b/c"])).unwrap(), "GET /api/some/a%2Cb%2Fc");
    assert_eq!(some(json!("a")).unwrap(), "GET /api/some/a");
    let empty = "parameter `ids` of `getSomeByIds` is empty";
    assert_eq!(some(json!([])).unwrap_err(), empty);
    assert_eq!(some(json!([""])).unwrap_err(), empty);
}

/// What is told of alternatives is about the one that is of the value's type.
#[test]
fn alternatives_are_judged_by_the_type_of_the_value() {
    let bytes = pack();
    let operation =
        Pack::open(&bytes).unwrap().newest().unwrap().operation("putSomeByIds").unwrap();
    let check = |one: Json| -> Vec<String> {
        let body = json!({ "one": one });
        operation.check_body(&body).iter().map(ToString::to_string).collect()
    };
    assert_eq!(check(json!(["a"])), Vec::<String>::new());
    assert_eq!(
        check(json!(["a", 1])),
        ["field `/one/1` of `putSomeByIds` in toy v1 is text; a number was given"]
    );
    assert_eq!(
        check(json!(true)),
        [
            "field `/one` of `putSomeByIds` in toy v1 is integer or array of string; a boolean was given"
        ]
    );
}

/// A version that has a field somewhere else among the alternatives is no hint.
#[test]
fn no_hint_leads_to_the_version_that_is_spoken() {
    let bytes = pack();
    let operation = Pack::open(&bytes).unwrap().newest().unwrap().operation("postPets").unwrap();
    let findings = operation.check_body(&json!({ "pet": { "lives": 9, "bark": true } }));
    let told: Vec<_> = findings.iter().map(|one| (one.to_string(), one.hint())).collect();
    assert_eq!(told, [("unknown field `/pet/bark` of `postPets` in toy v1".to_owned(), None)]);
}

#[test]
fn names_may_have_dots() {
    let bytes = pack();
    let api = Pack::open(&bytes).unwrap().newest().unwrap();
    let explained = |path: &str| api.explain(path).unwrap().schema.label().into_owned();
    assert_eq!(explained("toy.Cat"), "object");
    assert_eq!(explained("toy.Cat.lives"), "integer");
    assert_eq!(explained("toy.Cat.fur.colour"), "string");
    assert_eq!(explained("postPets.pet.fur"), "boolean");
    assert_eq!(explained("postPets.pet.fur.colour"), "string");
    let error = api.explain("toy.Cow.lives").unwrap_err();
    assert_eq!(error.to_string(), "there is no operation and no definition `toy` in toy v1");
}

#[test]
fn a_body_goes_by_its_media_type() {
    let id = json!({ "id": "a" });
    let object = json!({ "n": 1 });
    let post = "POST /api/jobs/a Content-Type:";
    let value = Body::Value(&object);
    check("postJobsById", &id, value, &format!("{post} application/json {{\"n\":1}}"));
    check("postJobsById", &id, Body::Bytes, &format!("{post} application/x-tar (bytes)"));
    let bytes = pack();
    let api = Pack::open(&bytes).unwrap().newest().unwrap();
    let body = api.operation("postJobsById").unwrap().body().unwrap();
    assert!(body.is_by_media_type());
    assert_eq!(body.schema().format(), Some("binary"));
    assert_eq!(body.schema_for("application/json").type_name(), "object");
    assert_eq!(body.json_schema().unwrap().type_name(), "object");
    assert_eq!(body.schema_for("text/plain").format(), Some("binary"));
}

/// Braces within a placeholder are of its pattern.
#[test]
fn patterns_of_placeholders_may_have_braces() {
    let bytes = pack();
    let api = Pack::open(&bytes).unwrap().newest().unwrap();
    let codes = api.operations().find(|operation| operation.path().starts_with("/codes"));
    let values = json!({ "code": "de", "n": "1" });
    check(codes.unwrap().id(), &values, Body::Nothing, "GET /api/codes/de/1");
}

#[test]
fn the_fields_of_a_form_are_parameters() {
    let form = "POST /api/form Content-Type: application/x-www-form-urlencoded";
    let fields = json!({ "a": 2, "name": "a b" });
    check("postForm", &fields, Body::Nothing, &format!("{form} a=2&name=a%20b"));
    check("postForm", &json!({}), Body::Bytes, &format!("{form} (bytes)"));
    let missing = call("postForm", &json!({ "a": 2 }), Body::Nothing).unwrap_err();
    assert!(missing.contains("`postForm` needs the"), "{missing}");
    let upload = call("postUpload", &json!({ "name": "x" }), Body::Nothing).unwrap();
    let multipart = "POST /api/upload Content-Type: multipart/form-data; boundary=contajners";
    assert!(upload.starts_with(multipart), "{upload}");
    let nothing = call("postUpload", &json!({}), Body::Nothing).unwrap_err();
    assert!(nothing.contains("needs a body"), "{nothing}");
    let both = call("postForm", &fields, Body::Bytes).unwrap_err();
    let told = "parameter `a` of `postForm` goes into the body, which is given as a whole";
    assert_eq!(both, told);
    let object = json!({ "name": "x" });
    let value = call("postForm", &json!({}), Body::Value(&object)).unwrap_err();
    let told = "the body of `postForm` is application/x-www-form-urlencoded; an object was given";
    assert_eq!(value, told);
    let text = json!("name=x");
    check("postForm", &json!({}), Body::Value(&text), &format!("{form} name=x"));
    let parts = "POST /api/parts Content-Type: application/x-www-form-urlencoded";
    let fields = json!({ "b": ["x", "y"], "name": "n" });
    check("postParts", &fields, Body::Nothing, &format!("{parts} b=x&b=y&name=n"));
    let missing = call("postParts", &json!({ "name": "n" }), Body::Nothing).unwrap_err();
    assert!(missing.contains("needs the formData parameter `b`"), "{missing}");
    // A form that need not be there needs no field.
    check("postParts", &json!({}), Body::Nothing, "POST /api/parts");
    let missing = call("postForm", &json!({}), Body::Nothing).unwrap_err();
    assert!(missing.contains("needs the formData parameter `name`"), "{missing}");
}

/// Definitions that are a part of themselves say nothing in the end, and are followed only so far.
#[test]
fn definitions_that_hold_themselves_end() {
    let work = || {
        let bytes = pack();
        let api = Pack::open(&bytes).unwrap().newest().unwrap();
        for id in ["putLoopByKind", "postLoopByKind", "patchLoopByKind"] {
            let operation = api.operation(id).unwrap();
            for body in [json!("x"), json!(1), json!([[["x"]]]), json!({ "a": { "a": [1] } })] {
                let found = operation.check_body(&body).len();
                assert!(found <= 100, "{id} {body}: {found}");
            }
            // Nothing is different; that there is no end to be looked for may be told.
            let changes = api.diff_of(api, id).unwrap();
            assert!(changes.iter().all(|change| change.kind == ChangeKind::Incomplete), "{id}");
        }
        assert!(api.explain("One.a").is_err());
    };
    // Far less than a thread has by itself.
    let small = std::thread::Builder::new().stack_size(512 << 10);
    small.spawn(work).unwrap().join().unwrap();
}
