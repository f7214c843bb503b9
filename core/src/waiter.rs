//! States to wait for: which operation tells of one, and what of its answer decides.
//!
//! A waiter is data of the pack. It reads no clock and sends nothing: whoever waits asks its
//! operation, hands the answer to [`Waiter::judge`], and asks again after [`Waiter::every`] when
//! that is the verdict.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use crate::catalog::{Api, Operation};
use crate::error::{ResolveError, ResolveErrorKind};
use crate::nearest::{alternatives, nearest};
use crate::pack::records::{ConditionRecord, SignRecord, WaiterRecord};
use crate::pack::{Pack, Table};
use crate::pointer;
use crate::request::{Location, Request};
use crate::resolve::Body;
use crate::search::shortened;
use crate::value::{Value, View, write_json_text};
use crate::version::{VersionSet, set_contains};

/// How much of a text that was seen is told.
const LONGEST: usize = 100;
/// How many places are told of.
const PLACES: usize = 2;
/// How many waiters a hint names.
const NAMED: usize = 12;

impl<'a> Pack<'a> {
    fn waiter_records(self) -> impl Iterator<Item = WaiterRecord<'a>> + use<'a> {
        (0..self.count(Table::Waiters))
            .map(move |number| WaiterRecord::read(self.record(Table::Waiters, number)))
    }

    /// Returns in which versions a waiter of that name exists.
    pub fn waiter_history(&self, name: &str) -> VersionSet<'a> {
        let mut set = VersionSet::empty(*self);
        for record in self.waiter_records().filter(|record| self.text(record.name) == name) {
            set.add(record.versions);
        }
        set
    }
}

impl<'a> Api<'a> {
    /// Returns the states that can be waited for, sorted by name.
    pub fn waiters(&self) -> impl Iterator<Item = Waiter<'a>> + use<'a> {
        let api = *self;
        self.pack
            .waiter_records()
            .filter(move |record| set_contains(api.pack, record.versions, api.version))
            .map(move |record| Waiter { api, record })
    }

    /// Returns the waiter of that name, such as `healthy`.
    ///
    /// # Errors
    ///
    /// [`ResolveErrorKind::UnknownWaiter`] with the nearest names and all there are, or with the
    /// versions in which it exists.
    pub fn waiter(&self, name: &str) -> Result<Waiter<'a>, ResolveError> {
        if let Some(waiter) = self.waiters().find(|waiter| waiter.name() == name) {
            return Ok(waiter);
        }
        let mut error =
            ResolveError::new(ResolveErrorKind::UnknownWaiter, self.engine(), self.version());
        error.0.name = name.to_string();
        let history = self.pack.waiter_history(name);
        let names: Vec<&str> = self.waiters().map(|waiter| waiter.name()).take(NAMED).collect();
        let near = nearest(name, names.iter().copied());
        error.0.hint = Some(if !history.is_empty() {
            error.0.detail = history.to_string();
            alloc::format!("it exists in {history}")
        } else if names.is_empty() {
            alloc::format!("{} {} has no states to wait for", self.engine(), self.version())
        } else if near.is_empty() {
            alloc::format!("there are `{}`", names.join("`, `"))
        } else {
            let all = names.join("`, `");
            alloc::format!("did you mean {}? there are `{all}`", alternatives(&near))
        });
        error.0.nearest = near.into_iter().map(Into::into).collect();
        Err(error)
    }
}

/// A state to wait for, in one version of the API: an operation to ask again and again, and what
/// of its answers decides.
///
/// ```
/// # fn demo(bytes: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
/// use contajners_core::{Pack, Verdict};
///
/// let waiter = Pack::open(bytes)?.api("v1.41")?.waiter("removed")?;
/// let request = waiter.resolve(&[("id", &"conny")])?;
/// assert_eq!(request.target(), "/v1.41/containers/conny/json");
/// // … a transport sends it, again and again:
/// assert_eq!(waiter.judge(404, None), Verdict::Done);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy)]
pub struct Waiter<'a> {
    api: Api<'a>,
    record: WaiterRecord<'a>,
}

/// What an answer means to whoever waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict<'a> {
    /// The state is reached.
    Done,
    /// It is not going to be reached, because of this.
    Failed(&'a str),
    /// Not yet: ask again after [`Waiter::every`].
    Again,
    /// The engine refused or failed, and the waiter does not know what to make of it: an error
    /// like that of any other call.
    Refused,
    /// The answer is a success that is not JSON, and JSON is what the waiter looks at.
    Unreadable,
}

/// Something that ends a wait when it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Condition<'a> {
    /// The statuses of the answers that it is for; none stands for every success, `200` to `299`.
    pub statuses: Vec<u16>,
    /// What is looked at in the body, which is JSON then; `None` when the status says it all.
    pub sign: Option<Sign<'a>>,
    /// Why the wait has failed; `None` when the state is reached.
    pub failed: Option<&'a str>,
}

/// What a [`Condition`] looks at in the body of an answer.
///
/// The format of packs has these and no others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sign<'a> {
    /// What stands at a JSON pointer is one of these scalars, each as JSON.
    Is(&'a str, Vec<&'a str>),
    /// Nothing stands at a JSON pointer, or `null`.
    Absent(&'a str),
    /// Something other than `null` stands at a JSON pointer.
    Present(&'a str),
}

impl<'a> Waiter<'a> {
    fn pack(&self) -> Pack<'a> {
        self.api.pack
    }

    /// Returns its name.
    pub fn name(&self) -> &'a str {
        self.pack().text(self.record.name)
    }

    /// Returns the operation to ask.
    ///
    /// # Errors
    ///
    /// [`ResolveErrorKind::UnknownOperation`] for a pack that was made by someone else and names
    /// an operation that it does not have.
    pub fn operation(&self) -> Result<Operation<'a>, ResolveError> {
        self.api.operation(self.operation_id())
    }

    /// Returns the id of the operation to ask.
    pub fn operation_id(&self) -> &'a str {
        self.pack().text(self.record.operation)
    }

    /// Returns how long to wait between two tries.
    pub fn every(&self) -> Duration {
        Duration::from_millis(self.record.every.into())
    }

    /// Returns for how long to try when nothing else is said; `None` is for as long as it takes.
    pub fn within(&self) -> Option<Duration> {
        let limit = self.record.within;
        (limit > 0).then(|| Duration::from_millis(limit.into()))
    }

    /// Returns where in the last answer stands what the state tells, as a JSON pointer: the exit
    /// status of a container that has exited. See [`Waiter::tell`].
    pub fn tells(&self) -> Option<&'a str> {
        self.record.tells().map(|pointer| self.pack().text(pointer))
    }

    /// Returns the parameters that it has a name of its own for, each with the operation's name
    /// for it. All other parameters of the operation go by the vendor's names.
    pub fn parameters(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let pack = self.pack();
        self.record.parameters().map(move |(own, theirs)| (pack.text(own), pack.text(theirs)))
    }

    /// Returns what the operation calls a parameter of the waiter.
    pub fn parameter<'n>(&self, name: &'n str) -> &'n str
    where
        'a: 'n,
    {
        self.parameters().find(|(own, _)| *own == name).map_or(name, |(_, theirs)| theirs)
    }

    /// Returns what ends a wait, in order: the first that holds decides.
    pub fn conditions(&self) -> impl Iterator<Item = Condition<'a>> + use<'a> {
        let pack = self.pack();
        self.record.conditions().map(move |ConditionRecord { statuses, sign, reason, .. }| {
            Condition {
                statuses: statuses.filter_map(|status| status.try_into().ok()).collect(),
                sign: match sign {
                    SignRecord::None => None,
                    SignRecord::Is(pointer, values) => {
                        let values = values.map(|value| pack.text(value)).collect();
                        Some(Sign::Is(pack.text(pointer), values))
                    }
                    SignRecord::Absent(pointer) => Some(Sign::Absent(pack.text(pointer))),
                    SignRecord::Present(pointer) => Some(Sign::Present(pack.text(pointer))),
                },
                failed: reason.map(|reason| pack.text(reason)),
            }
        })
    }

    /// Returns in which versions there is a waiter of that name.
    pub fn history(&self) -> VersionSet<'a> {
        self.pack().waiter_history(self.name())
    }

    /// Makes the request that is sent with each try.
    ///
    /// # Errors
    ///
    /// As [`Operation::resolve`]; a parameter that the waiter has a name for is missed by it.
    pub fn resolve(&self, values: &[(&str, &dyn Value)]) -> Result<Request, ResolveError> {
        let operation = self.operation()?;
        let values: Vec<(&str, &dyn Value)> =
            values.iter().map(|&(name, value)| (self.parameter(name), value)).collect();
        operation.resolve(&values, Body::Nothing).map_err(|mut error| {
            let missed = matches!(error.kind(), ResolveErrorKind::MissingParameter(Location::Path));
            let own = self.parameters().find(|(_, theirs)| *theirs == error.name());
            if let (true, Some((own, _))) = (missed, own) {
                error.0.operation = self.name().to_string();
                error.0.name = own.to_string();
                error.0.hint = None;
            }
            error
        })
    }

    /// Judges an answer, by its status and its body if that is JSON.
    pub fn judge(&self, status: u16, body: Option<&dyn Value>) -> Verdict<'a> {
        let is_success = matches!(status, 200..=299);
        let mut wants_json = false;
        for Condition { statuses, sign, failed } in self.conditions() {
            // What an error says is not the state of anything, unless it is said to be.
            let is_for = match statuses.is_empty() {
                true => is_success,
                false => statuses.contains(&status),
            };
            if !is_for {
                continue;
            }
            wants_json |= sign.is_some();
            let holds = match (sign, body) {
                (None, _) => true,
                (Some(_), None) => false,
                (Some(Sign::Is(pointer, values)), Some(body)) => {
                    let mut is_one = false;
                    pointer::look(body, pointer, &mut |found| {
                        is_one = values.iter().any(|value| is_scalar(found, value));
                    });
                    is_one
                }
                (Some(Sign::Absent(pointer)), Some(body)) => !is_present(body, pointer),
                (Some(Sign::Present(pointer)), Some(body)) => is_present(body, pointer),
            };
            if holds {
                return failed.map_or(Verdict::Done, Verdict::Failed);
            }
        }
        match (is_success, body) {
            (false, _) => Verdict::Refused,
            (true, None) if wants_json => Verdict::Unreadable,
            (true, _) => Verdict::Again,
        }
    }

    /// Shows `look` what the state tells, if the answer has it.
    pub fn tell(&self, body: &dyn Value, look: &mut dyn FnMut(&dyn Value)) {
        if let Some(pointer) = self.tells() {
            pointer::look(body, pointer, &mut |value| {
                if value.view() != View::Null {
                    look(value);
                }
            });
        }
    }

    /// Returns what stands in an answer where the waiter looks first, in words for a message; empty
    /// when there is nothing.
    pub fn seen(&self, body: &dyn Value) -> String {
        let mut text = String::new();
        let mut pointers: Vec<&str> = Vec::new();
        for condition in self.conditions() {
            // What an error says is not what the waiter looks for.
            let Some(Sign::Is(pointer, _)) =
                condition.sign.filter(|_| condition.statuses.is_empty())
            else {
                continue;
            };
            if pointers.contains(&pointer) || pointers.len() == PLACES {
                continue;
            }
            pointers.push(pointer);
            pointer::look(body, pointer, &mut |value| {
                let shown = match value.view() {
                    View::Array | View::Object | View::Null => return,
                    View::Text(text) => shortened(&text, LONGEST),
                    _ => value.to_json(),
                };
                let comma = if text.is_empty() { "" } else { ", " };
                text.push_str(&alloc::format!("{comma}`{pointer}` is `{shown}`"));
            });
        }
        text
    }
}

impl fmt::Debug for Waiter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Waiter({} by {})", self.name(), self.operation_id())
    }
}

fn is_present(body: &dyn Value, pointer: &str) -> bool {
    let mut found = false;
    pointer::look(body, pointer, &mut |value| found = value.view() != View::Null);
    found
}

/// Tells whether a value is the scalar of that JSON.
fn is_scalar(value: &dyn Value, json: &str) -> bool {
    match value.view() {
        View::Array | View::Object => false,
        // It may be long: what is longer than the JSON is not the same.
        View::Text(text) if text.len() > json.len() => false,
        View::Text(text) => {
            let mut written = String::new();
            write_json_text(&text, &mut written);
            written == json
        }
        _ => value.to_json() == json,
    }
}
