//! `contajners where ENGINE`

use contajners::{Discovered, Endpoint, Source, System, discover};
use serde::Serialize;

use crate::args::{self, Form};
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::Settings;

/// The stable form of what was found.
#[derive(Serialize)]
struct Found<'f> {
    address: String,
    source: String,
    considered: Vec<Considered<'f>>,
}

#[derive(Serialize)]
struct Considered<'f> {
    source: String,
    passed_over: &'f str,
}

/// Tells where an engine is taken to listen, what says so, and what else was looked at.
pub(crate) fn run(
    typed: &args::Engine,
    settings: &Settings,
    output: &mut Output,
) -> Result<(), Failure> {
    let pack = settings.engine(typed)?.pack;
    let found = match &settings.host {
        Some(host) => Discovered {
            endpoint: Endpoint::parse(host)?,
            source: Source::Given,
            considered: Vec::new(),
            tls: None,
        },
        None => discover(pack, &System)?,
    };
    let address = found.endpoint.to_string();
    match settings.form() {
        Some(Form::Json) => {
            let considered = found.considered.iter().map(|(source, passed_over)| Considered {
                source: source.to_string(),
                passed_over,
            });
            let considered = considered.collect();
            output.json(&Found { address, source: found.source.to_string(), considered }, settings)
        }
        Some(Form::Raw) => output.lines([address]),
        _ => {
            let mut lines = vec![address, format!("  because  {}", found.source)];
            lines.extend(
                found.considered.iter().map(|(source, why)| format!("  before   {source}: {why}")),
            );
            output.lines(lines)
        }
    }
}
