//! `contajners where ENGINE`

use contajners::Tls;
use serde::Serialize;

use crate::args::{self, Form};
use crate::failure::Failure;
use crate::output::Output;
use crate::render::plain;
use crate::settings::Settings;

/// The stable form of what was found.
#[derive(Serialize)]
struct Found<'f> {
    address: String,
    source: String,
    named_by: Option<String>,
    tls: Option<Secured>,
    considered: Vec<Considered<'f>>,
}

#[derive(Serialize)]
struct Considered<'f> {
    source: String,
    passed_over: &'f str,
}

/// How the connection is secured, as far as that is said beside the address.
#[derive(Serialize)]
struct Secured {
    ca: Option<String>,
    certificate: Option<String>,
    key: Option<String>,
    verified: bool,
}

impl Secured {
    fn new(tls: &Tls) -> Self {
        let text = |path: &std::path::Path| path.to_string_lossy().into_owned();
        let identity = tls.identity_paths();
        Self {
            ca: tls.ca_path().map(text),
            certificate: identity.map(|(certificate, _)| text(certificate)),
            key: identity.map(|(_, key)| text(key)),
            verified: tls.is_verified(),
        }
    }

    fn lines(&self) -> Vec<String> {
        let trusted = match (&self.ca, self.verified) {
            (_, false) => "accepting any certificate".to_owned(),
            (Some(ca), true) => format!("trusting {}", plain(ca)),
            (None, true) => "trusting the system's CAs".to_owned(),
        };
        let shown = match (&self.certificate, &self.key) {
            (Some(certificate), Some(key)) => {
                Some(format!("presenting {} (key {})", plain(certificate), plain(key)))
            }
            _ => None,
        };
        let lines = [Some(trusted), shown].into_iter().flatten();
        lines.map(|line| format!("  TLS      {line}")).collect()
    }
}

/// Tells where an engine is taken to listen, what says so, and what else was looked at.
pub(crate) fn run(
    typed: &args::Engine,
    settings: &Settings,
    output: &mut Output,
) -> Result<(), Failure> {
    let found = settings.builder(settings.engine(typed)?.pack)?.discover()?;
    let address = found.endpoint.to_string();
    let tls = found.tls.as_ref().map(Secured::new);
    match settings.form() {
        Some(Form::Json) => {
            let considered = found.considered.iter().map(|(source, passed_over)| Considered {
                source: source.to_string(),
                passed_over,
            });
            let considered = considered.collect();
            let source = found.source.to_string();
            // What stands in backticks is for people.
            let named_by = found.named_by.as_ref().map(|by| by.trim_matches('`').to_owned());
            output.json(&Found { address, source, named_by, tls, considered }, settings)
        }
        Some(Form::Raw) => output.lines([address]),
        _ => {
            let by = found.named_by.as_ref().map(|by| format!(", which {by} names"));
            let by = by.unwrap_or_default();
            let mut lines = vec![address, format!("  because  {}{by}", found.source)];
            lines.extend(tls.iter().flat_map(Secured::lines));
            lines.extend(
                found.considered.iter().map(|(source, why)| format!("  before   {source}: {why}")),
            );
            output.lines(lines)
        }
    }
}
