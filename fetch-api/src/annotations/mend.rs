//! How rules change an operation, and why not where they change nothing.

use std::collections::BTreeMap;

use contajners_core::is_json;

use super::fields::{add_fields, take_also};
use super::matches::Mark;
use super::text::{BodyText, MissingText};
use super::{NO_FIELDS, NOT_SENT, Rule, SAME, TAKEN};
use crate::model::{Body, Location, Operation, Parameter, Schema};

impl Rule {
    /// Mends one operation; tells why not where there was nothing to mend.
    pub(super) fn mend(
        &self,
        operation: &mut Operation,
        definitions: &BTreeMap<String, Schema>,
        parameters: &mut [Mark],
    ) -> Result<(), &'static str> {
        if let Some(names) = &self.text.parameter {
            return self.mend_parameters(names.list(), operation, parameters);
        }
        // What one part of a rule cannot do keeps no other from what it can.
        let mut any = false;
        let mut why = SAME;
        let mut note = |outcome: Result<(), &'static str>| match outcome {
            Ok(()) => any = true,
            Err(reason) if why == SAME => why = reason,
            Err(_) => {}
        };
        if let Some(text) = &self.text.body {
            note(mend_body(text, operation, definitions));
        }
        if let Some(answer) = self.text.set.as_ref().and_then(|set| set.answer) {
            let before = std::mem::replace(&mut operation.answer, answer.into());
            note((operation.answer != before).then_some(()).ok_or(SAME));
        }
        if let Some(path) = self.text.set.as_ref().and_then(|set| set.path.as_deref()) {
            let why = "the placeholders of the path are not its parameters";
            note(move_to(operation, path).then_some(()).ok_or(why));
        }
        any.then_some(()).ok_or(why)
    }

    fn mend_parameters(
        &self,
        names: &[String],
        operation: &mut Operation,
        marks: &mut [Mark],
    ) -> Result<(), &'static str> {
        let place = self.text.location.map(Location::from);
        let (mut any, mut idle) = (false, None);
        for (name, matched) in names.iter().zip(marks) {
            let is_meant = |parameter: &Parameter| {
                parameter.name == *name && place.is_none_or(|place| place == parameter.location)
            };
            if self.text.remove == Some(true) {
                let count = operation.parameters.len();
                operation.parameters.retain(|one| one.location == Location::Path || !is_meant(one));
                let is_gone = operation.parameters.len() < count;
                matched.note_if(is_gone);
                any |= is_gone;
                continue;
            }
            let mut adds = false;
            if let (Some(MissingText::Any), Some(place)) = (self.text.missing, place) {
                if operation.parameters.iter().any(is_meant) {
                    continue;
                }
                operation.parameters.push(Parameter::any(name, place));
                adds = true;
            }
            for parameter in operation.parameters.iter_mut().filter(|one| is_meant(one)) {
                let before = parameter.clone();
                if let Some(set) = &self.text.set {
                    set.apply(parameter);
                }
                let is_header = parameter.location == Location::Header;
                let why = match is_header && parameter.sent_default().is_err() {
                    true => {
                        *parameter = before.clone();
                        NOT_SENT
                    }
                    false => SAME,
                };
                let changes = adds || *parameter != before;
                matched.note(if changes { Mark::Matched } else { Mark::Idle(why) });
                idle = Some(why);
                any |= changes;
            }
        }
        any.then_some(()).ok_or(match (self.text.missing, idle) {
            (Some(MissingText::Any), _) => "the parameter is there already",
            (None, Some(why)) => why,
            (None, None) if operation.parameters.iter().any(|one| names.contains(&one.name)) => {
                "the parameter is in another place"
            }
            (None, None) => "there is no such parameter",
        })
    }
}

/// Mends a body, or adds one.
fn mend_body(
    text: &BodyText,
    operation: &mut Operation,
    definitions: &BTreeMap<String, Schema>,
) -> Result<(), &'static str> {
    let before = operation.body.clone();
    match (&before, text.missing) {
        (None, Some(MissingText::Any)) => {
            operation.body = Some(Body {
                required: false,
                schema: Schema::any(),
                media_types: vec!["application/json".to_owned()],
                schemas: Vec::new(),
            });
        }
        (Some(_), Some(MissingText::Any)) => return Err("there is a body already"),
        (_, None) => {}
    }
    let Some(body) = &mut operation.body else { return Err("there is no body") };
    if let Some(media_types) = &text.media_types {
        body.media_types.clone_from(media_types);
        // What the spec says of others is not known of these.
        body.schemas.clear();
    }
    body.required = text.required.unwrap_or(body.required);
    let adds = |fields| mend_json(body, |schema| add_fields(schema, fields, definitions));
    let adds = text.fields.as_ref().is_none_or(adds);
    let takes = |fields| mend_json(body, |schema| take_also(schema, fields, definitions));
    let takes = text.also.as_ref().is_none_or(takes);
    match operation.body != before {
        true => Ok(()),
        false if !adds => Err(NO_FIELDS),
        false => Err(if takes { SAME } else { TAKEN }),
    }
}

/// Mends the schema of a body, or where each media type has its own, those of JSON.
fn mend_json(body: &mut Body, mut mend: impl FnMut(&mut Schema) -> bool) -> bool {
    if body.schemas.is_empty() {
        return mend(&mut body.schema);
    }
    let mut any = false;
    for (media_type, schema) in body.media_types.iter().zip(&mut body.schemas) {
        any |= is_json(media_type) && mend(schema);
    }
    // That of the first.
    body.schema.clone_from(&body.schemas[0]);
    any
}

/// The names in the braces of a path template; `None` when they do not match.
pub(super) fn placeholders(path: &str) -> Option<Vec<&str>> {
    let mut names = Vec::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}')?;
        if before.contains('}') || name.is_empty() || name.contains(['{', '/']) {
            return None;
        }
        names.push(name);
        rest = after;
    }
    (!rest.contains('}')).then_some(names)
}

/// Gives an operation another path, with the parameters that it names; tells whether it could.
fn move_to(operation: &mut Operation, path: &str) -> bool {
    let names = placeholders(path).unwrap_or_default();
    let given = |name: &&str| operation.parameters.iter().any(|one| one.name == **name);
    let own = operation.parameters.iter().filter(|one| one.location == Location::Path);
    if !names.iter().all(given) || !own.clone().all(|one| names.contains(&&*one.name)) {
        return false;
    }
    for name in names {
        let is_there = |one: &Parameter| one.location == Location::Path && one.name == name;
        if operation.parameters.iter().any(is_there) {
            continue;
        }
        if let Some(moved) = operation.parameters.iter_mut().find(|one| one.name == name) {
            moved.location = Location::Path;
            moved.required = true;
        }
    }
    path.clone_into(&mut operation.path);
    true
}
