//! Specs made for the purpose: whatever they are, they end soon and take little.

use std::time::{Duration, Instant};

use insta::assert_snapshot;

use super::tests::{SOUND, faults, paths, reads};
use super::*;
use crate::model::Kind;

#[test]
fn aliases_do_not_blow_up() {
    let mut laughs = "swagger: '2.0'\nconsumes:\n- &a0 [lol, lol, lol, lol]\n".to_owned();
    for i in 0..20 {
        laughs += &format!("- &a{} [{}]\n", i + 1, vec![format!("*a{i}"); 10].join(", "));
    }
    assert_snapshot!(faults(laughs), @"the spec is not well-formed: repetition limit exceeded (at #/consumes/5/1/1/6/6/2)");
    // Few nodes and few bytes, and yet a hundred gigabytes of text.
    let scalar = "\\x61".repeat(1 << 20);
    let aliases = "*a, ".repeat(100_000);
    assert_snapshot!(faults(format!("swagger: '2.0'\nconsumes: [&a \"{scalar}\", {aliases}]\n")), @"the spec is not well-formed: consumes[15]: more than 16777216 bytes, aliases expanded at line 2 column 12");
    // An alias within what it stands for.
    assert_snapshot!(faults("swagger: '2.0'\nconsumes: &a [*a]\n"), @"the spec is not well-formed: recursion limit exceeded at line 2 column 11");
}

#[test]
fn references_do_not_blow_up() {
    let mut text = "swagger: '2.0'\npaths:\n".to_owned();
    for i in 0..2000 {
        text += &format!(
            "  /{i}: {{ get: {{ operationId: O{i}, responses: {{ 200: {{ $ref: '#/responses/Big' }} }} }} }}\n"
        );
    }
    text += "responses:\n  Big:\n    schema:\n      properties:\n";
    for i in 0..2000 {
        text += &format!("        field{i}:\n          type: string\n");
    }
    assert_snapshot!(faults(text), @"with its references the spec unfolds to more than 67108864 bytes (at #/paths/~1198/get/responses/200/schema/properties/field1624)");
    let path = "/{a}".repeat(1001);
    let operation = format!("{{\"{path}\": {{\"get\": {{\"operationId\": \"A\"}}}}}}");
    let fault = faults(format!("{{\"swagger\": \"2.0\", \"paths\": {operation}}}"));
    assert!(
        fault.starts_with("more than 1000 variables in a path (at #/paths/~1{a}~1{a}"),
        "{fault}"
    );
    let list = "- { name: a, in: query }\n".repeat(1001).replace("- ", "      - ");
    assert_snapshot!(faults(paths(&format!("  /a:\n    get:\n      operationId: A\n      parameters:\n{list}"))), @"more than 1000 parameters (at #/paths/~1a/get/parameters)");
}

/// Each of them is told with its place, which may be as long as the spec.
#[test]
fn keys_that_stand_twice_without_number_end() {
    let twice = "\"a\":0,".repeat(60_000);
    let (long, begin) = ("~".repeat(600_000), Instant::now());
    let told = faults(format!(
        "{{\"swagger\":\"2.0\",\"definitions\":{{\"{long}\":{{{twice}\"b\":0}}}}}}"
    ));
    assert!(
        told.starts_with("the key `a` appears here twice (at #/definitions/~0~0"),
        "{:.99}",
        told
    );
    assert!(told.len() < 1 << 20 && begin.elapsed() < Duration::from_secs(20), "{}", told.len());
}

#[test]
fn nesting_ends() {
    let deep =
        |open: &str, times: usize| format!("swagger: '2.0'\nconsumes: {}", open.repeat(times));
    assert_snapshot!(faults(deep("[", 300) + &"]".repeat(300)), @"the spec is not well-formed: recursion limit exceeded at line 2 column 138");
    assert_snapshot!(faults(deep("[", 2_000_000)), @"too many brackets of YAML's flow style: 2000000 in 2000025 bytes");
    assert_snapshot!(faults(deep("{a: ", 2_000_000)), @"too many brackets of YAML's flow style: 2000000 in 8000025 bytes");
    assert_snapshot!(faults(deep("\n- ", 1) + &"- ".repeat(1_000_000)), @"the spec is nested too deep in line 3");
    assert_snapshot!(faults("? ".repeat(1_000_000)), @"the spec is nested too deep in line 1");
    let mut block = "swagger: '2.0'\nconsumes:\n".to_owned();
    for depth in 1..1000 {
        block += &format!("{}a:\n", " ".repeat(depth));
    }
    assert_snapshot!(faults(block), @"the spec is not well-formed: recursion limit exceeded at line 130 column 129");
    assert_snapshot!(faults(format!("{{\"swagger\": {}", "[".repeat(1_000_000))), @"the spec is not well-formed: recursion limit exceeded at line 1 column 139");
    // Not too deep for the reader, and still deeper than a schema may be.
    let schema = "{ items: ".repeat(110) + "{}" + &" }".repeat(110);
    let text = format!(
        "swagger: '2.0'\nparameters: {{}}\npaths:\n  /a: {{ get: {{ operationId: A, responses: {{ 200: {{ schema: {{ $ref: '#/definitions/D' }} }} }} }} }}\ndefinitions: {{ D: {schema} }}\n"
    );
    let fault = faults(text);
    assert!(
        fault.starts_with("the schema is nested too deep (at #/definitions/D/items/items"),
        "{fault}"
    );
}

#[test]
fn huge_texts_are_kept_out_of_messages() {
    let long = "x".repeat(1 << 20);
    let fault = faults(format!(
        "{{\"swagger\": \"2.0\", \"paths\": {{\"/{long}\": {{\"fetch\": {{}}, \"push\": {{}}}}}}}}"
    ));
    assert_eq!(fault.lines().count(), 2);
    assert!(fault.len() < 5000, "{} bytes", fault.len());
    let fault = faults(format!("swagger: {long}"));
    assert!(fault.len() < 5000, "{} bytes", fault.len());
    // A huge scalar in itself is fine.
    let model =
        reads(&SOUND.replace("Gets a tree", &long).replace("[a, 1", &format!("[{long}, 1")));
    assert_eq!(model.operations.len(), 2);
    let many: String = (0..5000).map(|i| format!("  /{i}: {{ fetch: {{}} }}\n")).collect();
    let fault = faults(paths(&many));
    assert_eq!(fault.lines().count(), 1001);
    assert!(fault.ends_with("there are more faults than these (at #)"));
}

#[test]
fn many_names_take_no_long_time() {
    let mut text = "swagger: '2.0'\npaths:\n".to_owned();
    for i in 0..20_000 {
        text += &format!(
            "  /{i}: {{ get: {{ operationId: O{i}, responses: {{ 200: {{ schema: {{ $ref: '#/definitions/D{i}' }} }} }} }} }}\n"
        );
    }
    // Too many brackets for YAML, so blocks it is.
    let text = text.replace("{ ", "\n      ").replace(" }", "");
    assert!(!faults(text).is_empty());
    let operations: Vec<String> = (0..20_000)
        .map(|i| format!("\"/{i}\": {{\"get\": {{\"operationId\": \"O{i}\", \"responses\": {{\"200\": {{\"schema\": {{\"$ref\": \"#/definitions/D{i}\"}}}}}}}}}}"))
        .collect();
    let definitions: Vec<String> = (0..20_000).map(|i| format!("\"D{i}\": {{}}")).collect();
    let start = Instant::now();
    let model = reads(&format!(
        "{{\"swagger\": \"2.0\", \"paths\": {{{}}}, \"definitions\": {{{}}}}}",
        operations.join(", "),
        definitions.join(", ")
    ));
    assert_eq!(model.definitions.len(), 20_000);
    assert!(start.elapsed() < Duration::from_secs(120), "{:?}", start.elapsed());
}

#[test]
fn what_is_made_for_the_purpose_takes_no_long_time() {
    let start = Instant::now();
    // Paths that differ in what goes into no id.
    let operations: Vec<String> = (0..20_000)
        .map(|i| format!("\"/a{}{}\": {{\"get\": {{}}}}", "-".repeat(i % 150), "/".repeat(i / 150)))
        .collect();
    let model =
        reads(&format!("{{\"swagger\": \"2.0\", \"paths\": {{{}}}}}", operations.join(", ")));
    let ids: BTreeSet<&str> = model.operations.iter().map(|operation| &*operation.id).collect();
    assert_eq!(ids.len(), 20_000);
    assert!(ids.contains("getA") && ids.contains("getA20000"));

    // A chain of definitions, and a ring at its end.
    let count = 20_000;
    let definitions: Vec<String> = (0..count)
        .map(|i| {
            let to = if i + 1 < count { i + 1 } else { count - 3 };
            format!("\"D{i}\": {{\"$ref\": \"#/definitions/D{to}\"}}")
        })
        .collect();
    let model = reads(&format!(
        "{{\"swagger\": \"2.0\", \"paths\": {{\"/a\": {{\"get\": {{\"responses\": {{\"200\": {{\"schema\": \
         {{\"$ref\": \"#/definitions/D0\"}}}}}}}}}}}}, \"definitions\": {{{}}}}}",
        definitions.join(", ")
    ));
    let open = model.definitions.iter().filter(|(_, schema)| schema.kind == Kind::Any);
    let open: Vec<&str> = open.map(|(name, _)| &**name).collect();
    assert_eq!(open, ["D19997", "D19998", "D19999"]);
    assert_eq!(model.definitions.len(), count);

    // References to one field of very many, each.
    let fields = |text: &dyn Fn(usize) -> String| {
        (0..40_000).map(|i| format!("\"p{i}\": {}", text(i))).collect::<Vec<_>>().join(", ")
    };
    let fault = faults(format!(
        "{{\"swagger\": \"2.0\", \"paths\": {{\"/a\": {{\"get\": {{\"responses\": {{\"200\": {{\"schema\": \
         {{\"properties\": {{{}}}}}}}}}}}}}}}, \"definitions\": {{\"A\": {{\"properties\": {{{}}}}}}}}}",
        fields(&|i| format!("{{\"$ref\": \"#/definitions/A/properties/p{i}\"}}")),
        fields(&|_| "{}".to_owned()),
    ));
    assert!(fault.starts_with("with its references the spec unfolds to more than"), "{fault}");
    assert_eq!(fault.lines().count(), 1);

    // Very many keys of the document, none of which is asked for.
    let keys: Vec<String> = (0..100_000).map(|i| format!("\"k{i}\": 0")).collect();
    let operations: Vec<String> =
        (0..100_000).map(|i| format!("\"/{i}\": {{\"get\": {{}}}}")).collect();
    let model = reads(&format!(
        "{{{}, \"swagger\": \"2.0\", \"paths\": {{{}}}}}",
        keys.join(", "),
        operations.join(", ")
    ));
    assert_eq!(model.operations.len(), operations.len());
    assert!(start.elapsed() < Duration::from_secs(120), "{:?}", start.elapsed());
}

/// Each that refers to a mapping looks through its keys, whatever these are.
#[test]
fn what_is_shared_is_searched_within_bounds() {
    let keys: String = (0..10_000).map(|i| format!("\"x-{i}\": 0, ")).collect();
    let check = |top: &str, operation: &str, shared: &str| {
        let operations: Vec<String> = (0..500).map(|i| format!("\"/{i}\": {operation}")).collect();
        let shared = shared.replace("KEYS", &keys);
        let paths = operations.join(", ");
        let fault = faults(format!("{{{top}, \"paths\": {{{paths}}}, {shared}}}"));
        assert!(fault.starts_with("with its references the spec unfolds to more than"), "{fault}");
    };
    let swagger2 = "\"swagger\": \"2.0\"";
    check(
        swagger2,
        r##"{"get": {"parameters": [{"$ref": "#/parameters/a"}]}}"##,
        r#""parameters": {"a": {KEYS "name": "a", "in": "query", "type": "string"}}"#,
    );
    check(
        swagger2,
        r##"{"get": {"parameters": [{"$ref": "#/parameters/a"}]}}"##,
        r#""parameters": {"a": {"name": "a", "in": "query", "schema": {KEYS "type": "string"}}}"#,
    );
    check(
        swagger2,
        r##"{"get": {"responses": {"200": {"$ref": "#/responses/a"}}}}"##,
        r#""responses": {"a": {KEYS "description": "a"}}"#,
    );
    let openapi3 = r#""openapi": "3.1.0""#;
    check(
        openapi3,
        r##"{"get": {"requestBody": {"$ref": "#/components/requestBodies/a"}}}"##,
        r#""components": {"requestBodies": {"a": {KEYS "content": {"application/json": {}}}}}"#,
    );
    check(
        openapi3,
        r##"{"$ref": "#/components/pathItems/a"}"##,
        r#""components": {"pathItems": {"a": {KEYS "get": {}}}}"#,
    );
}

#[test]
fn what_is_copied_is_counted() {
    // A long path of a server, before each path that has no server of its own.
    let operations: String = (0..2000)
        .map(|i| format!("\"/p{i}\": {{\"get\": {{\"operationId\": \"O{i}\"}}}}, "))
        .collect();
    let server = "/".to_owned() + &"a".repeat(400_000);
    let text = format!(
        "{{\"openapi\": \"3.0.3\", \"servers\": [{{\"url\": \"{server}\"}}], \"paths\": {{{operations}\
         \"/z\": {{\"get\": {{\"operationId\": \"Z\", \"servers\": [{{\"url\": \"/\"}}]}}}}}}}}"
    );
    assert_snapshot!(faults(text), @"with its references the spec unfolds to more than 67108864 bytes (at #/paths/~1p167/get)");
    // A schema for each of many media types.
    let types: String = (0..2000).map(|i| format!("\"a/{i}\", ")).collect();
    let fields: String = (0..5000).map(|i| format!("\"f{i}\": {{}}, ")).collect();
    let text = format!(
        "{{\"swagger\": \"2.0\", \"consumes\": [{types}\"a/a\"], \"paths\": {{\"/a\": {{\"post\": {{\
         \"operationId\": \"A\", \"parameters\": [\
         {{\"name\": \"a\", \"in\": \"body\", \"schema\": {{\"properties\": {{{fields}\"f\": {{}}}}}}}}, \
         {{\"name\": \"b\", \"in\": \"body\"}}]}}}}}}}}"
    );
    assert_snapshot!(faults(text), @"with its references the spec unfolds to more than 67108864 bytes (at #/paths/~1a/post)");
    // Variables that nobody declares.
    let variables: String = (0..900).map(|i| format!("/{{v{i}}}")).collect();
    let methods = ["get", "put", "post", "delete", "options", "head", "patch"];
    let methods = methods.map(|method| format!("\"{method}\": {{}}")).join(", ");
    let paths: Vec<String> = (0..500)
        .map(|i| format!("\"/p{i}{variables}\": {{\"$ref\": \"#/components/pathItems/P\"}}"))
        .collect();
    let text = format!(
        "{{\"openapi\": \"3.1.0\", \"paths\": {{{}}}, \"components\": {{\"pathItems\": {{\"P\": {{{methods}}}}}}}}}",
        paths.join(", ")
    );
    assert_snapshot!(faults(text).split(" (at").next().unwrap_or_default(), @"with its references the spec unfolds to more than 67108864 bytes");
}

/// Everything that is looked up among others is found at once.
#[test]
fn many_of_a_kind_take_no_long_time() {
    const MANY: usize = 100_000;
    let start = Instant::now();
    let of = |content: &str| {
        reads(&format!(
            "{{\"openapi\": \"3.0.3\", \"paths\": {{\"/a\": {{\"post\": {{\"operationId\": \"A\", \
             \"requestBody\": {{\"content\": {{{content}}}}}}}}}}}}}"
        ))
    };
    let list = |one: &dyn Fn(usize) -> String| (0..MANY).map(one).collect::<Vec<_>>().join(", ");
    let types = of(&list(&|i| format!("\"a/{i}\": {{}}")));
    assert_eq!(types.operations[0].body.as_ref().unwrap().media_types.len(), MANY);
    let fields = list(&|i| format!("\"f{i}\": {{}}"));
    let names = list(&|i| format!("\"f{i}\""));
    let model = of(&format!(
        "\"application/json\": {{\"schema\": {{\"allOf\": [{{}}], \"properties\": {{{fields}}}, \
         \"required\": [{names}]}}}}"
    ));
    assert!(model.operations[0].body.is_some());
    let model = of(&format!(
        "\"application/x-www-form-urlencoded\": {{\"schema\": {{\"properties\": {{{fields}}}}}, \
         \"encoding\": {{{}}}}}",
        list(&|i| format!("\"f{i}\": {{\"style\": \"form\"}}"))
    ));
    assert_eq!(model.operations[0].parameters.len(), MANY);
    assert!(start.elapsed() < Duration::from_secs(120), "{:?}", start.elapsed());
}
