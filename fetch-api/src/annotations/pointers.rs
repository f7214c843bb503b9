//! Where the pointers of waiters lead, in the answers that the specs document.
//!
//! Silent where a spec says too little: where an answer has no schema or is not JSON, where an
//! object may have any fields or lists none, and where alternatives differ.

use std::collections::{BTreeMap, BTreeSet};

use contajners_core::nearest;

use crate::model::{Additional, Answer, Condition, Kind, Model, Object, Operation, Schema, Sign};

/// How many schemas are looked at for one pointer; definitions may hold one another.
const MAX_SCHEMAS: usize = 1000;

/// Where a pointer leads; what comes later counts more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Lead {
    /// Nothing has been seen of it that says anything.
    #[default]
    Unknown,
    /// To no field; with pointers that are like it and may lead to one.
    Nowhere(BTreeSet<String>),
    /// To a field, or to where anything may be.
    Somewhere,
}

impl Lead {
    pub(super) fn note(&mut self, other: Self) {
        match (&mut *self, other) {
            (Self::Somewhere, _) | (_, Self::Unknown) => {}
            (Self::Nowhere(mine), Self::Nowhere(theirs)) => mine.extend(theirs),
            (_, other) => *self = other,
        }
    }

    /// Takes what says nothing for what allows anything.
    fn or_somewhere(self) -> Self {
        match self {
            Self::Unknown => Self::Somewhere,
            known => known,
        }
    }
}

/// A pointer, and the statuses of the answers that it is one into; none stands for every success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pointer {
    pub(super) text: String,
    statuses: Vec<Vec<u16>>,
}

impl Pointer {
    /// Those of a waiter, each once.
    pub(super) fn all(tells: Option<&String>, conditions: &[Condition]) -> Vec<Self> {
        let of_sign = conditions.iter().filter_map(|condition| {
            let (Sign::Is(text, _) | Sign::Absent(text) | Sign::Present(text)) =
                condition.sign.as_ref()?;
            Some(Self { text: text.clone(), statuses: vec![condition.statuses.clone()] })
        });
        // What is told stands in the answer by which the state is reached.
        let done = conditions.iter().filter(|condition| condition.failed.is_none());
        let statuses = done.map(|condition| condition.statuses.clone()).collect();
        let told = tells.map(|text| Self { text: text.clone(), statuses });
        let mut all: Vec<Self> = Vec::new();
        for pointer in told.into_iter().chain(of_sign) {
            if !all.contains(&pointer) {
                all.push(pointer);
            }
        }
        all
    }

    /// Tells where it leads in the answers of an operation.
    pub(super) fn lead(&self, operation: &Operation, model: &Model) -> Lead {
        let steps: Vec<String> = self.text.split('/').skip(1).map(unescaped).collect();
        let mut lead = Lead::Unknown;
        for statuses in &self.statuses {
            let Some(schemas) = documented(operation, statuses) else { return Lead::Somewhere };
            for schema in schemas {
                let mut walk =
                    Walk { definitions: &model.definitions, steps: &steps, left: MAX_SCHEMAS };
                lead.note(walk.lead(schema, 0).or_somewhere());
            }
        }
        lead
    }
}

/// The schemas of an operation's answers with these statuses; `None` where not all are known.
fn documented<'o>(operation: &'o Operation, statuses: &[u16]) -> Option<Vec<&'o Schema>> {
    let is_success = |status: &u16| (200..300).contains(status);
    if operation.answer != Answer::Json && (statuses.is_empty() || statuses.iter().any(is_success))
    {
        return None;
    }
    let of =
        |status: u16| operation.responses.iter().find(|own| own.status == status)?.schema.as_ref();
    // An error may be told in a text that is described as one.
    let is_json = |schema: &&Schema| !matches!(schema.kind, Kind::String | Kind::File);
    if !statuses.is_empty() {
        return statuses.iter().map(|status| of(*status).filter(is_json)).collect();
    }
    let responses = operation.responses.iter().filter(|own| is_success(&own.status));
    let schemas: Vec<&Schema> = responses.filter_map(|own| own.schema.as_ref()).collect();
    (!schemas.is_empty()).then_some(schemas)
}

struct Walk<'m> {
    definitions: &'m BTreeMap<String, Schema>,
    steps: &'m [String],
    left: usize,
}

impl Walk<'_> {
    /// Goes on from a schema, with so many steps done.
    fn lead(&mut self, schema: &Schema, done: usize) -> Lead {
        if self.left == 0 {
            return Lead::Somewhere;
        }
        self.left -= 1;
        let Some(step) = self.steps.get(done) else { return Lead::Somewhere };
        match &schema.kind {
            Kind::Any => Lead::Unknown,
            Kind::Ref(name) => match self.definitions.get(name) {
                Some(schema) => self.lead(schema, done),
                None => Lead::Unknown,
            },
            Kind::Object(object) => self.lead_in_object(object, step, done),
            Kind::Array(item) if step.parse::<usize>().is_ok() => {
                self.lead(item, done + 1).or_somewhere()
            }
            Kind::AllOf(parts) => {
                let mut lead = Lead::Unknown;
                for part in parts {
                    lead.note(self.lead(part, done));
                }
                lead
            }
            Kind::OneOf(parts) | Kind::AnyOf(parts) => {
                let mut lead = Lead::Unknown;
                for part in parts {
                    lead.note(self.lead(part, done).or_somewhere());
                }
                lead
            }
            Kind::Array(_)
            | Kind::String
            | Kind::Integer
            | Kind::Number
            | Kind::Boolean
            | Kind::Null
            | Kind::File => Lead::Nowhere(BTreeSet::new()),
        }
    }

    fn lead_in_object(&mut self, object: &Object, step: &str, done: usize) -> Lead {
        if let Some((schema, _)) = object.properties.get(step) {
            return self.lead(schema, done + 1).or_somewhere();
        }
        match &object.additional {
            Additional::Any => Lead::Somewhere,
            Additional::Schema(schema) => self.lead(schema, done + 1).or_somewhere(),
            Additional::Unsaid if object.properties.is_empty() => Lead::Unknown,
            Additional::Unsaid | Additional::Forbidden => {
                let near = nearest(step, object.properties.keys().map(String::as_str));
                Lead::Nowhere(near.into_iter().map(|name| self.with(done, name)).collect())
            }
        }
    }

    /// The pointer with one of its steps changed.
    fn with(&self, at: usize, name: &str) -> String {
        let steps = self.steps.iter().enumerate();
        let steps = steps.map(|(i, step)| if i == at { name } else { step });
        steps.flat_map(|step| ["/".to_owned(), escaped(step)]).collect()
    }
}

fn unescaped(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

fn escaped(step: &str) -> String {
    step.replace('~', "~0").replace('/', "~1")
}
