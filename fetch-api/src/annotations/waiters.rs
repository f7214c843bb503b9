//! Rules that add states to wait for.

use serde::Deserialize;

use super::pointers::Pointer;
use super::{RuleMatches, RuleText, is_meant};
use crate::model::{Condition, Model, Sign, Waiter};

/// Reasons are read in one line of a terminal, behind what was asked.
const LONGEST_REASON: usize = 200;

/// A waiter as it is written, checked; the operation is that of its rule.
#[derive(Debug, Clone)]
pub(super) struct WaiterRule {
    name: String,
    /// The operation is left open.
    waiter: Waiter,
    pointers: Vec<Pointer>,
}

/// Something that ends a wait, as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EndText {
    done: Option<SignText>,
    failed: Option<SignText>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignText {
    status: Option<Several<u16>>,
    at: Option<String>,
    is: Option<Several<yaml_serde::Value>>,
    present: Option<bool>,
    because: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Several<T> {
    Many(Vec<T>),
    One(T),
}

impl<T> Several<T> {
    fn into_list(self) -> Vec<T> {
        match self {
            Several::Many(all) => all,
            Several::One(one) => vec![one],
        }
    }
}

impl WaiterRule {
    /// Takes what a rule says of a waiter; `None` when it is about something else.
    pub(super) fn take(text: &mut RuleText) -> Result<Option<Self>, String> {
        let of_waiter = text.takes.is_some()
            || text.every.is_some()
            || text.within.is_some()
            || text.tells.is_some()
            || text.ends.is_some();
        let Some(name) = text.waiter.take() else {
            return match of_waiter {
                true => {
                    Err("`takes`, `every`, `within`, `tells` and `ends` belong to a `waiter`"
                        .into())
                }
                false => Ok(None),
            };
        };
        let mends = text.definition.is_some()
            || text.missing.is_some()
            || text.remove.is_some()
            || text.fields.is_some()
            || text.optional.is_some()
            || text.also.is_some()
            || text.parameter.is_some()
            || text.location.is_some()
            || text.set.is_some()
            || text.body.is_some();
        if mends {
            return Err("a `waiter` changes nothing in a spec: that takes a rule of its own".into());
        }
        let is_plain = |c: char| !c.is_whitespace() && !c.is_control() && c != '=';
        if name.is_empty() || !name.chars().all(is_plain) {
            return Err(format!("`{name}` is not a valid name of a `waiter`"));
        }
        match text.operation.as_ref().map(super::Names::list) {
            None | Some([]) => return Err("a `waiter` needs an `operation` to ask".into()),
            Some(names) if names.iter().any(|name| name == "*") => {
                return Err("a `waiter` asks one `operation`, not all".into());
            }
            Some(_) => {}
        }
        let every = text.every.take().ok_or("a `waiter` needs `every`: the time between tries")?;
        let within = text.within.take().map(|text| duration("within", &text)).transpose()?;
        let tells = text.tells.take().map(pointer).transpose()?;
        let ends = text.ends.take().unwrap_or_default();
        let conditions = ends.into_iter().map(condition).collect::<Result<Vec<_>, _>>()?;
        if conditions.iter().all(|condition| condition.failed.is_some()) {
            return Err("the `ends` of a `waiter` need at least one `done`".into());
        }
        let waiter = Waiter {
            operation: String::new(),
            parameters: text.takes.take().unwrap_or_default().into_iter().collect(),
            every: duration("every", &every)?,
            within: within.unwrap_or(0),
            tells,
            conditions,
        };
        let pointers = Pointer::all(waiter.tells.as_ref(), &waiter.conditions);
        Ok(Some(Self { name, waiter, pointers }))
    }

    /// The names of parameters, as the operations have them.
    pub(super) fn parameters(&self) -> Vec<String> {
        self.waiter.parameters.iter().map(|(_, theirs)| theirs.clone()).collect()
    }

    /// The pointers into answers, each once.
    pub(super) fn pointers(&self) -> &[Pointer] {
        &self.pointers
    }

    /// Notes where the pointers lead in a version that has one of the operations.
    pub(super) fn look(&self, operations: &[String], model: &Model, matches: &mut RuleMatches) {
        let find = |name: &String| model.operations.iter().find(|own| is_meant(name, own));
        let Some(asked) = operations.iter().find_map(find) else { return };
        for (pointer, lead) in self.pointers.iter().zip(&mut matches.pointers) {
            lead.note(pointer.lead(asked, model));
        }
    }

    /// Adds the waiter to a version that has one of the operations; tells whether it has.
    pub(super) fn add(
        &self,
        operations: &[String],
        model: &mut Model,
        matches: &mut RuleMatches,
    ) -> bool {
        let mut asked = None;
        for (name, matched) in operations.iter().zip(&mut matches.names) {
            let found = model.operations.iter().find(|operation| is_meant(name, operation));
            matched.note_if(found.is_some());
            asked = asked.or(found);
        }
        let Some(asked) = asked else { return false };
        let mut waiter = self.waiter.clone();
        waiter.operation.clone_from(&asked.id);
        let has = |name: &str| {
            asked.parameters.iter().any(|own| own.name.split(':').next() == Some(name))
        };
        for ((_, theirs), matched) in waiter.parameters.iter().zip(&mut matches.parameters) {
            matched.note_if(has(theirs));
        }
        waiter.parameters.retain(|(_, theirs)| has(theirs));
        model.waiters.insert(self.name.clone(), waiter);
        true
    }
}

fn condition(end: EndText) -> Result<Condition, String> {
    let (text, is_failure) = match end {
        EndText { done: Some(text), failed: None } => (text, false),
        EndText { done: None, failed: Some(text) } => (text, true),
        _ => return Err("each of the `ends` is either `done` or `failed`".into()),
    };
    let SignText { status, at, is, present, because } = text;
    let statuses = status.map(Several::into_list);
    let is_status = |status: &u16| (100..600).contains(status);
    if statuses.as_ref().is_some_and(|all| all.is_empty() || !all.iter().all(is_status)) {
        return Err("a `status` is a number from 100 to 599".into());
    }
    let sign = match (at, is, present) {
        (None, None, None) if statuses.is_some() => None,
        (Some(at), Some(is), None) => {
            let values = is.into_list().iter().map(scalar).collect::<Result<Vec<_>, _>>()?;
            if values.is_empty() {
                return Err("`is` has no value".into());
            }
            Some(Sign::Is(pointer(at)?, values))
        }
        (Some(at), None, Some(true)) => Some(Sign::Present(pointer(at)?)),
        (Some(at), None, Some(false)) => Some(Sign::Absent(pointer(at)?)),
        _ => {
            let what = "an end looks at a `status`, or `at` a pointer with `is` or `present`";
            return Err(what.into());
        }
    };
    let failed = match (is_failure, because) {
        (true, Some(reason)) => {
            let is_line = !reason.trim().is_empty() && !reason.chars().any(char::is_control);
            if !is_line || reason.chars().count() > LONGEST_REASON {
                return Err("`because` is one line of text, of up to 200 characters".into());
            }
            Some(reason)
        }
        (true, None) => {
            return Err("`failed` needs `because`: the reason, as its user reads it".into());
        }
        (false, None) => None,
        (false, Some(_)) => return Err("`done` takes no `because`".into()),
    };
    Ok(Condition { statuses: statuses.unwrap_or_default(), sign, failed })
}

/// A scalar as it stands in JSON.
fn scalar(value: &yaml_serde::Value) -> Result<String, String> {
    let json = serde_json::to_value(value).map_err(|error| error.to_string())?;
    match json {
        serde_json::Value::Array(_) | serde_json::Value::Object(_) => {
            Err("`is` takes texts, numbers, `true`, `false`".into())
        }
        // What is not there and what is `null` are the same to `present`.
        serde_json::Value::Null => Err("`is` takes no `null`: write `present: false`".into()),
        scalar => Ok(scalar.to_string()),
    }
}

fn pointer(text: String) -> Result<String, String> {
    match text.is_empty() || text.starts_with('/') {
        true => Ok(text),
        false => Err(format!("`{text}` is not a JSON pointer: they begin with `/`")),
    }
}

/// Reads a whole number with its unit, as milliseconds.
fn duration(key: &str, text: &str) -> Result<u32, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let factor = match unit {
        "ms" => Some(1),
        "s" => Some(1000),
        "m" => Some(60_000),
        "h" => Some(3_600_000),
        _ => None,
    };
    let millis = factor.and_then(|factor| number.parse::<u32>().ok()?.checked_mul(factor));
    match millis {
        // Tries without a pause would be an attack.
        Some(millis) if millis > 0 => Ok(millis),
        _ => Err(format!(
            "`{text}` is not a valid time for `{key}`: write one such as 500ms, 2s, 5m"
        )),
    }
}
