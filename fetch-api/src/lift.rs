//! The way back from a pack to models: versions that a run does not compile are taken from the
//! pack that is there, so that it never loses one.

use contajners_core as core;
use contajners_core::{Api, Pack, SchemaKind};

use crate::model::{
    Additional, Body, Engine, Kind, Model, Negotiation, Object, Operation, Parameter, Response,
    Schema,
};

/// Schemas nested deeper than this are cut off; a sound pack holds none.
const DEPTH_LIMIT: usize = 256;

/// Returns what a pack says of its engine.
pub fn engine(pack: &Pack<'_>) -> Engine {
    Engine {
        name: pack.engine().to_owned(),
        addresses: pack.addresses().map(str::to_owned).collect(),
        negotiation: pack
            .ping()
            .map(|(ping, header)| Negotiation { ping: ping.to_owned(), header: header.to_owned() }),
    }
}

/// Returns the models of all versions in a pack, oldest first.
///
/// They are what the pack was compiled from, less the prose; compiling them again gives the
/// same bytes.
pub fn models(pack: &Pack<'_>) -> Vec<Model> {
    pack.apis().map(model).collect()
}

fn model(api: Api<'_>) -> Model {
    Model {
        version: api.version().to_owned(),
        prefix: api.prefix_template().to_owned(),
        doc_url: api.doc_url_template().to_owned(),
        namespaces: api.namespaces().map(str::to_owned).collect(),
        operations: api.operations().map(operation).collect(),
        definitions: api
            .definitions()
            .map(|(name, of)| (name.to_owned(), schema(of, DEPTH_LIMIT)))
            .collect(),
    }
}

fn operation(operation: core::Operation<'_>) -> Operation {
    Operation {
        id: operation.id().to_owned(),
        method: operation.method(),
        path: operation.path().to_owned(),
        parameters: operation.parameters().map(parameter).collect(),
        body: operation.body().map(|body| Body {
            required: body.required(),
            schema: schema(body.schema(), DEPTH_LIMIT),
            media_types: body.media_types().map(str::to_owned).collect(),
        }),
        produces: operation.produces().map(str::to_owned).collect(),
        responses: operation.responses().map(response).collect(),
        answer: operation.answer(),
        summary: String::new(),
        description: String::new(),
    }
}

fn parameter(parameter: core::Parameter<'_>) -> Parameter {
    Parameter {
        name: parameter.name().to_owned(),
        location: parameter.location(),
        required: parameter.required(),
        schema: schema(parameter.schema(), DEPTH_LIMIT),
        style: parameter.style(),
        encoding: parameter.encoding(),
        description: String::new(),
    }
}

fn response(response: core::Response<'_>) -> Response {
    Response {
        status: response.status().unwrap_or(0),
        schema: response.schema().map(|of| schema(of, DEPTH_LIMIT)),
        headers: response
            .headers()
            .map(|(name, of)| (name.to_owned(), schema(of, DEPTH_LIMIT)))
            .collect(),
    }
}

fn schema(of: core::Schema<'_>, depth: usize) -> Schema {
    let Some(depth) = depth.checked_sub(1) else { return Schema::any() };
    let child = |of| schema(of, depth);
    let parts = || of.parts().map(child).collect();
    let kind = match of.kind() {
        SchemaKind::String => Kind::String,
        SchemaKind::Integer => Kind::Integer,
        SchemaKind::Number => Kind::Number,
        SchemaKind::Boolean => Kind::Boolean,
        SchemaKind::Null => Kind::Null,
        SchemaKind::File => Kind::File,
        SchemaKind::Array => Kind::Array(Box::new(of.items().map_or_else(Schema::any, child))),
        SchemaKind::Object => Kind::Object(Object {
            properties: of
                .properties()
                .map(|property| {
                    (property.name.to_owned(), (child(property.schema), property.required))
                })
                .collect(),
            additional: match of.additional() {
                core::Additional::Forbidden => Additional::Forbidden,
                core::Additional::Any => Additional::Any,
                core::Additional::Schema(of) => Additional::Schema(Box::new(child(of))),
                _ => Additional::Unsaid,
            },
        }),
        SchemaKind::AllOf => Kind::AllOf(parts()),
        SchemaKind::OneOf => Kind::OneOf(parts()),
        SchemaKind::AnyOf => Kind::AnyOf(parts()),
        SchemaKind::Ref => Kind::Ref(of.definition().unwrap_or_default().to_owned()),
        _ => Kind::Any,
    };
    Schema {
        kind,
        format: of.format().unwrap_or_default().to_owned(),
        members: of.members().map(str::to_owned).collect(),
        default: of.default().map(str::to_owned),
        nullable: of.nullable(),
    }
}
