//! States to wait for, and where their pointers lead.

use super::*;
use crate::model::{Condition, Sign, Waiter};

#[test]
fn a_waiter_is_for_versions_that_have_its_operation() {
    let (model, unmatched) = apply(
        "- waiter: built\n  operation: [Make, Build]\n  takes: { tag: t, gone: g }\n  every: 250ms\n  \
         within: 2m\n  tells: /Code\n  ends:\n    - done: { at: /State, is: [built, 1, true] }\n    \
         - failed: { status: [404, 410], because: it is gone }\n    \
         - failed: { at: /Plan, present: false, because: there is no plan }\n    \
         - done: { status: 500, at: /Id, present: true }\n\
         - waiter: made\n  operation: Make\n  every: 1s\n  ends: [{ done: { status: 200 } }]\n",
    );
    let condition = |statuses: &[u16], sign, failed: Option<&str>| Condition {
        statuses: statuses.to_vec(),
        sign,
        failed: failed.map(Into::into),
    };
    let values = ["\"built\"", "1", "true"].map(str::to_owned);
    let built = Waiter {
        operation: "Build".to_owned(),
        parameters: vec![("tag".to_owned(), "t".to_owned())],
        every: 250,
        within: 120_000,
        tells: Some("/Code".to_owned()),
        conditions: vec![
            condition(&[], Some(Sign::Is("/State".to_owned(), values.to_vec())), None),
            condition(&[404, 410], None, Some("it is gone")),
            condition(&[], Some(Sign::Absent("/Plan".to_owned())), Some("there is no plan")),
            condition(&[500], Some(Sign::Present("/Id".to_owned())), None),
        ],
    };
    assert_eq!(model.waiters, BTreeMap::from([("built".to_owned(), built)]));
    assert_eq!(
        unmatched,
        [
            "line 1: `Make` matches nothing in any version",
            "line 1: `g` matches nothing in any version",
            "line 12: `Make` matches nothing in any version",
        ]
    );
}

/// What is told of pointers into the answers of an operation, in versions that have these specs.
#[track_caller]
fn check_pointers(schemas: &[&str], ends: &str, expected: &[&str]) {
    let rules = format!(
        "- waiter: up\n  operation: Up\n  every: 1s\n  tells: /State/Code\n  ends: [{ends}]\n"
    );
    let annotations = Annotations::parse(&rules).unwrap();
    let mut all = annotations.matches();
    for (version, schema) in schemas.iter().enumerate() {
        let spec = format!(
            "swagger: '2.0'\nproduces: [application/json]\npaths:\n  /up:\n    get:\n      operationId: Up\n      \
             responses:\n        200: {schema}\n        204: {{}}\n        \
             500: {{ schema: {{ properties: {{ cause: {{ type: string }} }} }} }}\n        \
             502: {{ schema: {{ type: string }} }}\n\
             definitions:\n  State: {{ properties: {{ Code: {{ type: integer }}, Status: {{ type: string }} }} }}\n  \
             Open: {{ properties: {{ a: {{ type: string }} }}, additionalProperties: true }}\n"
        );
        let context = crate::spec::Context::new(format!("v1.{version}"));
        let mut model = crate::spec::read(spec.as_bytes(), &context).unwrap().model;
        let mut matches = annotations.matches();
        annotations.apply(&mut model, &mut matches);
        all.merge(&matches);
    }
    let told: Vec<String> = annotations.unmatched(&all).iter().map(Unmatched::to_string).collect();
    let expected: Vec<String> = expected
        .iter()
        .map(|told| told.replacen(' ', " leads to no field of the answer in any version ", 1))
        .map(|told| format!("line 1: {}", told.trim_end()))
        .collect();
    assert_eq!(told, expected, "{schemas:?} {ends}");
}

#[test]
fn pointers_that_lead_to_no_field_are_told() {
    let state = "{ schema: { properties: { State: { $ref: '#/definitions/State' }, \
                 Ports: { type: array, items: { $ref: '#/definitions/State' } }, \
                 Labels: { additionalProperties: { type: string } }, \
                 Any: {}, Old: { type: object }, \
                 One: { allOf: [{ $ref: '#/definitions/State' }, { description: more }, \
                 { properties: { More: { type: string } } }] } } } }";
    let is = |pointer: &str| format!("{{ done: {{ at: {pointer}, is: x }} }}");
    for pointer in [
        "/State/Status",
        "/Ports/0/Code",
        "/Labels/any",
        "/Any/thing/at/all",
        "/Old/one",
        "/One/Status",
        "/One/More",
        "''",
    ] {
        check_pointers(&[state], &is(pointer), &[]);
    }
    let told = "`/State/Statsu` (did you mean `/State/Status`?)";
    check_pointers(&[state], &is("/State/Statsu"), &[told]);
    // Wherever it stands, and once.
    let ends = format!("{}, {}", is("/State/Statsu"), is("/State/Statsu"));
    check_pointers(&[state, state], &ends, &[told]);
    let failed = "{ failed: { at: /Stat/Code, present: false, because: so } }";
    let told = "`/Stat/Code` (did you mean `/State/Code`?)";
    check_pointers(&[state], &format!("{}, {failed}", is("/State/Code")), &[told]);
    check_pointers(&[state], &is("/Ports/first"), &["`/Ports/first` "]);
    check_pointers(&[state], &is("/Labels/any/more"), &["`/Labels/any/more` "]);
    check_pointers(&[state], &is("/One/Mor"), &["`/One/Mor` (did you mean `/One/More`?)"]);
    // One version that has it is enough, and so is one that may.
    let other = "{ schema: { properties: { State: { properties: { Statsu: {}, Code: {} } } } } }";
    check_pointers(&[state, other], &is("/State/Statsu"), &[]);
    let told = [
        "`/State/Code` (did you mean `/States/Code`?)",
        "`/State/Status` (did you mean `/States/Status`?)",
    ];
    let renamed = "{ schema: { properties: { States: {} } } }";
    check_pointers(&[renamed], &is("/State/Status"), &told);
    for unknown in [
        "{}",
        "{ schema: {} }",
        "{ schema: { type: object } }",
        "{ schema: { $ref: '#/definitions/Open' } }",
        "{ schema: { additionalProperties: true } }",
    ] {
        check_pointers(&[unknown], &is("/State/Status"), &[]);
        check_pointers(&[renamed, unknown], &is("/State/Status"), &[]);
    }
}

#[test]
fn pointers_lead_into_the_answers_of_their_statuses() {
    let state = "{ schema: { properties: { State: { $ref: '#/definitions/State' } } } }";
    let done = "{ done: { at: /State/Status, is: x } }";
    let check = |status: &str, pointer: &str, expected: &[&str]| {
        let failed =
            format!("{{ failed: {{ status: {status}, at: {pointer}, is: x, because: so }} }}");
        check_pointers(&[state], &format!("{done}, {failed}"), expected);
    };
    check("500", "/cause", &[]);
    check("500", "/caus", &["`/caus` (did you mean `/cause`?)"]);
    check("200", "/cause", &["`/cause` "]);
    // What is not documented, or is a text.
    check("404", "/caus", &[]);
    check("[404, 500]", "/caus", &[]);
    check("502", "/caus", &[]);
    // What a state tells stands in the answer by which it is reached.
    let told = ["`/State/Code` "];
    check_pointers(&[state], "{ done: { status: 500, at: /cause, is: x } }", &told);
    check_pointers(&[state], "{ done: { status: 404 } }", &[]);
}

#[test]
fn refuses_waiters_that_make_no_sense() {
    let tell = refuse;
    let refuse = |rest: &str, expected: &str| {
        tell(&format!("- waiter: up\n  {rest}\n"), &format!("line 1: {expected}"));
    };
    let up = "operation: Up\n  every: 1s";
    refuse("every: 1s", "a `waiter` needs an `operation` to ask");
    refuse("operation: '*'\n  every: 1s", "a `waiter` asks one `operation`, not all");
    refuse("operation: Up", "a `waiter` needs `every`: the time between tries");
    refuse(
        &format!("{up}\n  set: {{ answer: json }}"),
        "a `waiter` changes nothing in a spec: that takes a rule of its own",
    );
    refuse(
        &format!("{up}\n  optional: [a]"),
        "a `waiter` changes nothing in a spec: that takes a rule of its own",
    );
    refuse(up, "the `ends` of a `waiter` need at least one `done`");
    let end = |end: &str, expected: &str| refuse(&format!("{up}\n  ends: [{end}]"), expected);
    end(
        "{ failed: { status: 404, because: no } }",
        "the `ends` of a `waiter` need at least one `done`",
    );
    end("{}", "each of the `ends` is either `done` or `failed`");
    end(
        "{ done: { status: 200 }, failed: { status: 404 } }",
        "each of the `ends` is either `done` or `failed`",
    );
    end("{ done: { status: 200, because: so } }", "`done` takes no `because`");
    end(
        "{ failed: { status: 404 } }",
        "`failed` needs `because`: the reason, as its user reads it",
    );
    end(
        "{ failed: { status: 404, because: '' } }",
        "`because` is one line of text, of up to 200 characters",
    );
    end("{ done: { status: 999 } }", "a `status` is a number from 100 to 599");
    end("{ done: { status: [] } }", "a `status` is a number from 100 to 599");
    let looks = "an end looks at a `status`, or `at` a pointer with `is` or `present`";
    end("{ done: {} }", looks);
    end("{ done: { at: /a } }", looks);
    end("{ done: { status: 200, is: b } }", looks);
    end("{ done: { at: /a, is: b, present: true } }", looks);
    end("{ done: { at: a, is: b } }", "`a` is not a JSON pointer: they begin with `/`");
    end("{ done: { at: /a, is: [] } }", "`is` has no value");
    end("{ done: { at: /a, is: [[b]] } }", "`is` takes texts, numbers, `true`, `false`");
    end("{ done: { at: /a, is: [null] } }", "`is` takes no `null`: write `present: false`");
    for time in ["0s", "5", "1.5s", "-1s", "2 s", "99999999h", ""] {
        let expected =
            format!("`{time}` is not a valid time for `every`: write one such as 500ms, 2s, 5m");
        refuse(
            &format!("operation: Up\n  every: '{time}'\n  ends: [{{ done: {{ status: 200 }} }}]"),
            &expected,
        );
    }
    tell("- waiter: a b\n  operation: Up\n", "line 1: `a b` is not a valid name of a `waiter`");
    tell(
        "- operation: Up\n  every: 1s\n",
        "line 1: `takes`, `every`, `within`, `tells` and `ends` belong to a `waiter`",
    );
}
