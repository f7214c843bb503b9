//! Calls of any operation of any pack with any values, and what of them is to arrive.
//!
//! What is expected is worked out from the catalogue and the values alone, not with the code that
//! is tested.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use contajners_core::{Encoding, ListStyle, Location, Operation, Pack, Parameter, SchemaKind};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Map, Value as Json};

pub(crate) const ENGINES: [&str; 5] =
    ["cloud-hypervisor", "docker", "firecracker", "incus", "podman"];

pub(crate) fn pack(engine: &str) -> Pack<'static> {
    Pack::open(contajners_resources::pack(engine).expect("the tests carry all packs")).unwrap()
}

/// All operations of all versions of all engines.
pub(crate) fn operations() -> Vec<Operation<'static>> {
    let apis = ENGINES.into_iter().flat_map(|engine| pack(engine).apis());
    apis.flat_map(|api| api.operations()).collect()
}

/// A value as it arrives.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Wanted {
    Text(String),
    Number(f64),
    Json(Json),
}

impl Wanted {
    pub(crate) fn is(&self, came: &str) -> bool {
        match self {
            Self::Text(text) => text == came,
            Self::Number(number) => came.parse() == Ok(*number),
            Self::Json(json) => serde_json::from_str::<Json>(came).is_ok_and(|came| came == *json),
        }
    }
}

/// What of a call arrives, when it is not refused.
#[derive(Debug, Default)]
pub(crate) struct Arrives {
    /// By the name of the placeholder.
    pub(crate) path: Vec<(String, Wanted)>,
    /// Name and value, in order.
    pub(crate) query: Vec<(String, Wanted)>,
    pub(crate) headers: Vec<(String, String)>,
}

#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) values: Vec<(String, Json)>,
    /// `None` when a value has to be refused.
    pub(crate) arrives: Option<Arrives>,
}

/// What values are made of.
#[derive(Debug, Clone)]
pub(crate) struct Draw {
    is_given: bool,
    shape: u8,
    texts: Vec<String>,
    integer: i64,
    number: f64,
    truth: bool,
}

/// Pieces that mean something somewhere between a value and a handler.
const PIECES: &[&str] = &[
    "/",
    "..",
    ".",
    "%2F",
    "%2e",
    "%00",
    "%",
    "?",
    "#",
    "&",
    "=",
    "+",
    ";",
    ",",
    " ",
    "\0",
    "\r\n",
    "\n",
    "\t",
    "\\",
    "\"",
    "'",
    "<",
    ">",
    "{",
    "}",
    "[",
    "]",
    "|",
    ":",
    "@",
    "~",
    "^",
    "`",
    "\u{7f}",
    "\u{85}",
    "\u{202e}",
    "\u{feff}",
    "é",
    "e\u{301}",
    "😀",
    "a",
    "busybox:musl",
    "sha256:0f",
    "null",
    "0",
    " HTTP/1.1\r\nX: y\r\n\r\n",
];

fn text() -> impl Strategy<Value = String> {
    let pieces = prop::collection::vec(prop::sample::select(PIECES), 0..6);
    let letters = prop::collection::vec(any::<char>(), 0..20);
    prop_oneof![
        3 => pieces.prop_map(|pieces| pieces.concat()),
        2 => letters.prop_map(String::from_iter),
        2 => "[a-z0-9_.-]{1,12}",
        1 => "[a-z]{1,5}(/[a-z.]{1,5}){0,3}(:[a-z0-9.]{1,5})?",
    ]
}

pub(crate) fn draws() -> impl Strategy<Value = (Index, Vec<Draw>)> {
    let number = any::<f64>().prop_filter("JSON has no others", |number| number.is_finite());
    let texts = prop::collection::vec(text(), 1..4);
    let draw = (any::<bool>(), any::<u8>(), texts, any::<i64>(), number, any::<bool>());
    let draw = draw.prop_map(|(is_given, shape, texts, integer, number, truth)| Draw {
        is_given,
        shape,
        texts,
        integer,
        number,
        truth,
    });
    (any::<Index>(), prop::collection::vec(draw, 1..8))
}

/// The call that the draws make of an operation.
pub(crate) fn case(operation: &Operation<'_>, draws: &[Draw]) -> Case {
    let mut case = Case { values: Vec::new(), arrives: Some(Arrives::default()) };
    for (parameter, draw) in operation.parameters().zip(draws.iter().cycle()) {
        let name = parameter.name();
        // The body is no matter here, and says by itself what it is.
        if name.eq_ignore_ascii_case("Content-Type") && parameter.location() == Location::Header {
            continue;
        }
        if !draw.is_given && !parameter.required() {
            continue;
        }
        let (value, wanted) = value(&parameter, draw);
        let key = format!("{}.{name}", parameter.location());
        case.values.push((key, value));
        let Some(arrives) = &mut case.arrives else { continue };
        match parameter.location() {
            Location::Path => {
                let wanted = wanted.into_iter().next().map(|(_, wanted)| wanted);
                match wanted.filter(is_fit_for_path) {
                    Some(wanted) => arrives.path.push((name.into(), wanted)),
                    None => case.arrives = None,
                }
            }
            Location::Query => arrives.query.extend(wanted),
            Location::Header => {
                let texts = wanted.iter().map(|(_, wanted)| match wanted {
                    Wanted::Text(text) => text.clone(),
                    Wanted::Number(_) | Wanted::Json(_) => unreachable!("headers get text"),
                });
                let text = texts.collect::<Vec<_>>().join(",");
                let text = match parameter.encoding() {
                    Encoding::JsonBase64 if text.starts_with('{') => URL_SAFE.encode(text),
                    // Encoded already, by either alphabet.
                    Encoding::JsonBase64 => text.replace('+', "-").replace('/', "_"),
                    _ => text,
                };
                if text.bytes().any(|byte| !matches!(byte, b'\t' | b' '..=b'~')) {
                    case.arrives = None;
                } else if !text.is_empty() {
                    arrives.headers.push((name.into(), text));
                }
            }
            _ => {}
        }
    }
    case
}

/// A server cleans paths after decoding them.
fn is_fit_for_path(wanted: &Wanted) -> bool {
    match wanted {
        Wanted::Text(text) => !text.split('/').any(|segment| ["", ".", ".."].contains(&segment)),
        Wanted::Number(_) | Wanted::Json(_) => true,
    }
}

/// A value for a parameter, and the pairs of name and value that it stands for.
fn value(parameter: &Parameter<'_>, draw: &Draw) -> (Json, Vec<(String, Wanted)>) {
    let name = parameter.name();
    let schema = parameter.schema().resolved();
    let kind = schema.items().map_or(schema, |items| items.resolved()).kind();
    let mut draw = draw.clone();
    // Of objects, and in headers of numbers, they take what engines have no use for.
    match parameter.location() {
        Location::Path => draw.shape %= 4,
        Location::Header => draw.shape %= 3,
        _ => {}
    }
    let one = |text: &str| scalar(kind, parameter.encoding(), text, &draw);
    let pair = |wanted| (name.to_owned(), wanted);
    let object: Map<String, Json> =
        draw.texts.iter().map(|text| (text.clone(), Json::from(text.as_str()))).collect();
    let fields = |key: &dyn Fn(&str) -> String| {
        object.keys().map(|field| (key(field), Wanted::Text(field.clone()))).collect()
    };
    match parameter.style() {
        ListStyle::Deep => {
            let wanted = fields(&|field| format!("{name}[{field}]"));
            (object.into(), wanted)
        }
        ListStyle::Fields => {
            let wanted = fields(&str::to_owned);
            (object.into(), wanted)
        }
        ListStyle::Single => {
            let (value, wanted) = one(&draw.texts[0]);
            (value, vec![pair(wanted)])
        }
        style if !draw.shape.is_multiple_of(3) => {
            let draw = Draw { shape: 0, ..draw.clone() };
            let all = draw.texts.iter().map(|text| scalar(kind, Encoding::Plain, text, &draw));
            let (values, wanted): (Vec<Json>, Vec<Wanted>) = all.unzip();
            let separator = match style {
                ListStyle::Csv => ",",
                ListStyle::Ssv => " ",
                ListStyle::Tsv => "\t",
                ListStyle::Pipes => "|",
                _ => return (values.into(), wanted.into_iter().map(pair).collect()),
            };
            let texts: Vec<String> = wanted
                .into_iter()
                .map(|wanted| match wanted {
                    Wanted::Text(text) => text,
                    other => unreachable!("no spec joins numbers or JSON: {other:?}"),
                })
                .collect();
            (values.into(), vec![pair(Wanted::Text(texts.join(separator)))])
        }
        _ => {
            let (value, wanted) = one(&draw.texts[0]);
            (value, vec![pair(wanted)])
        }
    }
}

fn scalar(kind: SchemaKind, encoding: Encoding, text: &str, draw: &Draw) -> (Json, Wanted) {
    let same = || (Json::from(text), Wanted::Text(text.to_owned()));
    let object: Map<String, Json> =
        draw.texts.iter().map(|key| (key.clone(), draw.texts.clone().into())).collect();
    match (encoding, kind) {
        (Encoding::Plain, SchemaKind::Boolean) => {
            let written = match (draw.shape % 3, draw.truth) {
                (0, truth) => Json::from(truth),
                (1, truth) => Json::from(u8::from(truth)),
                (_, true) => Json::from("True"),
                (_, false) => Json::from("FALSE"),
            };
            (written, Wanted::Text(draw.truth.to_string()))
        }
        (Encoding::Plain, SchemaKind::Integer) => {
            (draw.integer.into(), Wanted::Text(draw.integer.to_string()))
        }
        (Encoding::Plain, SchemaKind::Number) => (draw.number.into(), Wanted::Number(draw.number)),
        _ => match draw.shape % 5 {
            1 if encoding == Encoding::Plain => {
                (draw.truth.into(), Wanted::Text(draw.truth.to_string()))
            }
            2 if encoding == Encoding::Plain => {
                (draw.integer.into(), Wanted::Text(draw.integer.to_string()))
            }
            3 if encoding == Encoding::Plain => (draw.number.into(), Wanted::Number(draw.number)),
            4 => (object.clone().into(), Wanted::Json(object.into())),
            _ => same(),
        },
    }
}
