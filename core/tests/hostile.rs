//! Packs that are whole and still nobody's friend: wide, in rings, with names that are none.

#![cfg(all(feature = "schemas", feature = "write"))]

use std::collections::BTreeMap;

use contajners_core::write::{Additional, SchemaNode, Shape, Variant, VersionRule, Writer};
use contajners_core::{
    Answer, Body, Change, ChangeKind, Encoding, ListStyle, Location, Method, Pack, PackError,
    RequestContent, ResolveErrorKind, Value,
};

/// A pack on its way, of one version or more.
struct Making {
    writer: Writer,
    sets: Vec<u32>,
    texts: BTreeMap<String, u32>,
}

impl Making {
    /// With the texts that come later, too: a pack has them sorted.
    fn new(prefix: &str, versions: &[&str], texts: &[&str]) -> Self {
        let mut writer = Writer::new();
        let mut all = [&["", "toy", prefix, "application/json"], versions, texts].concat();
        all.sort_unstable();
        all.dedup();
        let numbered = all.iter().map(|text| ((*text).to_owned(), writer.string(text)));
        let texts: BTreeMap<String, u32> = numbered.collect();
        let [nothing, toy, prefix] = ["", "toy", prefix].map(|text| texts[text]);
        writer.engine(toy, VersionRule::Newest, &[], &[]);
        let versions: Vec<u32> = versions
            .iter()
            .map(|name| writer.version(texts[*name], prefix, nothing, &[]))
            .collect();
        let sets = versions.iter().map(|&version| writer.version_set(&[version])).collect();
        Self { writer, sets, texts }
    }

    fn schema(&mut self, shape: Shape) -> u32 {
        let (format, members, default, nullable) = (None, Vec::new(), None, false);
        self.writer.schema(&SchemaNode { format, members, default, nullable, shape })
    }

    fn object(&mut self, fields: &[(&str, u32)]) -> u32 {
        let mut properties = Vec::new();
        for (name, schema) in fields {
            properties.push((self.texts[*name], *schema, false));
        }
        self.schema(Shape::Object { additional: Additional::Unsaid, properties })
    }

    /// An operation of all versions, whose body is this.
    fn operation(&mut self, id: &str, path: &str, body: Option<u32>, parameters: Vec<u32>) {
        let variant = self.variant(id, path, body, parameters);
        let variants: Vec<(u32, u32)> = self.sets.iter().map(|&set| (set, variant)).collect();
        let operation = self.writer.operation(Method::Post, &variants);
        self.writer.name(self.texts[id], operation);
    }

    /// An operation with another body in each version.
    fn bodies(&mut self, id: &str, path: &str, bodies: &[u32]) {
        let variants: Vec<u32> =
            bodies.iter().map(|&body| self.variant(id, path, Some(body), Vec::new())).collect();
        let variants: Vec<(u32, u32)> = self.sets.iter().copied().zip(variants).collect();
        let operation = self.writer.operation(Method::Post, &variants);
        self.writer.name(self.texts[id], operation);
    }

    fn variant(&mut self, id: &str, path: &str, body: Option<u32>, parameters: Vec<u32>) -> u32 {
        let [id, path, json] = [id, path, "application/json"].map(|text| self.texts[text]);
        let produces = self.writer.media_types(&[json]);
        self.writer.variant(&Variant {
            id,
            path,
            answer: Answer::Nothing,
            body: body.map(|schema| (false, schema, produces)),
            body_schemas: Vec::new(),
            produces,
            parameters,
            responses: Vec::new(),
        })
    }

    fn finish(self) -> Vec<u8> {
        let bytes = self.writer.finish();
        Pack::open(&bytes).unwrap().verify().unwrap();
        bytes
    }

    /// With control characters somewhere.
    fn finish_unfit_to_be_shown(self) -> Vec<u8> {
        let bytes = self.writer.finish();
        let error = Pack::open(&bytes).unwrap().verify().unwrap_err();
        assert!(matches!(error, PackError::Structure { table: "strings", .. }), "{error}");
        bytes
    }
}

fn told(changes: &[Change]) -> Vec<String> {
    let line = |change: &Change| format!("{} {} {}", change.operation, change.place, change.kind);
    changes.iter().map(line).collect()
}

#[test]
fn what_is_wide_is_told_in_short() {
    let mut making = Making::new("", &["v1"], &["a", "/a"]);
    let mut wide = making.schema(Shape::String);
    for _ in 0..4 {
        wide = making.schema(Shape::OneOf(vec![wide; 1000]));
    }
    making.operation("a", "/a", Some(wide), Vec::new());
    let bytes = making.finish();
    let operation = Pack::open(&bytes).unwrap().newest().unwrap().operation("a").unwrap();
    let label = operation.body().unwrap().schema().label();
    assert!(label.len() < 1000 && label.ends_with('…'), "{label}");
}

#[test]
fn what_has_fields_without_number_is_looked_at_for_a_while() {
    let names: Vec<String> = (0..2000).map(|number| format!("field{number:04}")).collect();
    let mut texts: Vec<&str> = names.iter().map(String::as_str).collect();
    texts.extend(["a", "/a"]);
    let mut making = Making::new("", &["v1"], &texts);
    let text = making.schema(Shape::String);
    let fields: Vec<(&str, u32)> = names.iter().map(|name| (&**name, text)).collect();
    let object = making.object(&fields);
    let many = making.schema(Shape::AllOf(vec![object; 250]));
    let list = making.schema(Shape::Array(many));
    making.operation("a", "/a", Some(list), Vec::new());
    let bytes = making.finish();
    let operation = Pack::open(&bytes).unwrap().newest().unwrap().operation("a").unwrap();
    // Each of them would take a second.
    let body = serde_json::json!(vec![serde_json::json!({}); 10_000]);
    assert!(operation.check_body(&body).is_empty());
}

#[test]
fn rings_are_compared_from_wherever_one_begins() {
    let mut making =
        Making::new("", &["v1", "v2"], &["A", "B", "a", "b", "y", "op1", "op2", "/1", "/2"]);
    let [a, b] = ["A", "B"].map(|name| making.texts[name]);
    let (to_a, to_b) = (making.schema(Shape::Ref(0)), making.schema(Shape::Ref(1)));
    let (text, number) = (making.schema(Shape::String), making.schema(Shape::Integer));
    let (old, new) =
        (making.object(&[("b", to_b), ("y", text)]), making.object(&[("b", to_b), ("y", number)]));
    let variants = [(making.sets[0], old), (making.sets[1], new)];
    making.writer.definition(a, &variants);
    let other = making.object(&[("a", to_a)]);
    let variants = [(making.sets[0], other), (making.sets[1], other)];
    making.writer.definition(b, &variants);
    making.operation("op1", "/1", Some(to_a), Vec::new());
    making.operation("op2", "/2", Some(to_b), Vec::new());
    let bytes = making.finish();
    let pack = Pack::open(&bytes).unwrap();
    let (old, new) = (pack.api("v1").unwrap(), pack.api("v2").unwrap());
    let all = ["op1 body /y string → integer", "op2 body /a/y string → integer"];
    assert_eq!(told(&old.diff(new)), all);
    assert_eq!(told(&old.diff_of(new, "op2").unwrap()), all[1..]);
}

#[test]
fn differences_without_number_are_told_for_a_while() {
    let names: Vec<String> = (0..1000).map(|number| format!("f{number:04}")).collect();
    let ids: Vec<String> = (0..100).map(|number| format!("o{number:02}")).collect();
    let paths: Vec<String> = ids.iter().map(|id| format!("/{id}")).collect();
    let texts: Vec<&str> = [&names, &ids, &paths].into_iter().flatten().map(|s| &**s).collect();
    let mut making = Making::new("", &["v1", "v2"], &texts);
    let (text, number) = (making.schema(Shape::String), making.schema(Shape::Integer));
    let bodies = [text, number].map(|schema| {
        let fields: Vec<(&str, u32)> = names.iter().map(|name| (&**name, schema)).collect();
        making.object(&fields)
    });
    for (id, path) in ids.iter().zip(&paths) {
        making.bodies(id, path, &bodies);
    }
    let bytes = making.finish();
    let pack = Pack::open(&bytes).unwrap();
    let (old, new) = (pack.api("v1").unwrap(), pack.api("v2").unwrap());
    let (short, told): (Vec<Change>, Vec<Change>) =
        { old.diff(new).into_iter() }.partition(|change| change.kind == ChangeKind::Incomplete);
    // The others are not passed over in silence.
    assert_eq!((told.len(), short.len()), (10_000, 90));
    assert!(short.iter().all(Change::is_breaking));
    assert_eq!(old.operation("o99").unwrap().diff(new.operation("o99").unwrap()).len(), 1000);
}

/// What is different in a shared definition is kept for each place that it is in.
#[test]
fn what_is_shared_is_kept_for_a_while() {
    let names: Vec<String> = (0..1000).map(|number| format!("f{number:04}")).collect();
    let others: Vec<String> = (0..1000).map(|number| format!("g{number:04}")).collect();
    let places: Vec<String> = (0..2000).map(|number| format!("p{number:04}")).collect();
    let texts: Vec<&str> =
        [&names, &others, &places].into_iter().flatten().map(|s| &**s).chain(["a", "/a"]).collect();
    let mut making = Making::new("", &["v1", "v2"], &texts);
    let text = making.schema(Shape::String);
    let bodies = [&names, &others].map(|names| {
        let fields: Vec<(&str, u32)> = names.iter().map(|name| (&**name, text)).collect();
        let shared = making.object(&fields);
        let inner: Vec<(&str, u32)> =
            places.iter().map(|place| (&**place, making.object(&[(&**place, shared)]))).collect();
        making.object(&inner)
    });
    making.bodies("a", "/a", &bodies);
    let bytes = making.finish();
    let pack = Pack::open(&bytes).unwrap();
    let changes = pack.api("v1").unwrap().diff(pack.api("v2").unwrap());
    assert!(changes.iter().any(|change| change.kind == ChangeKind::Incomplete));
}

#[test]
fn packs_with_nothing_in_common_are_compared_for_a_while() {
    let made = |begin: char| {
        let ids: Vec<String> = (0..20_000).map(|number| format!("{begin}{number:05}")).collect();
        let paths: Vec<String> = ids.iter().map(|id| format!("/{id}")).collect();
        let texts: Vec<&str> = [&ids, &paths].into_iter().flatten().map(|s| &**s).collect();
        let mut making = Making::new("", &["v1"], &texts);
        for (id, path) in ids.iter().zip(&paths) {
            making.operation(id, path, None, Vec::new());
        }
        making.finish()
    };
    let (one, two) = (made('a'), made('b'));
    let api = |bytes| Pack::open(bytes).unwrap().api("v1").unwrap();
    let changes = api(&one).diff(api(&two));
    assert!(changes.len() < 10_000, "{}", changes.len());
    assert_eq!(changes.last().unwrap().kind, ChangeKind::Incomplete);
}

/// Texts that JSON writes otherwise may be among them, as far as is looked.
#[test]
fn allowed_values_may_have_signs_that_json_escapes() {
    let members = [r#""a\\b""#, r#""x\"y""#, r#""\u0001""#, "7"];
    let texts = [&["a", "/a", "f"][..], &members].concat();
    let mut making = Making::new("", &["v1"], &texts);
    let schema = making.writer.schema(&SchemaNode {
        format: None,
        members: members.iter().map(|member| making.texts[*member]).collect(),
        default: None,
        nullable: false,
        shape: Shape::String,
    });
    let body = making.object(&[("f", schema)]);
    making.operation("a", "/a", Some(body), Vec::new());
    let bytes = making.finish();
    let pack = Pack::open(&bytes).unwrap();
    let operation = pack.api("v1").unwrap().operation("a").unwrap();
    let found = |text: &str| operation.check_body(&serde_json::json!({ "f": text })).len();
    assert_eq!(["a\\b", "x\"y", "\u{1}", "7"].map(found), [0; 4]);
}

#[test]
fn what_is_too_deep_to_be_compared_is_told() {
    let mut making = Making::new("", &["v1", "v2"], &["a", "/a", "b", "/b", "f"]);
    let innermost = [Shape::String, Shape::Integer].map(|shape| making.schema(shape));
    let mut nested = |levels: usize| {
        innermost.map(|mut schema| {
            for _ in 0..levels {
                schema = making.object(&[("f", schema)]);
            }
            schema
        })
    };
    let (deep, flat) = (nested(30), nested(20));
    making.bodies("a", "/a", &deep);
    making.bodies("b", "/b", &flat);
    let bytes = making.finish();
    let pack = Pack::open(&bytes).unwrap();
    let changes = pack.api("v1").unwrap().diff(pack.api("v2").unwrap());
    let deepest = format!("b body {} string → integer", "/f".repeat(20));
    assert_eq!(told(&changes), ["a operation not all of it was compared", &deepest]);
}

#[test]
fn values_without_number_are_compared_for_a_while() {
    let values: Vec<String> = (0..4000).map(|number| format!("\"value {number:04}\"")).collect();
    let ids: Vec<String> = (0..200).map(|number| format!("o{number:03}")).collect();
    let paths: Vec<String> = ids.iter().map(|id| format!("/{id}")).collect();
    let texts: Vec<&str> = [&values, &ids, &paths].into_iter().flatten().map(|s| &**s).collect();
    let mut making = Making::new("", &["v1", "v2"], &texts);
    for (id, path) in ids.iter().zip(&paths) {
        let bodies = [&values[..2000], &values[2000..]].map(|values| {
            making.writer.schema(&SchemaNode {
                format: Some(making.texts[id]),
                members: values.iter().map(|value| making.texts[value]).collect(),
                default: None,
                nullable: false,
                shape: Shape::String,
            })
        });
        making.bodies(id, path, &bodies);
    }
    let bytes = making.finish();
    let pack = Pack::open(&bytes).unwrap();
    // Each of them takes a good part of a second.
    let changes = pack.api("v1").unwrap().diff(pack.api("v2").unwrap());
    assert!((2000..10_000).contains(&changes.len()), "{}", changes.len());
    assert_eq!(changes.last().unwrap().kind, ChangeKind::Incomplete);
}

/// What is not looked at is told by each operation that has it, not by the first alone.
#[test]
fn what_is_shared_and_too_wide_is_told_each_time() {
    let fields: Vec<String> = (0..1500).map(|number| format!("f{number:04}")).collect();
    let values: Vec<String> = (0..2001).map(|number| format!("\"value {number:04}\"")).collect();
    let mut texts: Vec<&str> = fields.iter().chain(&values).map(String::as_str).collect();
    texts.extend(["a", "/a", "b", "/b", "c", "/c", "d", "/d"]);
    let mut making = Making::new("", &["v1", "v2"], &texts);
    let (text, number) = (making.schema(Shape::String), making.schema(Shape::Integer));
    let wide = [text, number].map(|last| {
        let schema = |at: usize| if at == 1400 { last } else { text };
        let fields = fields.iter().enumerate().map(|(at, name)| (&**name, schema(at)));
        making.object(&fields.collect::<Vec<_>>())
    });
    let listed = [2001, 2000].map(|count| {
        making.writer.schema(&SchemaNode {
            format: None,
            members: values[..count].iter().map(|value| making.texts[value]).collect(),
            default: None,
            nullable: false,
            shape: Shape::String,
        })
    });
    for (id, path, bodies) in
        [("a", "/a", &wide), ("b", "/b", &wide), ("c", "/c", &listed), ("d", "/d", &listed)]
    {
        making.bodies(id, path, bodies);
    }
    let bytes = making.finish();
    let pack = Pack::open(&bytes).unwrap();
    let changes = pack.api("v1").unwrap().diff(pack.api("v2").unwrap());
    let expected =
        ["a", "b", "c", "d"].map(|id| format!("{id} operation not all of it was compared"));
    assert_eq!(told(&changes), expected);
}

/// What a wrapper says counts as if what it is around said it.
#[test]
fn a_wrapper_is_compared_with_what_it_is_around() {
    let mut making =
        Making::new("", &["v1", "v2"], &["a", "/a", "d", "f", "int64", "l", "m", "w", "\"x\""]);
    let wrapped = |making: &mut Making, inner| making.schema(Shape::AllOf(vec![inner]));
    let said = |making: &mut Making, format, members, default, shape| {
        let nullable = false;
        making.writer.schema(&SchemaNode { format, members, default, nullable, shape })
    };
    let x = making.texts["\"x\""];
    let text = making.schema(Shape::String);
    let number = making.schema(Shape::Integer);
    let list = making.schema(Shape::Array(number));
    let old = {
        let m = wrapped(&mut making, text);
        let l = wrapped(&mut making, list);
        making.object(&[("d", text), ("f", number), ("l", l), ("m", m), ("w", text)])
    };
    let int64 = making.texts["int64"];
    let new = {
        let d = said(&mut making, None, vec![], Some(x), Shape::String);
        let d = wrapped(&mut making, d);
        let f = said(&mut making, Some(int64), vec![], None, Shape::Integer);
        let f = wrapped(&mut making, f);
        let others = making.schema(Shape::Array(text));
        let l = wrapped(&mut making, others);
        let shape = Shape::AllOf(vec![text]);
        let nullable =
            SchemaNode { format: None, members: vec![], default: None, nullable: true, shape };
        let m = making.writer.schema(&nullable);
        let w = wrapped(&mut making, text);
        let w = wrapped(&mut making, w);
        making.object(&[("d", d), ("f", f), ("l", l), ("m", m), ("w", w)])
    };
    making.bodies("a", "/a", &[old, new]);
    let bytes = making.finish();
    let pack = Pack::open(&bytes).unwrap();
    let changes = pack.api("v1").unwrap().diff(pack.api("v2").unwrap());
    assert_eq!(
        told(&changes),
        [
            "a body /d default none → \"x\"",
            "a body /f integer → integer (int64)",
            "a body /l/* integer → string",
            "a body /m may be null now",
        ]
    );
}

/// The first part that names it says what it is; that it must be there any of them may say.
#[test]
fn a_field_of_two_parts_is_one() {
    let mut making = Making::new("", &["v1", "v2"], &["a", "/a", "size"]);
    let (number, text) = (making.schema(Shape::Number), making.schema(Shape::String));
    let size = making.texts["size"];
    let first = making.object(&[("size", number)]);
    let properties = vec![(size, text, true)];
    let second = making.schema(Shape::Object { additional: Additional::Unsaid, properties });
    let dog = making.schema(Shape::AllOf(vec![first, second]));
    making.bodies("a", "/a", &[dog, dog]);
    let bytes = making.finish();
    let pack = Pack::open(&bytes).unwrap();
    let (old, new) = (pack.api("v1").unwrap(), pack.api("v2").unwrap());
    assert_eq!(told(&old.diff(new)), [""; 0]);
    let check = |body: &serde_json::Value, expected: &[&str]| {
        let findings = old.operation("a").unwrap().check_body(body);
        let found: Vec<String> = findings.iter().map(ToString::to_string).collect();
        assert_eq!(found, expected);
    };
    check(&serde_json::json!({"size": 1.5}), &[]);
    check(&serde_json::json!({}), &["missing field `/size` of `a` in toy v1"]);
    check(
        &serde_json::json!({"size": "big"}),
        &["field `/size` of `a` in toy v1 is a number; text was given"],
    );
}

#[test]
fn names_that_were_given_are_told_as_they_are() {
    let mut making = Making::new("", &["v1"], &["a", "/a/{id}", "id", "this or that"]);
    let text = making.schema(Shape::String);
    let how = (Encoding::Plain, ListStyle::Single);
    let parameters = [("id", Location::Path), ("this or that", Location::Query)];
    let parameters = parameters.map(|(name, location)| {
        making.writer.parameter(making.texts[name], (location, true), how, text)
    });
    making.operation("a", "/a/{id}", None, parameters.to_vec());
    let bytes = making.finish();
    let operation = Pack::open(&bytes).unwrap().newest().unwrap().operation("a").unwrap();
    let error = operation.resolve(&[("this or that", &"x")], Body::Nothing).unwrap_err();
    assert_eq!(error.hint().unwrap(), "the path is `/a/{id}`; given: `this or that`");
}

#[test]
fn nothing_that_a_pack_says_leaves_the_head_of_a_request() {
    for (prefix, path, target) in [
        ("", "@evil.example/x", "/@evil.example/x"),
        ("", ".evil.example/x", "/.evil.example/x"),
        ("/{version}/{version}", "/a", "/v1/v1/a"),
        ("/v1 HTTP/1.1\r\nX: y", "/a", "/v1%20HTTP/1.1%0D%0AX:%20y/a"),
    ] {
        let mut making = Making::new(prefix, &["v1"], &["a", path]);
        making.operation("a", path, None, Vec::new());
        let bytes = match prefix.contains(char::is_control) {
            true => making.finish_unfit_to_be_shown(),
            false => making.finish(),
        };
        let operation = Pack::open(&bytes).unwrap().newest().unwrap().operation("a").unwrap();
        let request = operation.resolve(&[], Body::Nothing).unwrap();
        assert_eq!(request.target(), target);
    }
    let mut making = Making::new("", &["v1"], &["a", "/a", "X\r\nEvil"]);
    let (text, name) = (making.schema(Shape::String), making.texts["X\r\nEvil"]);
    let (encoding, style) = (Encoding::Plain, ListStyle::Single);
    let header = making.writer.parameter(name, (Location::Header, false), (encoding, style), text);
    making.operation("a", "/a", None, vec![header]);
    let bytes = making.finish_unfit_to_be_shown();
    let operation = Pack::open(&bytes).unwrap().newest().unwrap().operation("a").unwrap();
    let error = operation.resolve(&[("X\r\nEvil", &"x")], Body::Nothing).unwrap_err();
    assert!(matches!(error.kind(), ResolveErrorKind::InvalidParameter), "{error}");
}

#[test]
fn what_a_terminal_takes_for_commands_is_in_no_pack() {
    for text in ["\u{1b}[2J", "two\nlines", "tab\t", "del\u{7f}", "csi\u{9b}2J", "nel\u{85}", "\0"]
    {
        Making::new("", &["v1"], &["a", text]).finish_unfit_to_be_shown();
    }
    Making::new("", &["v1"], &["é", "\u{a0}", "\\u001b[2J", " "]).finish();
}

/// Hints go through all versions.
#[test]
fn versions_without_number_are_in_no_pack() {
    let names: Vec<String> = (0..1025).map(|number| format!("v{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    Making::new("", &names[..1024], &[]).finish();
    let bytes = Making::new("", &names, &[]).writer.finish();
    let error = Pack::open(&bytes).unwrap().verify().unwrap_err();
    assert!(matches!(error, PackError::Structure { table: "versions", record: 1024 }), "{error}");
}

#[test]
fn a_version_goes_by_its_own_name_first() {
    let bytes = Making::new("", &["v4.0.0", "v4.0.0-dev"], &[]).finish();
    let pack = Pack::open(&bytes).unwrap();
    for (asked, expected) in
        [("v4.0.0", "v4.0.0"), ("v4.0.0-dev", "v4.0.0-dev"), ("4.0", "v4.0.0-dev")]
    {
        assert_eq!(pack.api(asked).unwrap().version(), expected, "{asked}");
    }
}

/// What lies beyond those that are looked at is not judged.
#[test]
fn fields_that_are_not_looked_at_are_not_unknown() {
    let names: Vec<String> = (0..1100).map(|number| format!("field{number:04}")).collect();
    let mut texts: Vec<&str> = names.iter().map(String::as_str).collect();
    texts.extend(["a", "/a"]);
    let mut making = Making::new("", &["v1"], &texts);
    let text = making.schema(Shape::String);
    let fields: Vec<(&str, u32)> = names.iter().map(|name| (&**name, text)).collect();
    let object = making.object(&fields);
    making.operation("a", "/a", Some(object), Vec::new());
    let bytes = making.finish();
    let operation = Pack::open(&bytes).unwrap().newest().unwrap().operation("a").unwrap();
    let codes = |body: serde_json::Value| -> Vec<_> {
        operation.check_body(&body).iter().map(|finding| finding.code()).collect()
    };
    assert_eq!(codes(serde_json::json!({ "field1099": "t", "field0001": 1 })), ["wrong-type"]);
}

#[test]
fn what_is_null_is_nothing_else() {
    let mut making = Making::new("", &["v1"], &["a", "/a", "f"]);
    let null = making.schema(Shape::Null);
    let object = making.object(&[("f", null)]);
    making.operation("a", "/a", Some(object), Vec::new());
    let bytes = making.finish();
    let operation = Pack::open(&bytes).unwrap().newest().unwrap().operation("a").unwrap();
    let check = |body: serde_json::Value| operation.check_body(&body).len();
    assert_eq!(
        [check(serde_json::json!({ "f": null })), check(serde_json::json!({ "f": "t" }))],
        [0, 1]
    );
}

#[test]
fn a_required_header_is_not_empty() {
    let mut making = Making::new("", &["v1"], &["a", "/a", "X-Must"]);
    let (text, name) = (making.schema(Shape::String), making.texts["X-Must"]);
    let how = (Encoding::Plain, ListStyle::Single);
    let header = making.writer.parameter(name, (Location::Header, true), how, text);
    making.operation("a", "/a", None, vec![header]);
    let bytes = making.finish();
    let operation = Pack::open(&bytes).unwrap().newest().unwrap().operation("a").unwrap();
    assert!(operation.resolve(&[("X-Must", &"x")], Body::Nothing).is_ok());
    let told = |values: &[(&str, &dyn Value)]| {
        operation.resolve(values, Body::Nothing).unwrap_err().to_string()
    };
    assert_eq!(told(&[("X-Must", &"")]), "parameter `X-Must` of `a` is empty");
    assert_eq!(told(&[("X-Must", &None::<&str>)]), "`a` needs the header parameter `X-Must`");
}

/// Whether they are given one by one or as a list.
#[test]
fn values_of_one_parameter_are_all_written() {
    let texts = ["a", "/a/{ids}", "f", "ids", "m", "q", "s", "X-H"];
    let mut making = Making::new("", &["v1"], &texts);
    let text = making.schema(Shape::String);
    let list = making.schema(Shape::Array(text));
    let parameters = [
        ("ids", Location::Path, ListStyle::Csv),
        ("q", Location::Query, ListStyle::Csv),
        ("s", Location::Query, ListStyle::Pipes),
        ("m", Location::Query, ListStyle::Multi),
        ("X-H", Location::Header, ListStyle::Multi),
        ("f", Location::Form, ListStyle::Ssv),
    ];
    let parameters = parameters.map(|(name, location, style)| {
        let name = making.texts[name];
        making.writer.parameter(name, (location, false), (Encoding::Plain, style), list)
    });
    making.operation("a", "/a/{ids}", None, parameters.to_vec());
    let bytes = making.finish();
    let operation = Pack::open(&bytes).unwrap().newest().unwrap().operation("a").unwrap();
    let check = |values: &[(&str, &dyn Value)], expected: [&str; 3]| {
        let request = operation.resolve(values, Body::Nothing).unwrap();
        let header = request.headers().find(|(name, _)| *name == "X-H").map(|(_, value)| value);
        let RequestContent::Text(body) = request.content() else { panic!("no form") };
        assert_eq!([request.target(), header.unwrap_or_default(), body], expected);
    };
    check(
        &[
            ("q", &"1"),
            ("m", &"1"),
            ("ids", &"a"),
            ("s", &"1"),
            ("X-H", &"1"),
            ("f", &"1"),
            ("m", &"2"),
            ("ids", &["b", "c"]),
            ("f", &"2"),
            ("X-H", &"2"),
            ("q", &["2", "3"]),
            ("s", &"2"),
        ],
        ["/a/a%2Cb%2Cc?q=1,2,3&m=1&s=1%7C2&m=2", "1,2", "f=1%202"],
    );
    check(
        &[("ids", &["a", "b"]), ("q", &["1", "2"]), ("X-H", &["1", "2"]), ("f", &["1", "2"])],
        ["/a/a%2Cb?q=1,2", "1,2", "f=1%202"],
    );
    check(&[("ids", &"a"), ("q", &[""; 0]), ("q", &"1")], ["/a/a?q=1", "", ""]);
}
