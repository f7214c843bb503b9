use contajners_core::{Answer, Encoding, NegotiationStep, Pack};

use super::*;
use crate::lift;
use crate::model::{Body, Condition, Object, Sign, Waiter};

fn engine() -> Engine {
    Engine {
        name: "toy".into(),
        addresses: vec!["unix:///toy.sock".into()],
        negotiation: Negotiation::Json { ping: "/ping".into(), pointer: "/version".into() },
        errors: vec!["/error/text".into(), String::new()],
    }
}

fn operation(id: &str, path: &str) -> Operation {
    let name = Parameter {
        name: "name".into(),
        location: Location::Path,
        required: true,
        schema: Schema::of(Kind::String),
        style: ListStyle::Single,
        encoding: Encoding::Plain,
        description: String::new(),
    };
    Operation {
        id: id.into(),
        method: Method::Post,
        path: path.into(),
        parameters: vec![name],
        body: Some(Body {
            required: true,
            schema: Schema::of(Kind::Ref("Toy".into())),
            media_types: vec!["application/json".into(), "text/plain".into()],
            schemas: vec![Schema::of(Kind::Ref("Toy".into())), Schema::of(Kind::String)],
        }),
        produces: vec![],
        responses: vec![Response {
            status: 200,
            schema: Some(Schema::of(Kind::Array(Box::new(Schema::of(Kind::Ref("Toy".into())))))),
            headers: vec![("Api-Version".into(), Schema::of(Kind::String))],
        }],
        answer: Answer::Json,
        summary: String::new(),
        description: String::new(),
    }
}

fn model(version: &str, fields: &[&str], operations: &[(&str, &str)]) -> Model {
    let properties = fields.iter().map(|name| ((*name).into(), (Schema::of(Kind::Integer), false)));
    let toy = Object { properties: properties.collect(), additional: Additional::Any };
    Model {
        version: version.into(),
        prefix: "/{version}".into(),
        doc_url: String::new(),
        namespaces: vec!["/deep/er".into(), "/lib".into()],
        operations: operations.iter().map(|(id, path)| operation(id, path)).collect(),
        definitions: [("Toy".into(), Schema::of(Kind::Object(toy)))].into(),
        waiters: waiters(version, operations),
    }
}

/// One that is the same in all versions, one that asks what the version has.
fn waiters(version: &str, operations: &[(&str, &str)]) -> BTreeMap<String, Waiter> {
    let condition = |statuses: &[u16], sign, failed: Option<&str>| Condition {
        statuses: statuses.to_vec(),
        sign,
        failed: failed.map(Into::into),
    };
    let gone = Waiter {
        operation: "Old".into(),
        parameters: Vec::new(),
        every: 500,
        within: 0,
        tells: None,
        conditions: vec![condition(&[404, 410], None, None)],
    };
    let wound = Waiter {
        operation: operations[0].0.into(),
        parameters: vec![("id".into(), "name".into())],
        every: 1,
        within: u32::MAX,
        tells: Some("/turns".into()),
        conditions: vec![
            condition(
                &[],
                Some(Sign::Is("/state".into(), vec!["\"wound\"".into(), "1".into()])),
                None,
            ),
            condition(&[], Some(Sign::Absent("/spring".into())), Some("it has no spring")),
            condition(&[404, 500], Some(Sign::Present("/broken".into())), Some("it is broken")),
            condition(&[], Some(Sign::Is(String::new(), vec![format!("\"{version}\"")])), None),
        ],
    };
    [("gone".into(), gone), ("wound".into(), wound)].into()
}

fn three() -> Vec<Model> {
    vec![
        model("v1.2", &["a"], &[("ToyMake", "/lib/toys/{name}"), ("Old", "/old")]),
        model("v1.9", &["a", "b"], &[("ToyCreate", "/lib/toys/{id:.*}")]),
        model("v1.10", &["a"], &[("ToyCreate", "/lib/toys/{name}"), ("Old", "/old")]),
    ]
}

#[test]
fn a_pack_gives_its_models_back_whatever_their_order() {
    let mut models = three();
    let bytes = pack(&engine(), &models).unwrap();
    let opened = Pack::open(&bytes).unwrap();
    opened.verify().unwrap();
    assert_eq!(lift::models(&opened).unwrap(), models);
    assert_eq!(lift::engine(&opened), engine());
    models.reverse();
    for model in &mut models {
        model.operations.reverse();
    }
    assert_eq!(pack(&engine(), &models).unwrap(), bytes);
    assert_eq!(pack(&engine(), &lift::models(&opened).unwrap()).unwrap(), bytes);
}

#[test]
fn method_and_path_identify_an_operation_and_presence_is_a_set() {
    let bytes = pack(&engine(), &three()).unwrap();
    let opened = Pack::open(&bytes).unwrap();
    let api = opened.api("1.10").unwrap();
    let toy = api.operation("ToyCreate").unwrap();
    assert_eq!(toy.history().to_string(), "all versions");
    assert_eq!(toy.category(), "lib/toys");
    let ids: Vec<_> = toy.ids().iter().map(|(id, set)| format!("{id} {set}")).collect();
    assert_eq!(ids, ["ToyMake v1.2", "ToyCreate v1.9–v1.10"]);
    assert_eq!(opened.operation_history("Old").to_string(), "v1.2, v1.10");
    assert_eq!(opened.waiter_history("gone").to_string(), "all versions");
    assert_eq!(api.waiter("wound").unwrap().operation_id(), "ToyCreate");
    let error = api.operation("ToyMake").unwrap_err();
    assert_eq!(
        error.hint().unwrap(),
        "it is called `ToyCreate` here; `ToyMake` is its name in v1.2"
    );
}

#[test]
fn every_way_to_find_the_version_comes_back() {
    let ways = [
        Negotiation::Newest,
        Negotiation::Fixed("v1.9".into()),
        Negotiation::Header { ping: "/_ping".into(), header: "Api-Version".into() },
        Negotiation::Json { ping: "/?a=1".into(), pointer: "/a/0".into() },
    ];
    for negotiation in ways {
        let engine = Engine { negotiation, errors: Vec::new(), ..engine() };
        let bytes = pack(&engine, &three()).unwrap();
        let opened = Pack::open(&bytes).unwrap();
        opened.verify().unwrap();
        assert_eq!(lift::engine(&opened), engine);
        let asks = contajners_core::Negotiation::new(opened);
        let unasked = asks.unasked().unwrap().version();
        // Who goes on without having asked speaks the same version.
        if asks.request().is_none() {
            let step = asks.clone().handle_answer(200, Some("")).unwrap();
            assert!(matches!(step, NegotiationStep::Done(api) if api.version() == unasked));
        }
        match engine.negotiation {
            Negotiation::Newest => assert_eq!((asks.request(), unasked), (None, "v1.10")),
            Negotiation::Fixed(_) => assert_eq!((asks.request(), unasked), (None, "v1.9")),
            Negotiation::Header { .. } => {
                let request = asks.request().unwrap();
                assert_eq!((request.method(), request.target()), (Method::Head, "/_ping"));
                assert_eq!((asks.header(), asks.wants_body()), ("Api-Version", false));
            }
            Negotiation::Json { .. } => {
                let request = asks.request().unwrap();
                assert_eq!((request.method(), request.target()), (Method::Get, "/?a=1"));
                assert_eq!((asks.header(), asks.wants_body()), ("", true));
            }
        }
    }
}

#[test]
fn refuses_what_no_terminal_should_show() {
    let check = |text: &str, expected: &str| {
        let engine = Engine { addresses: vec![text.to_owned()], ..engine() };
        let error = pack(&engine, &three()).unwrap_err();
        let shown = format!("no pack can hold the control characters of {expected}");
        assert_eq!(error.to_string(), shown);
    };
    check("a\u{1b}[2J", r#""a\u{1b}[2J""#);
    check(&format!("\n{}", "é".repeat(99)), &format!("\"\\n{}\"…", "é".repeat(59)));
}

#[test]
fn refuses_a_version_that_stands_twice() {
    let mut models = three();
    models.push(models[1].clone());
    let error = pack(&engine(), &models).unwrap_err();
    assert_eq!(error.to_string(), "version `v1.9` appears twice");
    models.last_mut().unwrap().version = "1.9".to_owned();
    let error = pack(&engine(), &models).unwrap_err();
    assert_eq!(error.to_string(), "version `1.9` appears twice");
    assert_eq!(pack(&engine(), &[]), Err(LowerError::NoVersions));
}

#[test]
fn an_operation_is_known_by_its_path_without_the_names_in_it() {
    let check = |path: &str, expected: &str| assert_eq!(path_key(path), expected);
    check("/boxes/{id}/lid", "/boxes/{}/lid");
    check("/boxes/{name:.*}", "/boxes/{}");
    check("/boxes/{name:[a-z]{2}}/{lid:(a|b){1,3}}", "/boxes/{}/{}");
    check("/boxes", "/boxes");
}
