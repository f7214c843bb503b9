//! Prints what specs say, one JSON object per operation, to compare it with other readings.
//!
//! `cargo run -p contajners-fetch-api --example dump -- docker/v1.41.yaml …`

use contajners_fetch_api::model::Schema;
use contajners_fetch_api::spec::{Context, Prose, read};
use serde_json::json;

fn main() {
    for file in std::env::args().skip(1) {
        let text = std::fs::read(&file).expect("a readable file");
        let context = Context { prose: Prose::Keep, ..Context::new(&*file) };
        let model = match read(&text, &context) {
            Ok(read) => read.model,
            Err(error) => {
                for line in error.lines() {
                    eprintln!("{file}: {line}");
                }
                continue;
            }
        };
        for operation in &model.operations {
            let parameters: Vec<_> = operation
                .parameters
                .iter()
                .map(|parameter| {
                    json!({
                        "name": parameter.name,
                        "in": format!("{:?}", parameter.location).to_lowercase(),
                        "required": parameter.required,
                        "type": kind(&parameter.schema),
                        "default": parameter.schema.default,
                        "enum": parameter.schema.members,
                        "list": format!("{:?}", parameter.style),
                        "encoding": format!("{:?}", parameter.encoding),
                        "description": parameter.description,
                    })
                })
                .collect();
            let responses: Vec<_> = operation
                .responses
                .iter()
                .map(|response| json!([response.status, response.schema.as_ref().map(kind)]))
                .collect();
            let line = json!({
                "file": file,
                "prefix": model.prefix,
                "definitions": model.definitions.len(),
                "id": operation.id,
                "method": format!("{:?}", operation.method).to_uppercase(),
                "path": operation.path,
                "parameters": parameters,
                "body": operation.body.as_ref().map(|body| json!({
                    "required": body.required,
                    "type": kind(&body.schema),
                    "media_types": body.media_types,
                })),
                "produces": operation.produces,
                "responses": responses,
                "answer": format!("{:?}", operation.answer),
                "summary": operation.summary,
                "description": operation.description,
            });
            println!("{line}");
        }
    }
}

fn kind(schema: &Schema) -> String {
    let text = format!("{:?}", schema.kind);
    let end = text.find([' ', '{', '(']).unwrap_or(text.len());
    let mut name = text[..end].to_lowercase();
    if name == "ref" {
        name = text.to_lowercase();
    }
    if !schema.format.is_empty() {
        name.push(':');
        name.push_str(&schema.format);
    }
    name
}
