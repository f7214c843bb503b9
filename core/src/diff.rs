//! What is different between two versions of an API, or between two APIs where they are the same.

mod change;

use alloc::borrow::Cow;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

pub use change::{Change, ChangeKind, Place};

use crate::catalog::{Api, Operation, Parameter, RequestBody, Response};
use crate::error::ResolveError;
use crate::fields::Fields;
use crate::request::{Location, Method};
use crate::schema::{Additional, Schema, SchemaKind};
use crate::search::placeholder;

/// How many differences of one schema are kept: definitions hold each other.
const MOST: usize = 2000;
/// With how many differences no more are looked for: what is found once stands wherever its schema
/// does. The oldest and the newest version of Podman differ in a thousand places.
const TOLD: usize = 10_000;
/// How deep schemas are followed.
const DEPTH: usize = 24;
/// How many pairs of schemas are compared; of two versions of Docker there are some thousands.
const WORK: usize = 200_000;

impl<'a> Api<'a> {
    /// Returns what is different in another version of the API, in the order of paths and methods.
    ///
    /// An operation is known by its method and path, whatever its id. Of another engine's API only
    /// the operations are compared that both have; there the names of path parameters do not
    /// count. Of two packs, what the second alone has comes last.
    ///
    /// The work is bounded, and beyond ten thousand changes no more are looked for: an operation that
    /// was not compared to its end has a change of its own, [`ChangeKind::Incomplete`], which counts as
    /// a breaking one. Schemas are followed 24 levels deep. Headers of answers are not compared, nor
    /// are media types (but bodies that share none are not compared to their end) and how lists are
    /// written; and a list of allowed values that comes or goes as a whole is not told: specs gain them for
    /// what was so all along.
    ///
    /// ```
    /// # fn demo(bytes: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
    /// use contajners_core::Pack;
    ///
    /// let pack = Pack::open(bytes)?;
    /// let (old, new) = (pack.api("v1.41")?, pack.api("v1.42")?);
    /// let breaking = old.diff(new).into_iter().filter(|change| change.is_breaking());
    /// println!("{} changes may break a program", breaking.count());
    /// # Ok(()) }
    /// ```
    pub fn diff(&self, other: Self) -> Vec<Change> {
        let mut differ = Differ::new();
        let mut out = Vec::new();
        if !self.is_of_pack(other) {
            // Two packs of one engine, from wherever, are compared whole, too.
            let is_one_engine = self.engine() == other.engine();
            let mut there: Vec<_> = other.operations().map(|two| (route(two), two)).collect();
            for one in self.operations() {
                if !differ.affords(1, 64 + there.len()) {
                    tell(one, Place::Operation, ChangeKind::Incomplete, &mut out);
                    return out;
                }
                let route = route(one);
                match there.iter().position(|(known, _)| *known == route) {
                    Some(at) => differ.operations(one, there.remove(at).1, &mut out),
                    None if is_one_engine => {
                        tell(one, Place::Operation, ChangeKind::Removed, &mut out);
                    }
                    None => {}
                }
            }
            if is_one_engine {
                let added = ChangeKind::Added { required: false };
                there
                    .iter()
                    .for_each(|(_, two)| tell(*two, Place::Operation, added.clone(), &mut out));
            }
            return out;
        }
        for pair in self.beside(other) {
            match pair {
                (Some(one), Some(two)) => differ.operations(one, two, &mut out),
                (Some(one), None) => tell(one, Place::Operation, ChangeKind::Removed, &mut out),
                (_, Some(two)) => {
                    tell(two, Place::Operation, ChangeKind::Added { required: false }, &mut out);
                }
                _ => {}
            }
        }
        out
    }

    /// Returns what is different in one operation, by an id that it has in either of the two.
    ///
    /// # Errors
    ///
    /// If neither has an operation of that id.
    pub fn diff_of(&self, other: Self, id: &str) -> Result<Vec<Change>, ResolveError> {
        let (here, there) = (self.operation(id), other.operation(id));
        let (kind, one) = match (here, there) {
            (Ok(one), there) => match one.counterpart(other).or(there.ok()) {
                Some(two) => return Ok(one.diff(two)),
                None => (ChangeKind::Removed, one),
            },
            (Err(_), Ok(two)) => match two.counterpart(*self) {
                Some(one) => return Ok(one.diff(two)),
                None => (ChangeKind::Added { required: false }, two),
            },
            (Err(error), Err(_)) => return Err(error),
        };
        let mut out = Vec::new();
        tell(one, Place::Operation, kind, &mut out);
        Ok(out)
    }
}

impl<'a> Operation<'a> {
    /// Returns what is different in another version's or another engine's operation.
    pub fn diff(self, other: Self) -> Vec<Change> {
        let mut out = Vec::new();
        if route(self) != route(other) {
            let place = |of: Self| format!("{} {}", of.method(), of.path());
            tell(
                other,
                Place::Operation,
                ChangeKind::Moved { from: place(self), to: place(other) },
                &mut out,
            );
        }
        Differ::new().operations(self, other, &mut out);
        out
    }

    /// Returns the operation of another API that has the same method and path: under whatever id,
    /// and with whatever names of path parameters.
    pub fn counterpart(self, api: Api<'a>) -> Option<Self> {
        if api.is_of_pack(self.api()) {
            return api.same_operation(&self);
        }
        let route = route(self);
        api.operations().find(|other| self::route(*other) == route)
    }
}

/// What tells an operation from others, whatever its parameters are called.
fn route(operation: Operation<'_>) -> (String, Method) {
    let mut path = String::new();
    let mut rest = operation.path();
    while let Some((literal, _, after)) = placeholder(rest) {
        path.push_str(literal);
        path.push_str("{}");
        rest = after;
    }
    path.push_str(rest);
    (path, operation.method())
}

/// In one place, so that a page carries it once.
#[inline(never)]
fn tell(operation: Operation<'_>, place: Place, kind: ChangeKind, out: &mut Vec<Change>) {
    out.push(Change {
        operation: operation.id().into(),
        method: operation.method(),
        path: operation.path().into(),
        place,
        kind,
    });
}

/// The schemas of two bodies that are to be compared: those of the media types that both have.
fn pairs<'a>(one: RequestBody<'a>, other: RequestBody<'a>) -> Vec<(Schema<'a>, Schema<'a>)> {
    if !one.is_by_media_type() && !other.is_by_media_type() {
        return alloc::vec![(one.schema(), other.schema())];
    }
    one.media_types()
        .filter(|name| other.media_types().any(|own| own == *name))
        .map(|name| (one.schema_for(name), other.schema_for(name)))
        .collect()
}

/// A difference inside a schema.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Inside {
    pointer: String,
    kind: ChangeKind,
}

/// Sorts the changes of one operation by their places; those of one place stay as they were found.
/// They are few, and a page carries what this is made of.
fn in_order(changes: &mut [Change]) {
    for end in 1..changes.len() {
        let (sorted, rest) = changes.split_at(end);
        let key = rest[0].place.key();
        let at = sorted.partition_point(|known| known.place.key() <= key);
        changes[at..=end].rotate_right(1);
    }
}

/// Two schemas, by their numbers.
type Pair = (u32, u32);

/// Compares schemas, each pair once but for those of cycles.
struct Differ {
    /// In the order of the pairs; with each, whether there may be more.
    known: Vec<(Pair, Rc<Vec<Inside>>, bool)>,
    /// Those in the middle of being compared: as many as schemas are deep.
    open: Vec<Pair>,
    /// Whether something was left out of what is being compared.
    is_cut: bool,
    /// Whether it was left out of the operation for good, and not since it is compared elsewhere.
    is_short: bool,
    /// How many pairs may still be compared.
    work: usize,
}

impl Differ {
    fn new() -> Self {
        Self { known: Vec::new(), open: Vec::new(), is_cut: false, is_short: false, work: WORK }
    }

    /// Tells whether each of so many can be looked for among so many others.
    #[inline(never)]
    fn affords(&mut self, those: usize, others: usize) -> bool {
        let left = self.work.checked_sub(those.saturating_mul(others) / 64);
        self.work = left.unwrap_or(0);
        self.is_short |= left.is_none();
        left.is_some()
    }

    /// Tells whether so many changes are enough.
    fn has_enough(&mut self, told: usize) -> bool {
        self.is_short |= told >= TOLD;
        told >= TOLD
    }

    fn operations<'a>(&mut self, from: Operation<'a>, to: Operation<'a>, out: &mut Vec<Change>) {
        self.is_short = false;
        let begin = out.len();
        if from.id() != to.id() && from.api().engine() == to.api().engine() {
            let kind = ChangeKind::Renamed { from: from.id().into(), to: to.id().into() };
            tell(to, Place::Operation, kind, out);
        }
        self.parameters(from, to, out);
        self.bodies(from, to, out);
        self.answers(from, to, out);
        if self.is_short {
            tell(to, Place::Operation, ChangeKind::Incomplete, out);
        }
        in_order(&mut out[begin..]);
    }

    fn parameters<'a>(&mut self, from: Operation<'a>, to: Operation<'a>, out: &mut Vec<Change>) {
        let is_same = |one: &Parameter<'_>, other: &Parameter<'_>| {
            one.location() == other.location() && one.bare_name() == other.bare_name()
        };
        let place = |parameter: &Parameter<'_>| Place::Parameter {
            location: parameter.location(),
            name: parameter.bare_name().into(),
        };
        // Between engines those in the path have other names for the same.
        let is_counted = |parameter: &Parameter<'_>| {
            from.api().engine() == to.api().engine() || parameter.location() != Location::Path
        };
        if !self.affords(from.parameters().count(), to.parameters().count()) {
            return;
        }
        for one in from.parameters().filter(is_counted) {
            if self.has_enough(out.len()) {
                return;
            }
            let Some(other) = to.parameters().find(|other| is_same(&one, other)) else {
                tell(to, place(&one), ChangeKind::Removed, out);
                continue;
            };
            for inside in self.schemas(one.schema(), other.schema(), DEPTH).iter() {
                tell(to, place(&one), inside.kind.clone(), out);
            }
            match (one.required(), other.required()) {
                (false, true) => tell(to, place(&one), ChangeKind::Required, out),
                (true, false) => tell(to, place(&one), ChangeKind::Optional, out),
                _ => {}
            }
        }
        for other in to.parameters().filter(is_counted) {
            if !from.parameters().any(|one| is_same(&one, &other)) {
                let kind = ChangeKind::Added { required: other.required() };
                tell(to, place(&other), kind, out);
            }
        }
    }

    fn bodies<'a>(&mut self, from: Operation<'a>, to: Operation<'a>, out: &mut Vec<Change>) {
        let whole = || Place::Body { pointer: String::new() };
        match (from.body(), to.body()) {
            (None, None) => {}
            (Some(_), None) => tell(to, whole(), ChangeKind::Removed, out),
            (None, Some(body)) => {
                let kind = ChangeKind::Added { required: body.required() };
                tell(to, whole(), kind, out);
            }
            (Some(_), Some(_)) if self.has_enough(out.len()) => {}
            (Some(one), Some(other)) => {
                match (one.required(), other.required()) {
                    (false, true) => tell(to, whole(), ChangeKind::Required, out),
                    (true, false) => tell(to, whole(), ChangeKind::Optional, out),
                    _ => {}
                }
                if !self.affords(one.media_types().count(), other.media_types().count()) {
                    return;
                }
                // What is different with several media types is told once.
                let mut told: Vec<Inside> = Vec::new();
                let pairs = pairs(one, other);
                self.is_short |= pairs.is_empty();
                for (number, (from, to)) in pairs.into_iter().enumerate() {
                    let found = self.schemas(from, to, DEPTH);
                    if number > 0 && !self.affords(found.len(), told.len()) {
                        break;
                    }
                    for inside in found.iter() {
                        if number == 0 || !told.contains(inside) {
                            push(&mut told, inside.clone());
                        }
                    }
                }
                for Inside { pointer, kind } in told {
                    tell(to, Place::Body { pointer }, kind, out);
                }
            }
        }
    }

    fn answers<'a>(&mut self, from: Operation<'a>, to: Operation<'a>, out: &mut Vec<Change>) {
        let place = |answer: &Response<'_>, pointer: &str| Place::Answer {
            status: answer.status(),
            pointer: pointer.into(),
        };
        if !self.affords(from.responses().count(), to.responses().count()) {
            return;
        }
        for one in from.responses() {
            if self.has_enough(out.len()) {
                return;
            }
            let other = to.responses().find(|other| other.status() == one.status());
            let kind = match other.map(|other| (one.schema(), other.schema())) {
                None => ChangeKind::Removed,
                Some((None, None)) => continue,
                Some((None, Some(_))) => ChangeKind::BodyAdded,
                Some((Some(_), None)) => ChangeKind::BodyRemoved,
                Some((Some(from), Some(into))) => {
                    for inside in self.schemas(from, into, DEPTH).iter() {
                        tell(to, place(&one, &inside.pointer), inside.kind.clone(), out);
                    }
                    continue;
                }
            };
            tell(to, place(&one, ""), kind, out);
        }
        for other in to.responses() {
            if !from.responses().any(|one| one.status() == other.status()) {
                let kind = ChangeKind::Added { required: false };
                tell(to, place(&other, ""), kind, out);
            }
        }
    }

    /// Compares two schemas; where they are in the middle of being compared, nothing is said.
    fn schemas<'a>(&mut self, from: Schema<'a>, to: Schema<'a>, depth: usize) -> Rc<Vec<Inside>> {
        let (from, to) = (from.resolved(), to.resolved());
        let pair = (from.node(), to.node());
        let place = |known: &[(Pair, _, _)]| known.partition_point(|(known, ..)| *known < pair);
        if let Some((known, found, is_short)) = self.known.get(place(&self.known))
            && *known == pair
        {
            self.is_short |= is_short;
            return found.clone();
        }
        let is_open = self.open.contains(&pair);
        if depth == 0 || self.work == 0 || is_open {
            self.is_cut = true;
            self.is_short |= !is_open;
            return Rc::default();
        }
        self.work -= 1;
        self.open.push(pair);
        let was_cut = core::mem::take(&mut self.is_cut);
        let was_short = core::mem::take(&mut self.is_short);
        let mut out = Vec::new();
        self.fill(from, to, depth - 1, &mut out);
        self.open.pop();
        self.is_short |= out.len() >= MOST;
        // What is kept is work, too: a small pack may tell the same in many places.
        self.work = self.work.saturating_sub(out.len());
        let found = Rc::new(out);
        // What was found in the middle of a cycle is not all that there is for who begins elsewhere.
        if !self.is_cut || self.open.is_empty() {
            self.known.insert(place(&self.known), (pair, found.clone(), self.is_short));
        }
        self.is_short |= was_short;
        self.is_cut = !self.open.is_empty() && (self.is_cut || was_cut);
        found
    }

    /// What is said around a schema counts as if it said it itself.
    fn fill<'a>(&mut self, from: Schema<'a>, to: Schema<'a>, depth: usize, out: &mut Vec<Inside>) {
        let here = |kind| Inside { pointer: String::new(), kind };
        let (one, other) = (shape(inner(from)), shape(inner(to)));
        if one != other {
            let (from, to) = (type_of(from), type_of(to));
            push(out, here(ChangeKind::Type { from, to }));
            return;
        }
        if format_of(from) != format_of(to) {
            let (from, to) = (formatted(from), formatted(to));
            push(out, here(ChangeKind::Format { from, to }));
        }
        match (is_nullable(from), is_nullable(to)) {
            (false, true) => push(out, here(ChangeKind::Nullable)),
            (true, false) => push(out, here(ChangeKind::NotNullable)),
            _ => {}
        }
        self.values(from, to, out);
        let default =
            |schema: Schema<'a>| schema.layer(|layer| layer.default().is_some()).default();
        if default(from) != default(to) {
            let [from, to] = [from, to].map(|schema| default(schema).map(ToString::to_string));
            push(out, here(ChangeKind::Default { from, to }));
        }
        let (from, to) = (inner(from), inner(to));
        match one {
            Shape::Array => {
                if let (Some(one), Some(other)) = (from.items(), to.items()) {
                    self.at("*", one, other, depth, out);
                }
            }
            Shape::Object => self.fields(from, to, depth, out),
            Shape::Alternatives(_) => self.parts(from, to, depth, out),
            Shape::Scalar(_) => {}
        }
    }

    /// Compares parts: those of one name or type with one another, wherever they stand, and else in
    /// their order.
    fn parts<'a>(&mut self, from: Schema<'a>, to: Schema<'a>, depth: usize, out: &mut Vec<Inside>) {
        let mut ones: Vec<_> = from.parts().collect();
        let mut others: Vec<_> = to.parts().collect();
        self.is_short |= ones.len() != others.len();
        // A label is more work than a name.
        if !self.affords(ones.len() * 64, others.len()) {
            return;
        }
        ones.retain(|one| {
            let label = one.label();
            let same = others.iter().position(|other| other.label() == label);
            same.map(|at| self.told(*one, others.remove(at), depth, out)).is_none()
        });
        ones.into_iter().zip(others).for_each(|(one, other)| self.told(one, other, depth, out));
    }

    fn told<'a>(&mut self, from: Schema<'a>, to: Schema<'a>, depth: usize, out: &mut Vec<Inside>) {
        self.schemas(from, to, depth).iter().for_each(|inside| push(out, inside.clone()));
    }

    fn values(&mut self, from: Schema<'_>, to: Schema<'_>, out: &mut Vec<Inside>) {
        // Those of a wrapper go before those of what it is around.
        fn listing(schema: Schema<'_>) -> Schema<'_> {
            schema.layer(|layer| layer.members().next().is_some())
        }
        let (from, to) = (listing(from), listing(to));
        let all = |schema: Schema<'_>| schema.members().take(MOST + 1).count();
        let (those, others) = (all(from), all(to));
        self.is_short |= those.max(others) > MOST;
        // Without a list any value goes: that is no list of values that were added or removed.
        if those == 0 || others == 0 {
            return;
        }
        if !self.affords(those, others) {
            self.is_cut = true;
            return;
        }
        let mut only = |one: Schema<'_>, other: Schema<'_>, kind: fn(String) -> ChangeKind| {
            for value in one.members().take(MOST) {
                if !other.members().take(MOST).any(|known| known == value) {
                    push(out, Inside { pointer: String::new(), kind: kind(value.into()) });
                }
            }
        };
        only(from, to, ChangeKind::ValueRemoved);
        only(to, from, ChangeKind::ValueAdded);
    }

    fn fields<'a>(
        &mut self,
        from: Schema<'a>,
        to: Schema<'a>,
        depth: usize,
        out: &mut Vec<Inside>,
    ) {
        let (mut left, mut right) = (256, 256);
        let (Some(one), Some(other)) = (Fields::of(from, &mut left), Fields::of(to, &mut right))
        else {
            self.is_short |= left == 0 || right == 0;
            return self.parts(from, to, depth, out);
        };
        self.is_short |=
            one.is_cut() || other.is_cut() || one.alternatives.len() != other.alternatives.len();
        for (from, to) in one.alternatives.iter().zip(&other.alternatives) {
            self.told(*from, *to, depth, out);
        }
        self.work = self.work.saturating_sub(one.looked_at / 8);
        for field in &one.declared {
            let Some(there) = other.get(field.name) else {
                push(out, Inside { pointer: pointer(field.name), kind: ChangeKind::Removed });
                continue;
            };
            self.at(field.name, field.schema, there.schema, depth, out);
            let kind = match (field.required, there.required) {
                (false, true) => ChangeKind::Required,
                (true, false) => ChangeKind::Optional,
                _ => continue,
            };
            push(out, Inside { pointer: pointer(field.name), kind });
        }
        for field in &other.declared {
            if one.get(field.name).is_none() {
                let kind = ChangeKind::Added { required: field.required };
                push(out, Inside { pointer: pointer(field.name), kind });
            }
        }
        // What a spec does not say is anything.
        let label = |kind| match kind {
            Additional::Schema(values) => formatted(values),
            _ => "any".into(),
        };
        let kind = match (one.additional(), other.additional()) {
            (Additional::Schema(one), Additional::Schema(other)) => {
                return self.at("*", one, other, depth, out);
            }
            (Additional::Forbidden, Additional::Forbidden) => return,
            (Additional::Forbidden, _) => ChangeKind::Added { required: false },
            (_, Additional::Forbidden) => ChangeKind::Removed,
            (one, other) => {
                let (from, to) = (label(one), label(other));
                if from == to {
                    return;
                }
                ChangeKind::Type { from, to }
            }
        };
        push(out, Inside { pointer: pointer("*"), kind });
    }

    /// Compares what is one step inside.
    fn at<'a>(
        &mut self,
        name: &str,
        from: Schema<'a>,
        to: Schema<'a>,
        depth: usize,
        out: &mut Vec<Inside>,
    ) {
        let before = pointer(name);
        for inside in self.schemas(from, to, depth).iter() {
            let pointer = format!("{before}{}", inside.pointer);
            push(out, Inside { pointer, kind: inside.kind.clone() });
        }
    }
}

#[inline(never)]
fn push(out: &mut Vec<Inside>, inside: Inside) {
    if out.len() < MOST {
        out.push(inside);
    }
}

fn pointer(name: &str) -> String {
    let mut out = String::new();
    crate::check::push_segment(name, &mut out);
    out
}

/// What a schema is, as far as it must be the same to be looked into.
#[derive(PartialEq, Eq)]
enum Shape {
    Scalar(Cow<'static, str>),
    Array,
    Object,
    Alternatives(usize),
}

fn shape(schema: Schema<'_>) -> Shape {
    match schema.kind() {
        SchemaKind::Array => Shape::Array,
        SchemaKind::Object | SchemaKind::AllOf if schema.type_name() == "object" => Shape::Object,
        SchemaKind::OneOf | SchemaKind::AnyOf => Shape::Alternatives(schema.parts().count()),
        _ => Shape::Scalar(schema.label()),
    }
}

/// What a schema is around, or else the schema itself; not a reference.
fn inner(schema: Schema<'_>) -> Schema<'_> {
    schema.layer(|_| false)
}

fn format_of(schema: Schema<'_>) -> Option<&str> {
    schema.layer(|layer| layer.format().is_some()).format()
}

fn is_nullable(schema: Schema<'_>) -> bool {
    schema.layer(Schema::nullable).nullable()
}

/// The type as it is told: with its format, and whether there may be none.
fn type_of(schema: Schema<'_>) -> String {
    let text = formatted(schema);
    if is_nullable(schema) { format!("{text} or null") } else { text }
}

fn formatted(schema: Schema<'_>) -> String {
    // A name that it goes by is kept.
    let label = if schema.definition().is_some() { schema } else { inner(schema) }.label();
    match format_of(schema) {
        Some(format) => format!("{label} ({format})"),
        None => label.into_owned(),
    }
}
