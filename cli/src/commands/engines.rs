//! `contajners engines`

use serde::Serialize;

use crate::args::Form;
use crate::failure::Failure;
use crate::output::Output;
use crate::render::table::Table;
use crate::settings::Settings;

/// An engine in the stable JSON.
#[derive(Serialize)]
struct Engine {
    name: &'static str,
    versions: Versions,
}

#[derive(Serialize)]
struct Versions {
    oldest: &'static str,
    newest: &'static str,
    count: usize,
}

/// Lists the engines whose packs are built in.
pub(crate) fn run(settings: &Settings, output: &mut Output) -> Result<(), Failure> {
    let mut engines = Vec::new();
    for name in contajners::engines() {
        let pack = contajners::pack(name)?;
        let oldest = pack.versions().next().unwrap_or_default();
        let newest = pack.versions().next_back().unwrap_or_default();
        let versions = Versions { oldest, newest, count: pack.versions().count() };
        engines.push(Engine { name, versions });
    }
    match settings.form_of_list() {
        Form::Json => output.json(&engines, settings),
        Form::Raw => output.lines(engines.iter().map(|engine| engine.name)),
        Form::Table => {
            let mut table = Table::new(["ENGINE", "OLDEST", "NEWEST", "VERSIONS"]);
            for Engine { name, versions } in &engines {
                let count = versions.count.to_string();
                table.row([name, versions.oldest, versions.newest, &count]);
            }
            Ok(table.write(output, settings.width, settings.paint)?)
        }
    }
}
