mod fields;
mod waiters;

use std::collections::BTreeMap;

use super::fields::{FieldKind, FieldText};
use super::*;
use crate::model::{
    Additional, Answer, Body, Encoding, Kind, ListStyle, Object, Parameter, Schema,
};

fn model(version: &str) -> Model {
    let parameter = |name: &str, location, kind| Parameter {
        name: name.to_owned(),
        location,
        required: false,
        schema: Schema { default: Some("\"x\"".to_owned()), ..Schema::of(kind) },
        style: ListStyle::Single,
        encoding: Encoding::Plain,
        description: String::new(),
    };
    Model {
        version: version.to_owned(),
        operations: vec![Operation {
            id: "Build".to_owned(),
            method: Method::Post,
            path: "/build/{t}".to_owned(),
            parameters: vec![
                parameter("t", Location::Path, Kind::String),
                parameter("t", Location::Query, Kind::Integer),
            ],
            body: Some(Body {
                required: false,
                schema: Schema::any(),
                media_types: vec!["application/json".to_owned()],
                schemas: Vec::new(),
            }),
            produces: Vec::new(),
            responses: Vec::new(),
            answer: Answer::Nothing,
            summary: String::new(),
            description: String::new(),
        }],
        ..Model::default()
    }
}

#[track_caller]
fn apply(rules: &str) -> (Model, Vec<String>) {
    let annotations = Annotations::parse(rules).unwrap();
    let mut matches = annotations.matches();
    let mut model = model("v1.30");
    annotations.apply(&mut model, &mut matches);
    let unmatched = annotations.unmatched(&matches).iter().map(Unmatched::to_string).collect();
    (model, unmatched)
}

#[test]
fn lets_fields_be_left_out() {
    let rules = "- definition: [Volume, Other]\n  optional: [Driver, Name]\n";
    let annotations = Annotations::parse(rules).unwrap();
    let mut matches = annotations.matches();
    let mut model = model("v1.30");
    let field = |required| (Schema::of(Kind::String), required);
    let properties = BTreeMap::from([
        ("Driver".to_owned(), field(true)),
        ("Label".to_owned(), field(true)),
        ("Name".to_owned(), field(false)),
    ]);
    let object = |properties| {
        Schema::of(Kind::Object(Object { properties, additional: Additional::Unsaid }))
    };
    model.definitions.insert("Volume".to_owned(), object(properties));
    model.definitions.insert("Other".to_owned(), object(BTreeMap::new()));
    annotations.apply(&mut model, &mut matches);
    let Kind::Object(volume) = &model.definitions["Volume"].kind else { panic!("an object") };
    let required: Vec<bool> = volume.properties.values().map(|(_, required)| *required).collect();
    assert_eq!(required, [false, true, false]);
    let unmatched: Vec<_> =
        annotations.unmatched(&matches).iter().map(ToString::to_string).collect();
    let told = "line 1: the rule for `Other` changes nothing in any version: none of its fields is \
                required";
    assert_eq!(unmatched, [told]);
    refuse("- operation: A\n  optional: [b]\n", "line 1: `optional` belongs to a `definition`");
}

#[test]
fn lets_fields_be_something_else_as_well() {
    let rules = "- operation: Build\n  body: { also: { Cmd: string, Name: string, Other: any } }\n\
                 - definition: [Config, Empty]\n  also: { Env: [string], Name: string }\n";
    let annotations = Annotations::parse(rules).unwrap();
    let mut matches = annotations.matches();
    let mut model = model("v1.30");
    let list = || Schema::of(Kind::Array(Box::new(Schema::of(Kind::String))));
    let text = || Schema::of(Kind::String);
    let object = |properties: &[(&str, Schema)]| {
        let own = properties.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone()));
        let properties = own.map(|(name, schema)| (name, (schema, true))).collect();
        Schema::of(Kind::Object(Object { properties, additional: Additional::Unsaid }))
    };
    let config = object(&[("Cmd", list()), ("Env", text()), ("Name", text())]);
    model.definitions.insert("Config".to_owned(), config);
    model.definitions.insert("Empty".to_owned(), object(&[]));
    model.operations[0].id = "Build".to_owned();
    model.operations[0].body = Some(Body {
        required: true,
        schema: Schema::of(Kind::AllOf(vec![
            Schema::of(Kind::Ref("Config".to_owned())),
            object(&[("Host", text())]),
        ])),
        media_types: Vec::new(),
        schemas: Vec::new(),
    });
    annotations.apply(&mut model, &mut matches);
    let either = |one, other| Schema::of(Kind::AnyOf(vec![one, other]));
    let body = object(&[("Cmd", either(list(), text())), ("Env", text()), ("Name", text())]);
    assert_eq!(
        model.operations[0].body.as_ref().unwrap().schema.kind,
        Kind::AllOf(vec![body, object(&[("Host", text())])])
    );
    // The definition is as it was but for the rule of its own.
    let config = object(&[("Cmd", list()), ("Env", either(text(), list())), ("Name", text())]);
    assert_eq!(model.definitions["Config"], config);
    let unmatched: Vec<_> =
        annotations.unmatched(&matches).iter().map(ToString::to_string).collect();
    let told = "line 3: the rule for `Empty` changes nothing in any version: its fields take that \
                already, or are not there";
    assert_eq!(unmatched, [told]);
    refuse(
        "- operation: A\n  also: { b: any }\n",
        "line 1: `also` belongs to a `definition` or into `body`",
    );
}

#[test]
fn the_default_of_a_header_is_what_is_sent_when_all_rules_have_been() {
    #[track_caller]
    fn check(default: &str, sets: &[&str], expected: &str, told: &str) {
        let rules: Vec<String> = { sets.iter() }
            .map(|set| format!("- operation: Build\n  parameter: X-List\n  set: {set}\n"))
            .collect();
        let annotations = Annotations::parse(&rules.concat()).unwrap();
        let mut matches = annotations.matches();
        let mut model = model("v1.30");
        let mut header = Parameter::any("X-List", Location::Header);
        header.style = ListStyle::Csv;
        header.schema.default = Some(default.to_owned());
        model.operations[0].parameters = vec![header];
        annotations.apply(&mut model, &mut matches);
        model.write_defaults();
        let default = model.operations[0].parameters[0].schema.default.as_deref();
        assert_eq!(default, Some(expected));
        let unmatched: Vec<String> =
            annotations.unmatched(&matches).iter().map(Unmatched::to_string).collect();
        assert!(unmatched.iter().all(|line| line.ends_with(told)), "{unmatched:?}");
        assert_eq!(unmatched.is_empty(), told.is_empty());
    }
    check("1", &["{ default: [a, 2] }"], r#""a,2""#, "");
    check(r#""x""#, &["{ type: array }"], r#""x""#, "");
    check(r#"["x","y"]"#, &["{ list: ssv }"], r#""x y""#, "");
    check("1", &["{ default: [x, y] }", "{ list: pipes }"], r#""x|y""#, "");
    let told = ": with it, the default is no plain text, which a header has to be";
    check(r#""x""#, &["{ default: 'a\"b' }"], r#""x""#, told);
    check(r#""x""#, &["{ encoding: json }"], r#""x""#, told);
    refuse(
        "- operation: A\n  parameter: X-B\n  in: header\n  missing: any\n  set: { default: é }\n",
        "line 1: the `default` of a header has to be plain text",
    );
}

#[test]
fn adds_parameters_where_there_are_none() {
    let (model, unmatched) = apply(
        "- operation: Build\n  parameter: [X-Auth, X-Other]\n  in: header\n  missing: any\n  \
         set: { type: string, encoding: json-base64 }\n\
         - operation: Build\n  parameter: u\n  in: query\n  missing: any\n\
         - operation: '*'\n  parameter: X-Auth\n  set: { required: true }\n",
    );
    assert_eq!(unmatched, Vec::<String>::new());
    let [_, _, auth, other, query] = &model.operations[0].parameters[..] else { panic!("five") };
    assert_eq!((&*auth.name, auth.location, auth.required), ("X-Auth", Location::Header, true));
    assert_eq!((&auth.schema.kind, auth.encoding), (&Kind::String, Encoding::JsonBase64));
    assert_eq!((&*other.name, other.required), ("X-Other", false));
    assert_eq!((query.location, &query.schema.kind), (Location::Query, &Kind::Any));
    // What the spec has by now is told.
    let (model, unmatched) =
        apply("- operation: Build\n  parameter: t\n  in: query\n  missing: any\n");
    assert_eq!(model.operations[0].parameters.len(), 2);
    let idle = "line 1: the rule for `Build` changes nothing in any version: ";
    assert_eq!(unmatched, [format!("{idle}the parameter is there already")]);
}

#[test]
fn mends_parameters_by_name_and_place() {
    let (model, unmatched) = apply(
        "- operation: '*'\n  parameter: t\n  in: query\n  \
         set: { type: array, list: multi, encoding: json, required: true }\n",
    );
    assert_eq!(unmatched, Vec::<String>::new());
    let [path, query] = &model.operations[0].parameters[..] else { panic!("two parameters") };
    assert_eq!(path.style, ListStyle::Single);
    assert_eq!(query.style, ListStyle::Multi);
    assert_eq!(query.encoding, Encoding::Json);
    assert!(query.required);
    assert_eq!(query.schema.kind, Kind::Array(Box::new(Schema::of(Kind::Integer))));
    assert_eq!(query.schema.default.as_deref(), Some("[\"x\"]"));
}

#[test]
fn gives_another_path_with_the_parameters_that_it_names() {
    let mut model = model("v1.30");
    let first = &mut model.operations[0];
    first.path = "/build".to_owned();
    first.parameters.remove(0);
    first.parameters.push(Parameter { name: "q".to_owned(), ..first.parameters[0].clone() });
    let mended = |rules: &str, model: &Model| {
        let annotations = Annotations::parse(rules).unwrap();
        let (mut matches, mut model) = (annotations.matches(), model.clone());
        annotations.apply(&mut model, &mut matches);
        (model, annotations.unmatched(&matches).len())
    };
    let rule = "- operation: Build\n  set: { path: '/builds/{t}' }\n";
    let (moved, unmatched) = mended(rule, &model);
    assert_eq!((&*moved.operations[0].path, unmatched), ("/builds/{t}", 0));
    let [t, q] = &moved.operations[0].parameters[..] else { panic!("two parameters") };
    assert_eq!((t.location, t.required), (Location::Path, true));
    assert_eq!((q.location, q.required), (Location::Query, false));

    // Neither onto another operation, nor to a path that says less or more than there is.
    let nowhere = "- operation: Build\n  set: { path: '/builds/{none}' }\n";
    assert_eq!(mended(nowhere, &model), (model.clone(), 1));
    let without = "- operation: Build\n  set: { path: '/builds' }\n";
    assert_eq!(mended(without, &moved), (moved.clone(), 1));
    let mut two = model.clone();
    two.operations.push(Operation { id: "Other".to_owned(), ..moved.operations[0].clone() });
    assert_eq!(mended(rule, &two), (two.clone(), 1));
}

#[test]
fn leaves_out_operations() {
    let (left, unmatched) = apply("- operation: Build\n  versions: v1.30..\n  remove: true\n");
    assert_eq!((left.operations.len(), unmatched), (0, Vec::new()));
    let (left, unmatched) = apply("- operation: Build\n  versions: v1.31..\n  remove: true\n");
    assert_eq!(left, model("v1.30"));
    assert_eq!(unmatched, ["line 1: `v1.31..` matches nothing in any version"]);
}

#[test]
fn leaves_out_parameters_that_are_not_in_the_path() {
    let (left, unmatched) = apply("- operation: Build\n  parameter: t\n  remove: true\n");
    let places: Vec<Location> =
        left.operations[0].parameters.iter().map(|own| own.location).collect();
    assert_eq!((places, unmatched), (vec![Location::Path], Vec::new()));
    let (left, _) = apply("- operation: Build\n  parameter: t\n  in: header\n  remove: true\n");
    assert_eq!(left, model("v1.30"));
}

#[test]
fn mends_bodies_and_answers() {
    let (model, unmatched) = apply(
        "- operation: [Build]\n  body: { media-types: [application/x-tar], required: true }\n\
         - operation: Build\n  set: { answer: json-lines }\n",
    );
    assert_eq!(unmatched, Vec::<String>::new());
    let operation = &model.operations[0];
    assert_eq!(operation.body.as_ref().unwrap().media_types, ["application/x-tar"]);
    assert!(operation.body.as_ref().unwrap().required);
    assert_eq!(operation.answer, Answer::JsonLines);
}

#[test]
fn adds_a_body_where_there_is_none() {
    let rules = "- operation: Build\n  body: { missing: any, required: true }\n";
    let (with_body, unmatched) = apply(rules);
    assert_eq!(with_body, model("v1.30"));
    let idle = "line 1: the rule for `Build` changes nothing in any version: ";
    assert_eq!(unmatched, [format!("{idle}there is a body already")]);

    let annotations = Annotations::parse(rules).unwrap();
    let mut matches = annotations.matches();
    let mut without = model("v1.30");
    without.operations[0].body = None;
    annotations.apply(&mut without, &mut matches);
    assert_eq!(annotations.unmatched(&matches), []);
    let body = without.operations[0].body.as_ref().unwrap();
    assert!(body.required);
    assert_eq!(body.media_types, ["application/json"]);
    assert_eq!(body.schema, Schema::any());
}

/// What one part of a rule cannot do keeps no other from what it can.
#[test]
fn each_part_of_a_rule_is_for_itself() {
    let annotations = Annotations::parse(
        "- operation: Build\n  body: { required: true }\n  set: { answer: text }\n",
    )
    .unwrap();
    let mut matches = annotations.matches();
    let mut without = model("v1.30");
    without.operations[0].body = None;
    annotations.apply(&mut without, &mut matches);
    assert_eq!(without.operations[0].answer, Answer::Text);
    assert_eq!(annotations.unmatched(&matches), []);
    // A second time there is nothing left to do.
    let mut matches = annotations.matches();
    annotations.apply(&mut without, &mut matches);
    let unmatched = annotations.unmatched(&matches);
    assert_eq!(
        unmatched[0].to_string(),
        "line 1: the rule for `Build` changes nothing in any version: there is no body"
    );

    let (model, unmatched) =
        apply("- operation: Build\n  body: { media-types: [text/plain], fields: { x: string } }\n");
    assert_eq!(model.operations[0].body.as_ref().unwrap().media_types, ["text/plain"]);
    assert_eq!(unmatched, [""; 0]);
}

#[test]
fn names_what_matches_nothing() {
    let (_, unmatched) = apply(
        "# comment\n- operation: [Build, Bild]\n  parameter: [t, u]\n  set: { encoding: json }\n\
         - operation: Build\n  versions: [v1.31.., v1.30]\n  set: { answer: json }\n\
         - operation: Build\n  versions: ..v1.29\n  set: { answer: text }\n",
    );
    assert_eq!(
        unmatched,
        [
            "line 2: `Bild` matches nothing in any version (did you mean `Build`?)",
            "line 2: `u` matches nothing in any version",
            "line 5: `v1.31..` matches nothing in any version",
            "line 8: `..v1.29` matches nothing in any version",
        ]
    );
}

#[test]
fn only_what_is_not_there_is_blamed() {
    let check = |rules: &str, expected: &[&str]| assert_eq!(apply(rules).1, expected, "{rules}");
    check(
        "- operation: Build\n  parameter: u\n  set: { encoding: json }\n",
        &["line 1: `u` matches nothing in any version"],
    );
    check(
        "- operation: Bild\n  parameter: t\n  set: { encoding: json }\n",
        &["line 1: `Bild` matches nothing in any version (did you mean `Build`?)"],
    );
    let idle = |reason: &str| format!("line 1: the rule for `Build` changes nothing{reason}");
    check(
        "- operation: Build\n  parameter: t\n  in: header\n  set: { encoding: json }\n",
        &[&idle(" in any version: the parameter is in another place")],
    );
    check(
        "- operation: Build\n  set: { path: '/build/{t}' }\n",
        &[&idle(" in any version: the path is taken")],
    );
    // Of two of one method only one gets the path.
    let mut twice = model("v1.30");
    let mut other = twice.operations[0].clone();
    (other.id, other.path) = ("Other".to_owned(), "/other/{t}".to_owned());
    twice.operations.push(other);
    let annotations =
        Annotations::parse("- operation: [Build, Other]\n  set: { path: '/same/{t}' }\n").unwrap();
    let mut matches = annotations.matches();
    annotations.apply(&mut twice, &mut matches);
    let paths: Vec<&str> = twice.operations.iter().map(|operation| &*operation.path).collect();
    assert_eq!(paths, ["/same/{t}", "/other/{t}"]);
    check(
        "- operation: Build\n  body: { fields: { a: Nowhere } }\n",
        &[&idle(" in any version: a definition that it names is not there")],
    );
    check(
        "- operation: Build\n  body: { fields: { a: string } }\n",
        &[&idle(" in any version: its fields are there already, or have no object to go into")],
    );
    // What is there in some versions and changes something in others.
    let annotations = Annotations::parse(
        "- operation: Build\n  versions: [v1.30, v1.31]\n  body: { required: true }\n",
    )
    .unwrap();
    let mut matches = annotations.matches();
    annotations.apply(&mut model("v1.30"), &mut matches);
    let mut without = model("v1.31");
    without.operations[0].body = None;
    annotations.apply(&mut without, &mut matches);
    let unmatched: Vec<String> =
        annotations.unmatched(&matches).iter().map(ToString::to_string).collect();
    assert_eq!(unmatched, [idle(" in `v1.31`")]);
}

#[test]
fn a_rule_that_says_what_is_so_already_is_told() {
    let check = |rule: &str| {
        let (mended, unmatched) = apply(rule);
        assert_eq!(mended, model("v1.30"), "{rule}");
        let told = format!("line 1: the rule for `Build` changes nothing in any version: {SAME}");
        assert_eq!(unmatched, [told], "{rule}");
    };
    check("- operation: Build\n  parameter: t\n  set: { encoding: plain, list: single }\n");
    check("- operation: Build\n  parameter: t\n  in: query\n  set: { type: integer }\n");
    check("- operation: Build\n  parameter: t\n  set: { required: false, default: x }\n");
    check("- operation: Build\n  set: { answer: nothing }\n");
    check("- operation: Build\n  body: { media-types: [application/json], required: false }\n");
    check("- operation: Build\n  set: {}\n");
    let annotations =
        Annotations::parse("- operation: POST /build/{t}\n  set: { id: Build }\n").unwrap();
    let (mut matches, mut model) = (annotations.matches(), model("v1.30"));
    annotations.name("v1.30", &mut model.operations, &mut matches);
    annotations.apply(&mut model, &mut matches);
    assert_eq!(annotations.unmatched(&matches)[0].why, Why::Idle(SAME));
    // Both names are of one operation.
    let (_, unmatched) =
        apply("- operation: [Build, '*']\n  parameter: t\n  set: { type: string }\n");
    assert_eq!(unmatched, Vec::<String>::new());
}

#[test]
fn matches_of_all_versions_count_together() {
    let annotations = Annotations::parse(
        "- operation: [Build]\n  versions: [v1.30, v1.31]\n  set: { answer: json }\n",
    )
    .unwrap();
    let mut all = annotations.matches();
    for version in ["v1.30", "v1.31"] {
        let mut one = annotations.matches();
        annotations.apply(&mut model(version), &mut one);
        assert_eq!(annotations.unmatched(&one).len(), 1);
        all.merge(&one);
    }
    assert_eq!(annotations.unmatched(&all), []);
}

#[track_caller]
fn refuse(rules: &str, expected: &str) {
    let error = Annotations::parse(rules).unwrap_err().to_string();
    assert_eq!(error, format!("the annotations are wrong: {expected}"));
}

#[test]
fn says_where_a_rule_begins() {
    let at = |line, rules: &str| {
        refuse(rules, &format!("line {line}: it has neither `operation` nor `definition`"));
    };
    at(3, "- operation: A\n  set: { answer: json }\n- remove: true\n");
    at(5, "# why\n\n  - operation: A\n    set: { answer: json }\n  - remove: true\n");
    at(3, "-\n  { operation: A, set: { answer: json } }\n-\n  remove: true\n");
    at(2, "# all at once\n[{ remove: true }]\n");
}

#[test]
fn refuses_rules_that_make_no_sense() {
    refuse(
        "- operation: A\n",
        "line 1: the rule changes nothing: it has none of `set`, `body` and `remove`",
    );
    refuse(
        "- operation: A\n  set: { encoding: json }\n",
        "line 1: without a `parameter`, `set` takes only `id`, `path` and `answer`",
    );
    refuse(
        "- operation: A\n  parameter: b\n  set: { answer: json }\n",
        "line 1: a `parameter` has no `answer`",
    );
    refuse(
        "- operation: A\n  in: path\n  set: { answer: json }\n",
        "line 1: `in` needs a `parameter`",
    );
    refuse(
        "- operation: A\n  versions: new\n  set: { answer: json }\n",
        "line 1: `new` is neither a version nor a range",
    );
    refuse(
        "- operation: A\n  set: { answer: xml }\n",
        ".[0].set.answer: unknown variant `xml`, expected one of `nothing`, `json`, `json-lines`, \
         `text`, `bytes`, `frames`, `upgrade` at line 2 column 18",
    );
    refuse(
        "- operation: A\n  sett: { answer: json }\n",
        ".[0]: unknown field `sett`, expected one of `operation`, `definition`, `missing`, `remove`, `fields`, `optional`, `also`, `parameter`, `in`, `versions`, \
         `set`, `body`, `waiter`, `takes`, `every`, `within`, `tells`, `ends` at line 2 column 3",
    );
}

#[test]
fn refuses_paths_and_removals_that_make_no_sense() {
    for path in ["a", "/a b", "/{a", "/a}", "/{a/b}", "/{}", "/{{a}}"] {
        let rule = format!("- operation: A\n  set: {{ path: '{path}' }}\n");
        refuse(&rule, &format!("line 1: `{path}` is not a valid `path`"));
    }
    refuse(
        "- operation: A\n  parameter: b\n  set: { path: /a }\n",
        "line 1: a `parameter` has no `path`",
    );
    refuse(
        "- operation: GET /a\n  set: { id: B, path: /b }\n",
        "line 1: an `id` is set by a rule of its own",
    );
    refuse(
        "- operation: A\n  parameter: b\n  in: path\n  remove: true\n",
        "line 1: a `parameter` in the path cannot be removed",
    );
    let only = "line 1: only an `operation` or a `parameter` can be removed";
    refuse("- definition: A\n  fields: { a: any }\n  remove: true\n", only);
    refuse(
        "- operation: A\n  remove: true\n  set: { answer: json }\n",
        "line 1: what is removed cannot be changed as well",
    );
    refuse(
        "- operation: A\n  parameter: b\n  in: query\n  remove: true\n  missing: any\n",
        "line 1: what is removed cannot be changed as well",
    );
    refuse(
        "- operation: A\n  remove: false\n",
        "line 1: the rule changes nothing: it has none of `set`, `body` and `remove`",
    );
}

#[test]
fn refuses_empty_lists() {
    let set = "set: { answer: json }";
    refuse(&format!("- operation: []\n  {set}\n"), "line 1: `operation` is an empty list");
    refuse(
        &format!("- operation: A\n  versions: []\n  {set}\n"),
        "line 1: `versions` is an empty list",
    );
    refuse(
        "- operation: A\n  parameter: []\n  remove: true\n",
        "line 1: `parameter` is an empty list",
    );
    refuse("- definition: []\n  missing: any\n", "line 1: `definition` is an empty list");
    refuse("- waiter: w\n  operation: []\n", "line 1: `operation` is an empty list");
}

#[test]
fn refuses_ids_and_definitions_that_make_no_sense() {
    refuse("- set: { answer: json }\n", "line 1: it has neither `operation` nor `definition`");
    refuse(
        "- operation: A\n  definition: B\n  missing: any\n",
        "line 1: `operation` and `definition` exclude each other",
    );
    let alone = "line 1: a `definition` takes one of `missing: any`, `fields`, `optional` and \
                 `also`, and nothing else";
    refuse("- definition: B\n", alone);
    refuse("- definition: B\n  fields: { a: any }\n  parameter: c\n", alone);
    refuse("- definition: B\n  missing: any\n  set: { answer: json }\n", alone);
    refuse(
        "- operation: A\n  missing: any\n",
        "line 1: only a `definition` or a `parameter` may be `missing`",
    );
    let place = "line 1: a `parameter` that is `missing` is `in` the query, a header or a form";
    refuse("- operation: A\n  parameter: b\n  missing: any\n", place);
    refuse("- operation: A\n  parameter: b\n  in: path\n  missing: any\n", place);
    refuse(
        "- operation: A\n  parameter: b c\n  in: header\n  missing: any\n",
        "line 1: `b c` is not a valid header name",
    );
    let one = "line 1: an `id` is set for one operation, by its method and path";
    refuse("- operation: A\n  set: { id: B }\n", one);
    refuse("- operation: [GET /a, GET /b]\n  set: { id: B }\n", one);
    refuse("- operation: GET /a\n  set: { id: 'B C' }\n", "line 1: `B C` is not a valid `id`");
    refuse(
        "- operation: GET /a\n  set: { id: B, answer: json }\n",
        "line 1: an `id` is set by a rule of its own",
    );
}

#[test]
fn a_method_and_a_path_do_for_an_id() {
    let annotations = Annotations::parse(
        "- operation: POST /build/{t}\n  set: { id: Made }\n\
         - operation: GET /build/{t}\n  versions: v1.30..\n  set: { id: None }\n\
         - operation: [\"POST /build/{t}\", Made]\n  set: { answer: bytes }\n",
    )
    .unwrap();
    let mut matches = annotations.matches();
    let mut model = model("v1.30");
    let build = model.operations.iter().position(|own| own.id == "Build").unwrap();
    let path = model.operations[build].path.clone();
    assert_eq!((model.operations[build].method, &*path), (Method::Post, "/build/{t}"));
    annotations.name("v1.30", &mut model.operations, &mut matches);
    assert_eq!(model.operations[build].id, "Made");
    annotations.apply(&mut model, &mut matches);
    assert_eq!(model.operations[build].answer, Answer::Bytes);
    let unmatched: Vec<String> =
        annotations.unmatched(&matches).iter().map(ToString::to_string).collect();
    assert_eq!(unmatched, ["line 3: `GET /build/{t}` matches nothing in any version"]);
}

#[test]
fn definitions_may_be_missing_in_some_versions() {
    let annotations =
        Annotations::parse("- definition: [Backup, Other]\n  versions: v1.30\n  missing: any\n")
            .unwrap();
    assert_eq!(annotations.missing("v1.31"), BTreeSet::new());
    let both = BTreeSet::from(["Backup".to_owned(), "Other".to_owned()]);
    assert_eq!(annotations.missing("v1.30"), both);
    let mut matches = annotations.matches();
    annotations.note_missing("v1.30", &BTreeSet::from(["Backup".to_owned()]), &mut matches);
    let unmatched: Vec<String> =
        annotations.unmatched(&matches).iter().map(|own| own.name.clone()).collect();
    assert_eq!(unmatched, ["Other"]);
}

#[test]
fn an_empty_file_has_no_rules() {
    let annotations = Annotations::parse("# nothing yet\n").unwrap();
    assert_eq!(annotations.unmatched(&annotations.matches()), []);
}
