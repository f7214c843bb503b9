//! Bodies that look otherwise with each media type they may have: what is told of them.

mod command;

use std::path::Path;

use command::{contajners, told};
use contajners_core::Pack;
use contajners_fetch_api::lower;
use contajners_fetch_api::model::Engine;
use contajners_fetch_api::spec::{Context, read};

/// `tags` and `deep` are of the second version only.
fn spec(is_second: bool) -> String {
    let (mut form, mut values) = ("", "");
    if is_second {
        (form, values) = (", tags: { type: string }", ", list, map");
    }
    format!(
        "openapi: 3.0.3
paths:
  /jobs:
    post:
      operationId: JobCreate
      requestBody:
        required: true
        content:
          text/plain: {{ schema: {{ type: string }} }}
          application/json:
            schema:
              type: object
              required: [name]
              properties:
                name: {{ type: string }}
                kind: {{ type: string, enum: [text{values}] }}{form_json}
          application/x-www-form-urlencoded:
            schema: {{ type: object, properties: {{ name: {{ type: string }}{form} }} }}
      responses: {{ \"204\": {{ description: done }} }}
",
        form_json = if is_second {
            "\n                deep: { type: object, properties: { x: { type: integer } } }"
        } else {
            ""
        },
    )
}

fn pack() -> Vec<u8> {
    let model = |version: &str, is_second| {
        read(spec(is_second).as_bytes(), &Context::new(version)).unwrap().model
    };
    let engine = Engine { name: "toy".into(), ..Engine::default() };
    lower::pack(&engine, &[model("v1", false), model("v2", true)]).unwrap()
}

#[test]
fn all_media_types_are_told_of() {
    let room = tempfile::tempdir().unwrap();
    std::fs::write(room.path().join("toy.postcard"), pack()).unwrap();
    let run = |packs: &Path, words: &[&str]| {
        let output = contajners(words).env("CONTAJNERS_PACKS", packs).output().unwrap();
        format!("$ contajners {}\n{}", words.join(" "), told(&output))
    };
    let lines: &[&[&str]] = &[
        &["doc", "toy", "JobCreate"],
        &["doc", "toy@v1", "JobCreate", "-o", "json"],
        &["explain", "toy", "JobCreate.name"],
        &["explain", "toy", "JobCreate.deep.x"],
        &["explain", "toy", "JobCreate.tags"],
        &["explain", "toy@v1", "JobCreate.tags"],
        &["diff", "toy", "v1", "v2"],
        &["diff", "toy", "v2", "v1", "JobCreate"],
        &["check", "toy@v1", "JobCreate", "-d", "{\"deep\":{\"x\":1},\"kind\":\"map\"}"],
    ];
    let text: Vec<String> = lines.iter().map(|words| run(room.path(), words)).collect();
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("media_types", text.join("\n\n"));
    });
}

#[test]
fn schemas_stand_at_their_media_types() {
    let bytes = pack();
    let pack = Pack::open(&bytes).unwrap();
    let body = pack.api("v2").unwrap().operation("JobCreate").unwrap().body().unwrap();
    let all: Vec<(&str, &str)> =
        body.schemas().map(|(name, schema)| (name, schema.type_name())).collect();
    assert_eq!(
        all,
        [
            ("text/plain", "string"),
            ("application/json", "object"),
            ("application/x-www-form-urlencoded", "object"),
        ]
    );
    let one = contajners::pack("docker").unwrap().newest().unwrap();
    let body = one.operation("ContainerCreate").unwrap().body().unwrap();
    assert_eq!(body.schemas().count(), 0);
}
