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
