//! Rules for the fields of bodies and of definitions.

use super::*;

#[test]
fn adds_fields_to_objects_inside() {
    let object = |fields: &[(&str, Schema)]| {
        let properties =
            fields.iter().map(|(name, own)| ((*name).to_owned(), (own.clone(), false))).collect();
        Schema::of(Kind::Object(Object { properties, ..Object::default() }))
    };
    let text = || Schema::of(Kind::String);
    let none = BTreeMap::new();
    let mut schema = object(&[("A", object(&[("B", text())])), ("C", text())]);
    let fields =
        |path: &str| BTreeMap::from([(path.to_owned(), FieldText::One(FieldKind::String))]);
    assert!(add_fields(&mut schema, &fields("A/D"), &none));
    assert_eq!(schema, object(&[("A", object(&[("B", text()), ("D", text())])), ("C", text())]));
    // What is there, and what there is not.
    for path in ["A/B", "C/D", "X/D", "A/B/D"] {
        assert!(!add_fields(&mut schema, &fields(path), &none), "{path}");
    }
}

#[test]
fn fields_of_parts_and_references_are_there_already() {
    let rules = "- definition: Whole\n  fields: { x: string, y: string }\n";
    let annotations = Annotations::parse(rules).unwrap();
    let mut model = model("v1.30");
    let properties = BTreeMap::from([("x".to_owned(), (Schema::of(Kind::Integer), true))]);
    let part = Schema::of(Kind::Object(Object { properties, ..Object::default() }));
    let refer = |name: &str| Schema::of(Kind::Ref(name.to_owned()));
    let whole = Schema::of(Kind::AllOf(vec![refer("Part"), refer("Whole")]));
    model.definitions = BTreeMap::from([("Part".into(), part), ("Whole".into(), whole)]);
    let mut matches = annotations.matches();
    annotations.apply(&mut model, &mut matches);
    assert_eq!(annotations.unmatched(&matches), []);
    let Kind::AllOf(parts) = &model.definitions["Whole"].kind else { panic!("{model:?}") };
    let Kind::Object(object) = &parts[2].kind else { panic!("{parts:?}") };
    assert_eq!(object.properties.keys().collect::<Vec<_>>(), ["y"]);

    let before = model.clone();
    let mut matches = annotations.matches();
    annotations.apply(&mut model, &mut matches);
    assert_eq!(model, before);
    assert_eq!(annotations.unmatched(&matches).len(), 1);
}

#[test]
fn adds_fields_that_are_left_out() {
    let annotations = Annotations::parse(
        "- operation: Build\n  body: { fields: { Extra: [string], Also: any } }\n\
         - definition: None\n  fields: { x: string }\n",
    )
    .unwrap();
    let mut matches = annotations.matches();
    let mut model = model("v1.30");
    // What may be anything has no fields to add to.
    annotations.apply(&mut model, &mut matches);
    assert_eq!(annotations.unmatched(&matches).len(), 2);
    model.operations[0].body.as_mut().unwrap().schema = Schema::of(Kind::Object(Object::default()));
    annotations.apply(&mut model, &mut matches);
    let unmatched: Vec<String> =
        annotations.unmatched(&matches).iter().map(Unmatched::to_string).collect();
    let names: Vec<&str> = match &model.operations[0].body.as_ref().unwrap().schema.kind {
        Kind::Object(object) => object.properties.keys().map(|name| &**name).collect(),
        other => panic!("{other:?}"),
    };
    assert_eq!(names, ["Also", "Extra"]);
    assert_eq!(unmatched, ["line 3: `None` matches nothing in any version"]);

    let none = BTreeMap::new();
    let mut schema = Schema { kind: Kind::Ref("Other".into()), ..Schema::default() };
    let fields = BTreeMap::from([("x".to_owned(), FieldText::One(FieldKind::Boolean))]);
    assert!(add_fields(&mut schema, &fields, &none));
    let Kind::AllOf(parts) = &schema.kind else { panic!("{schema:?}") };
    assert_eq!(parts[0].kind, Kind::Ref("Other".into()));
    assert!(matches!(&parts[1].kind, Kind::Object(object) if object.properties.len() == 1));
    let mut text = Schema { kind: Kind::String, ..Schema::default() };
    assert!(!add_fields(&mut text, &fields, &none));
}

#[test]
fn fields_of_a_body_are_those_of_json() {
    let rules = "- operation: Build\n  body: { fields: { x: string }, also: { y: string } }\n";
    let annotations = Annotations::parse(rules).unwrap();
    let object = |fields: &[(&str, Schema)]| {
        let properties =
            fields.iter().map(|(name, own)| ((*name).to_owned(), (own.clone(), false))).collect();
        Schema::of(Kind::Object(Object { properties, ..Object::default() }))
    };
    let (text, number) = (Schema::of(Kind::String), Schema::of(Kind::Integer));
    let either = Schema::of(Kind::AnyOf(vec![number.clone(), text.clone()]));
    let (before, after) = (object(&[("y", number)]), object(&[("x", text), ("y", either)]));
    let check = |media_types: &[&str], mended: &[bool]| {
        let mut model = model("v1.30");
        let all = |mended: &[bool]| {
            let schemas = mended.iter().map(|own| if *own { &after } else { &before });
            let schemas: Vec<Schema> = schemas.cloned().collect();
            let media_types = media_types.iter().map(|own| (*own).to_owned()).collect();
            Body { required: false, schema: schemas[0].clone(), media_types, schemas }
        };
        model.operations[0].body = Some(all(&vec![false; mended.len()]));
        let mut matches = annotations.matches();
        annotations.apply(&mut model, &mut matches);
        assert_eq!(model.operations[0].body, Some(all(mended)));
        assert_eq!(annotations.unmatched(&matches).is_empty(), mended.contains(&true));
    };
    check(&["application/json", "text/plain", "application/x+json"], &[true, false, true]);
    check(&["multipart/form-data", "application/json"], &[false, true]);
    check(&["text/plain", "application/octet-stream"], &[false, false]);
}

#[test]
fn fields_may_be_definitions() {
    let annotations = Annotations::parse(
        "- definition: Toy\n  fields: { wheels: [Wheel], horn: Horn }\n\
         - definition: Box\n  fields: { x: Nowhere }\n",
    )
    .unwrap();
    let object = || Schema::of(Kind::Object(Object::default()));
    let mut matches = annotations.matches();
    let mut model = model("v1.30");
    for name in ["Toy", "Box", "Wheel"] {
        model.definitions.insert(name.into(), object());
    }
    // A rule that names what is not there does nothing.
    annotations.apply(&mut model, &mut matches);
    assert_eq!(annotations.unmatched(&matches).len(), 2);
    assert_eq!(model.definitions["Toy"], object());
    model.definitions.insert("Horn".into(), object());
    annotations.apply(&mut model, &mut matches);
    let Kind::Object(toy) = &model.definitions["Toy"].kind else { panic!("{model:?}") };
    assert_eq!(toy.properties["horn"].0.kind, Kind::Ref("Horn".into()));
    let Kind::Array(wheel) = &toy.properties["wheels"].0.kind else { panic!("{toy:?}") };
    assert_eq!(wheel.kind, Kind::Ref("Wheel".into()));
    let unmatched: Vec<String> =
        annotations.unmatched(&matches).iter().map(Unmatched::to_string).collect();
    let idle = "line 3: the rule for `Box` changes nothing in any version: ";
    assert_eq!(unmatched, [format!("{idle}a definition that it names is not there")]);
    let wrong = Annotations::parse("- definition: A\n  fields: { x: strin }\n").unwrap_err();
    assert!(wrong.to_string().contains("a field is `string`,"), "{wrong}");
}
