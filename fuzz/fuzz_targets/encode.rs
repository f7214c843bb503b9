//! Values on their way into requests: parsers that are not ours find each again, in its place and
//! as it was given.
//!
//! Input: which call, and texts between zero bytes for its parameters, in the order below.
#![no_main]

use std::collections::BTreeMap;

use contajners_core::{Body, Operation, Pack, Request, RequestContent, ResolveErrorKind, Value};
use contajners_fuzz::specs::TOY;
use libfuzzer_sys::fuzz_target;
use percent_encoding::percent_decode_str;
use serde_json::{Value as Json, json};
use url::form_urlencoded;

fuzz_target!(|data: &str| {
    let Some(which) = data.bytes().next() else { return };
    let mut texts = data[usize::from(which < 0x80)..].split('\0');
    let mut next = || texts.next().unwrap_or("x");
    let api = Pack::open(&TOY).expect("our own").api("v1.0").expect("its first version");
    let operation = |id| api.operation(id).expect("one of its operations");
    match which % 4 {
        0 => get(operation("Get"), [next(), next(), next(), next(), next(), next()]),
        1 => lists(operation("Get"), [next(), next(), next()]),
        2 => form(operation("Form"), [next(), next(), next()]),
        _ => upload(operation("Upload"), [next(), next()]),
    }
});

type Pairs = Vec<(String, String)>;

fn pair(name: &str, text: &str) -> (String, String) {
    (name.into(), text.into())
}

fn resolve(operation: Operation<'_>, values: &[(&str, Json)]) -> Result<Request, ResolveErrorKind> {
    let values: Vec<(&str, &dyn Value)> =
        values.iter().map(|(name, value)| (*name, value as &dyn Value)).collect();
    operation.resolve(&values, Body::Nothing).map_err(|error| {
        assert!(!error.code().is_empty() && !error.to_string().is_empty());
        error.kind()
    })
}

fn get(operation: Operation<'_>, texts: [&str; 6]) {
    let [a, b, one, key, value, head] = texts;
    let deep = json!({ key: value });
    let values = [
        ("a", json!(a)),
        ("b", json!(b)),
        ("one", json!(one)),
        ("deep", deep.clone()),
        ("json", deep.clone()),
        ("X-Head", json!(head)),
    ];
    let fits_head = head.bytes().all(|byte| byte == b'\t' || (b' '..0x7f).contains(&byte));
    let Ok(request) = resolve(operation, &values) else {
        assert!(!is_path(a) || !is_path(b) || !fits_head, "refused without a reason");
        return;
    };
    assert!(is_path(a) && is_path(b) && fits_head, "taken in spite of {texts:?}");
    let (segments, query, headers) = parsed(&request);
    assert_eq!(segments, ["v1.0", "things", a, "sub", b]);
    let deep_key = format!("deep[{key}]");
    let expected = [pair("one", one), pair(&deep_key, value), pair("json", &deep.to_string())];
    assert_eq!(query, expected);
    // What is around a header's value is not part of it.
    let trimmed = head.trim_matches([' ', '\t']);
    assert_eq!(headers.get("x-head").map_or("", String::as_str), trimmed);
}

fn lists(operation: Operation<'_>, texts: [&str; 3]) {
    let [a, list, single] = texts;
    let items: Vec<&str> = list.split('\n').collect();
    let names = ["many", "comma", "space", "pipe"];
    let mut values = vec![("a", json!(a)), ("b", json!("b"))];
    values.extend(names.map(|name| (name, json!(items))));
    // Of a parameter that takes several values, one may be given more than once.
    values.push(("many", json!(single)));
    let Ok(request) = resolve(operation, &values) else { return assert!(!is_path(a)) };
    let (segments, query, _) = parsed(&request);
    assert_eq!(segments, ["v1.0", "things", a, "sub", "b"]);
    let mut expected: Pairs = items.iter().map(|item| pair("many", item)).collect();
    expected.extend([
        pair("comma", &items.join(",")),
        pair("space", &items.join(" ")),
        pair("pipe", &items.join("|")),
        pair("many", single),
    ]);
    assert_eq!(query, expected);
}

fn form(operation: Operation<'_>, texts: [&str; 3]) {
    let [a, x, y] = texts;
    let values = [("a", json!(a)), ("x", json!(x)), ("y", json!(y))];
    let Ok(request) = resolve(operation, &values) else { return assert!(!is_path(a)) };
    let (segments, query, headers) = parsed(&request);
    assert_eq!((segments, query), (vec!["v1.0".into(), "form".into(), a.into()], Vec::new()));
    assert_eq!(headers["content-type"], "application/x-www-form-urlencoded");
    let RequestContent::Text(body) = request.content() else { panic!("a form has a body") };
    let fields: Pairs = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    assert_eq!(fields, [pair("x", x), pair("y", y)]);
}

fn upload(operation: Operation<'_>, texts: [&str; 2]) {
    let [x, y] = texts;
    let request = resolve(operation, &[("x", json!(x)), ("y", json!(y))]).expect("any text");
    let (.., headers) = parsed(&request);
    let boundary = headers["content-type"].strip_prefix("multipart/form-data; boundary=");
    let boundary = boundary.expect("a form in parts");
    // RFC 2046: at most 70 characters. Values that hold each of the shorter ones are nobody's.
    let RequestContent::Text(body) = request.content() else { panic!("a form has a body") };
    let body = format!("\r\n{body}");
    let delimiter = format!("\r\n--{boundary}");
    let mut parts = body.split(&delimiter);
    assert_eq!(parts.next(), Some(""));
    for (name, text) in [("x", x), ("y", y)] {
        let part = parts.next().expect("a part for each field");
        let (head, content) = part.split_once("\r\n\r\n").expect("a head");
        assert!(head.contains(&format!("form-data; name=\"{name}\"")), "{head:?}");
        assert_eq!(content, text);
    }
    assert_eq!((parts.next(), parts.next()), (Some("--\r\n"), None));
}

/// Whether a text may be a segment of a path.
fn is_path(text: &str) -> bool {
    text.split('/').all(|segment| !matches!(segment, "" | "." | ".."))
}

/// What parsers of heads, of addresses and of queries find in a request: decoded segments, decoded
/// pairs, and headers by their names in lower case.
fn parsed(request: &Request) -> (Vec<String>, Pairs, BTreeMap<String, String>) {
    let mut head = format!("{} {} HTTP/1.1\r\nHost: toy\r\n", request.method(), request.target());
    for (name, value) in request.headers() {
        head += &format!("{name}: {value}\r\n");
    }
    head += "\r\n";
    let mut headers = [httparse::EMPTY_HEADER; 16];
    let mut read = httparse::Request::new(&mut headers);
    let length = read.parse(head.as_bytes()).expect("a head");
    assert_eq!(length, httparse::Status::Complete(head.len()), "nothing ends the head early");
    assert_eq!((read.method, read.path), (Some(request.method().as_str()), Some(request.target())));
    let count = read.headers.len();
    let headers: BTreeMap<String, String> = { read.headers.iter() }
        .map(|header| {
            let value = std::str::from_utf8(header.value).expect("ASCII");
            (header.name.to_ascii_lowercase(), value.trim_matches([' ', '\t']).into())
        })
        .collect();
    assert_eq!((headers.len(), count), (request.headers().count() + 1, headers.len()));

    let url = url::Url::parse(&format!("http://toy{}", request.target())).expect("an address");
    assert_eq!(url.fragment(), None);
    let (path, query) = request.target().split_once('?').unwrap_or((request.target(), ""));
    assert_eq!((url.path(), url.query().unwrap_or("")), (path, query), "nothing to normalise");
    let decoded = |segment: &str| {
        percent_decode_str(segment).decode_utf8().expect("what was text is text").into_owned()
    };
    let segments = url.path_segments().expect("a path").map(decoded).collect();
    (segments, url.query_pairs().into_owned().collect(), headers)
}
