//! The fields of an object that is made of several parts: what checks and differences go by.

use alloc::vec::Vec;

use crate::schema::{Additional, Property, Schema, SchemaKind};

/// How many fields are looked at; those of an object and of its parts are some hundreds at most.
const DECLARED: usize = 1024;

/// What an object may hold, taken together from all the parts it is made of.
#[derive(Default)]
pub(crate) struct Fields<'a> {
    /// Sorted by name, each name once: as the first part has it that names it, and required if
    /// one of them says so.
    pub(crate) declared: Vec<Property<'a>>,
    /// How many were looked at: what it took.
    pub(crate) looked_at: usize,
    pub(crate) others: Option<Others<'a>>,
    /// Whether it is said that there are no others.
    is_closed: bool,
    /// Parts of which one of several holds.
    pub(crate) alternatives: Vec<Schema<'a>>,
}

/// What undeclared fields may be.
pub(crate) enum Others<'a> {
    Any,
    Schema(Schema<'a>),
}

impl<'a> Fields<'a> {
    /// Adds what one part says; `false` when something is said that is no object.
    fn add(&mut self, schema: Schema<'a>, budget: &mut usize) -> bool {
        let Some(left) = budget.checked_sub(1) else { return false };
        *budget = left;
        let schema = schema.resolved();
        match schema.kind() {
            SchemaKind::Object => {
                let room = DECLARED.saturating_sub(self.looked_at);
                for property in schema.properties().take(room) {
                    self.looked_at += 1;
                    match self.position(property.name) {
                        Ok(at) => self.declared[at].required |= property.required,
                        Err(at) => self.declared.insert(at, property),
                    }
                }
                match schema.additional() {
                    Additional::Schema(values) => self.others = Some(Others::Schema(values)),
                    Additional::Any => self.others = Some(Others::Any),
                    Additional::Forbidden => self.is_closed = true,
                    Additional::Unsaid => {}
                }
                true
            }
            SchemaKind::AllOf => schema.parts().all(|part| self.add(part, budget)),
            // It says nothing, such as a part that is there for its example.
            SchemaKind::Any => true,
            // What may be one thing or another says nothing that holds for all.
            SchemaKind::Ref | SchemaKind::OneOf | SchemaKind::AnyOf => {
                self.others = Some(Others::Any);
                self.alternatives.push(schema);
                true
            }
            _ => false,
        }
    }

    /// Returns `None` for what is no object, or not in all of its parts.
    pub(crate) fn of(schema: Schema<'a>, budget: &mut usize) -> Option<Self> {
        let mut fields = Self::default();
        if !fields.add(schema, budget) {
            return None;
        }
        // Nothing said about any field, by any part: a free form.
        if fields.declared.is_empty() && !fields.is_closed {
            fields.others.get_or_insert(Others::Any);
        }
        Some(fields)
    }

    /// Tells whether there may be more than are looked at.
    pub(crate) fn is_cut(&self) -> bool {
        self.looked_at >= DECLARED
    }

    /// Returns what all parts together say of other fields.
    pub(crate) fn additional(&self) -> Additional<'a> {
        match self.others {
            Some(Others::Schema(values)) => Additional::Schema(values),
            Some(Others::Any) => Additional::Any,
            None if self.is_closed => Additional::Forbidden,
            None => Additional::Unsaid,
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Property<'a>> {
        self.declared.get(self.position(name).ok()?)
    }

    /// Returns where a field is, or else belongs.
    pub(crate) fn position(&self, name: &str) -> Result<usize, usize> {
        self.declared.binary_search_by(|property| property.name.cmp(name))
    }
}
