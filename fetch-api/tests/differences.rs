//! From two made-up versions of a spec to what is told of their differences.

use contajners_core::{Change, Pack};
use contajners_fetch_api::lower;
use contajners_fetch_api::model::Engine;
use contajners_fetch_api::spec::{Context, read};

const OLD: &str = r#"openapi: 3.0.3
paths:
  /things/{id}:
    put:
      operationId: ThingPut
      requestBody:
        content:
          application/json:
            schema:
              type: object
              properties:
                any: { type: object }
                closed: { type: object, additionalProperties: false }
                labels: { type: object, additionalProperties: { type: string } }
                open: { type: object, additionalProperties: true }
                wrapped: { type: object, additionalProperties: { type: string } }
      responses:
        "200": { description: x, content: { application/json: { schema: { type: string } } } }
        "202": { description: x }
"#;

const NEW: &str = r#"openapi: 3.0.3
paths:
  /things/{id}/state:
    post:
      operationId: ThingPut
      requestBody:
        content:
          application/json:
            schema:
              type: object
              properties:
                any: { type: object, additionalProperties: false }
                closed: { type: object }
                labels: { type: object, additionalProperties: true }
                open: { type: object, additionalProperties: { type: integer, format: int64 } }
                wrapped: { allOf: [{ type: object, additionalProperties: { type: string } }] }
      responses:
        "200": { description: x }
        "202": { description: x, content: { application/json: { schema: { type: string } } } }
"#;

fn pack(specs: &[&str]) -> Vec<u8> {
    let read = |(number, spec): (usize, &&str)| {
        let context = Context::new(format!("v{}", number + 1));
        read(spec.as_bytes(), &context).unwrap().model
    };
    let models: Vec<_> = specs.iter().enumerate().map(read).collect();
    let engine = Engine { name: "toy".into(), ..Engine::default() };
    lower::pack(&engine, &models).unwrap()
}

#[test]
fn what_moves_closes_opens_and_falls_silent_is_told() {
    let bytes = pack(&[OLD, NEW]);
    let pack = Pack::open(&bytes).unwrap();
    let (old, new) = (pack.api("v1").unwrap(), pack.api("v2").unwrap());
    let line = |change: &Change| {
        let mark = if change.is_breaking() { " !" } else { "" };
        format!("{}: {}: {}{mark}", change.place, change.kind.code(), change.kind)
    };
    let changes = old.diff_of(new, "ThingPut").unwrap();
    let told: Vec<String> = changes.iter().map(line).collect();
    assert_eq!(
        told,
        [
            "operation: moved: moved from PUT /things/{id} to POST /things/{id}/state !",
            "body /any/*: removed: removed !",
            "body /closed/*: added: added",
            "body /labels/*: type: string → any !",
            "body /open/*: type: any → integer (int64) !",
            "answer 200: body-removed: has a body no longer !",
            "answer 202: body-added: has a body now",
        ]
    );
    // Of whole APIs that is one that went, and one that came.
    let whole: Vec<&str> = old.diff(new).iter().map(|change| change.kind.code()).collect();
    assert_eq!(whole, ["removed", "added"]);
}

/// A spec whose body has these fields.
fn with_fields(fields: &str) -> String {
    let fields: String =
        fields.lines().map(|line| format!("                {}\n", line.trim())).collect();
    format!(
        "openapi: 3.0.3
paths:
  /things:
    put:
      operationId: ThingPut
      requestBody:
        content:
          application/json:
            schema:
              type: object
              properties:
{fields}components:
  schemas:
    Text: {{ type: string }}
    Lid: {{ type: object, properties: {{ a: {{ type: string }} }} }}
    Cat: {{ type: object, properties: {{ lives: {{ type: integer }} }} }}
    Dog: {{ type: object, properties: {{ bark: {{ type: boolean }} }} }}
"
    )
}

#[track_caller]
fn fields_differ(old: &str, new: &str, expected: &[&str]) {
    let bytes = pack(&[&with_fields(old), &with_fields(new)]);
    let pack = Pack::open(&bytes).unwrap();
    let [old, new] = ["v1", "v2"].map(|version| pack.api(version).unwrap());
    let told = |from: contajners_core::Api<'_>, to| -> Vec<String> {
        from.diff(to).iter().map(|change| format!("{}: {}", change.place, change.kind)).collect()
    };
    assert_eq!(told(old, new), expected);
    for same in [old, new] {
        assert_eq!(told(same, same), Vec::<String>::new());
    }
}

/// A part that is there for its example, or an `allOf` of what is no object, hides nothing.
#[test]
fn what_stands_in_parts_is_compared() {
    fields_differ(
        "mode: { allOf: [{ type: string, enum: [boil, warm] }, { example: boil }] }
         level: { allOf: [{ type: string }, { description: high }] }
         tags: { allOf: [{ description: some }, { type: array, items: { type: string } }] }
         both: { allOf: [{ type: string, enum: [a, b] }, { type: string, format: date }] }
         lone: { allOf: [{ $ref: '#/components/schemas/Text' }, { example: x }] }",
        "mode: { allOf: [{ type: string, enum: [boil] }, { example: boil }] }
         level: { allOf: [{ type: integer }, { description: high }] }
         tags: { allOf: [{ description: some }, { type: array, items: { type: integer } }] }
         both: { allOf: [{ type: string, enum: [a] }, { type: string, format: date }] }
         lone: { $ref: '#/components/schemas/Text' }",
        &[
            "body /both: takes \"b\" no longer",
            "body /level: string → integer",
            "body /mode: takes \"warm\" no longer",
            "body /tags/*: string → integer",
        ],
    );
}

#[test]
fn alternatives_beside_fields_are_compared() {
    fields_differ(
        "water: { type: object, properties: { litres: { type: number } }, oneOf: [{ properties: { tap: { type: string } } }, { properties: { rain: { type: string } } }] }",
        "water: { type: object, properties: { litres: { type: number } }, oneOf: [{ properties: { tap: { type: integer } } }, { properties: { rain: { type: string } } }] }",
        &["body /water/tap: string → integer"],
    );
}

/// What may be one thing is that thing, and the order of several says nothing.
#[test]
fn alternatives_are_the_same_in_any_order() {
    fields_differ(
        "lid: { $ref: '#/components/schemas/Lid' }
         one: { type: string }
         two: { oneOf: [{ type: string }, { type: integer }] }
         pet: { anyOf: [{ $ref: '#/components/schemas/Cat' }, { $ref: '#/components/schemas/Dog' }, { type: string }] }",
        "lid: { oneOf: [{ $ref: '#/components/schemas/Lid' }] }
         one: { anyOf: [{ type: string }] }
         two: { oneOf: [{ type: integer }, { type: string }] }
         pet: { anyOf: [{ type: boolean }, { $ref: '#/components/schemas/Dog' }, { $ref: '#/components/schemas/Cat' }] }",
        &["body /pet: string → boolean"],
    );
}
