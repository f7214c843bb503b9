//! The operations of a spec with what is at fault in each, so that what rules remove takes its
//! faults along.

use std::collections::BTreeSet;
use std::ops::Range;

use super::Rules;
use super::fault::{SpecFault, printable};
use super::parameters::FaultyParameter;
use crate::model::{Location, Operation, Parameter};

/// The operations of a spec.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) operations: Vec<Operation>,
    /// Which of them have no server that does.
    pub(super) lost: BTreeSet<usize>,
    blames: Vec<Blame>,
}

/// Faults, and which operations have them.
#[derive(Debug)]
struct Blame {
    faults: Range<usize>,
    /// Whether they keep the operations from being called.
    breaks: bool,
    operations: Range<usize>,
    /// That of which they are.
    parameter: Option<(String, Option<Location>)>,
}

impl Found {
    /// Notes the faults of one or more operations; those of their parameters stand by themselves.
    pub(super) fn blame(
        &mut self,
        faults: Range<usize>,
        broken: usize,
        parameters: Vec<FaultyParameter>,
        operations: Range<usize>,
    ) {
        if faults.is_empty() || operations.is_empty() {
            return;
        }
        let of_parameters: usize = parameters.iter().map(|parameter| parameter.broken).sum();
        let breaks = broken > of_parameters;
        self.blames.push(Blame { faults, breaks, operations: operations.clone(), parameter: None });
        self.blames.extend(parameters.into_iter().map(|parameter| Blame {
            faults: parameter.faults,
            breaks: parameter.broken > 0,
            operations: operations.clone(),
            parameter: Some((parameter.name, parameter.location)),
        }));
    }

    /// Takes out what is at fault, and tells of it by method and path; faults of what rules remove
    /// are forgotten.
    pub(super) fn sound(
        mut self,
        faults: &mut Vec<SpecFault>,
        rules: &mut dyn Rules,
    ) -> (Vec<Operation>, Vec<String>) {
        let mut broken = self.lost;
        let (mut removed, mut judged) = (BTreeSet::new(), BTreeSet::new());
        let mut forgiven = vec![false; faults.len()];
        for blame in &self.blames {
            let mut none_has_them = true;
            for at in blame.operations.clone() {
                let operation = &mut self.operations[at];
                if judged.insert(at) && rules.removes(operation) {
                    removed.insert(at);
                }
                let is_gone = blame.parameter.as_ref().is_some_and(|(name, location)| {
                    rules.removes_parameter(operation, name, *location)
                });
                if let (true, Some((name, location))) = (is_gone, &blame.parameter) {
                    let is_it =
                        |own: &Parameter| own.name == *name && Some(own.location) == *location;
                    operation.parameters.retain(|own| !is_it(own));
                } else {
                    none_has_them &= removed.contains(&at);
                    if blame.breaks {
                        broken.insert(at);
                    }
                }
            }
            if none_has_them {
                forgiven[blame.faults.clone()].fill(true);
            }
        }
        let mut is_forgiven = forgiven.into_iter();
        faults.retain(|_| !is_forgiven.next().unwrap_or_default());
        let (mut sound, mut left_out) = (Vec::new(), Vec::new());
        for (at, operation) in self.operations.into_iter().enumerate() {
            if !broken.contains(&at) {
                sound.push(operation);
            } else if !removed.contains(&at) {
                let name = format!("{} {}", operation.method.as_str(), operation.path);
                left_out.push(printable(&name));
            }
        }
        (sound, left_out)
    }
}
