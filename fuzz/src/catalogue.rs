//! Asking a pack everything there is to ask.

use std::collections::BTreeMap;

use contajners_core::{
    Additional, Api, Body, Negotiation, Operation, Pack, Schema, SchemaHistory, Value, negotiate,
};
use serde_json::{Value as Json, json};

/// How many of a kind are asked, where a pack may lie about their number.
const MOST: usize = 8;

/// Asks about all of a pack, within bounds. Whatever the pack holds, this comes to an end.
pub fn walk(pack: Pack<'_>) {
    let _ = (pack.engine(), pack.addresses().count(), pack.ping(), format!("{pack:?}"));
    let _ = (pack.version_rule(), pack.error_pointers().count(), pack.operation_ids().count());
    let _ = (pack.operation_history("Get").to_string(), pack.waiter_history("ready").is_all());
    versions(pack);
    let body = json!({"Name": 1, "Kind": "x", "Inner": {"Nest": [[[]], 1]}, "State": "running"});
    let apis: Vec<_> = pack.apis().take(2).collect();
    for api in &apis {
        walk_api(*api, &body);
    }
    if let (Some(first), Some(last)) = (apis.first(), apis.last()) {
        for change in first.diff(*last).iter().take(MOST) {
            let _ = (format!("{change:?}"), change.is_breaking(), change.kind.code());
        }
        let _ = first.diff_of(*last, "Get").map(|changes| changes.len());
    }
}

fn versions(pack: Pack<'_>) {
    for version in pack.versions().take(MOST) {
        let _ = pack.api(version).is_ok();
    }
    let _ = (pack.api("v9.9").map_err(|error| (error.code(), error.hint())).is_ok(), pack.newest());
    let negotiation = Negotiation::new(pack);
    let _ = (negotiation.request(), negotiation.unasked(), negotiation.header());
    let _ = negotiate(pack, Some("1.1")).map_err(|error| (error.code(), error.hint())).is_ok();
}

fn walk_api(api: Api<'_>, body: &Json) {
    let _ = (api.version(), api.prefix_template(), api.doc_url_template());
    let _ = (api.namespaces().count(), api.categories().len(), format!("{api:?}"));
    for name in ["Get", "get things", "Nonesuch", ""] {
        let _ = api.operation(name).map_err(|error| (error.code(), error.to_string())).is_ok();
        let _ = api.category(name).map(|operations| operations.len());
    }
    for path in ["Thing.Inner.Nest.0", "Get/Either/Thing", "Map.*.y"] {
        match api.explain(path) {
            Ok(explanation) => history(&explanation.history),
            Err(error) => drop((error.code(), error.to_string(), error.hint().is_some())),
        }
    }
    for (name, schema) in api.definitions().take(MOST) {
        shape(schema, 2);
        let _ = name;
    }
    for waiter in api.waiters().take(MOST) {
        let _ = (waiter.name(), waiter.operation().is_ok(), waiter.every(), waiter.within());
        let _ = (waiter.parameters().count(), waiter.conditions().take(MOST).count());
        let _ = (waiter.resolve(&[("id", &"x")]).is_ok(), waiter.history().to_string());
        let _ = (waiter.judge(200, Some(body)), waiter.judge(404, None), waiter.seen(body));
        waiter.tell(body, &mut |_| {});
    }
    for operation in api.operations().take(MOST) {
        walk_operation(operation, body);
    }
}

fn walk_operation(operation: Operation<'_>, body: &Json) {
    let _ = (operation.id(), operation.category(), operation.doc_url(), operation.ids().len());
    let _ = (operation.answer(), operation.history().to_string(), format!("{operation:?}"));
    let _ = (operation.produces().count(), operation.parameter_history("a").since());
    let mut values: BTreeMap<&str, Json> = BTreeMap::new();
    for parameter in operation.parameters().take(MOST) {
        shape(parameter.schema(), 1);
        let _ = (parameter.history().ranges().count(), parameter.style(), parameter.encoding());
        history(&parameter.schema_history());
        values.insert(parameter.name(), json!("1"));
    }
    for response in operation.responses().take(MOST) {
        response.schema().into_iter().for_each(|schema| shape(schema, 2));
        response.headers().take(MOST).for_each(|(_, schema)| shape(schema, 1));
        let _ = operation.check_answer(response.status().unwrap_or(200), body);
    }
    if let Some(accepted) = operation.body() {
        shape(accepted.schema(), 2);
        accepted.schemas().take(MOST).for_each(|(_, schema)| shape(schema, 1));
        let _ = (accepted.media_types().count(), accepted.json_schema().is_some());
        history(&operation.body_history());
    }
    for finding in operation.check_body(body) {
        let _ = (finding.to_string(), finding.code(), finding.hint().is_some());
    }
    let values: Vec<(&str, &dyn Value)> =
        values.iter().map(|(name, value)| (*name, value as &dyn Value)).collect();
    let _ = operation.check_parameters(&values).len();
    for body in [Body::Nothing, Body::Value(body), Body::Bytes] {
        match operation.resolve(&values, body) {
            Ok(request) => {
                let _ = request.outcome(200, Some("application/json"));
            }
            Err(error) => drop((error.code(), error.to_string(), error.hint())),
        }
    }
}

fn history(history: &SchemaHistory<'_>) {
    let _ = (history.versions().to_string(), history.property("Name").versions().is_empty());
    let _ = (history.inner().versions().since(), history.member_versions("\"big\"").is_all());
}

/// Looks at a schema down to a depth and in a limited breadth.
fn shape(schema: Schema<'_>, depth: usize) {
    let _ = (schema.label(), schema.type_name(), schema.history().map(|set| set.to_string()));
    let schema = schema.resolved();
    let _ = (schema.kind(), schema.format(), schema.default(), schema.nullable());
    let _ = (schema.members().count(), schema.definition(), schema.property("Name").is_some());
    let Some(depth) = depth.checked_sub(1) else { return };
    let additional = match schema.additional() {
        Additional::Schema(schema) => Some(schema),
        _ => None,
    };
    let children = schema.properties().map(|property| property.schema).take(6);
    let children = children.chain(schema.parts().take(4)).chain(schema.items()).chain(additional);
    children.for_each(|child| shape(child, depth));
}
