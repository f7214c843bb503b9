//! `contajners engines`

use contajners_core::Pack;
use serde::Serialize;

use crate::args::Form;
use crate::failure::Failure;
use crate::output::{Output, remark};
use crate::packs::{self, Own};
use crate::render::plain;
use crate::render::table::Table;
use crate::settings::Settings;

/// An engine in the stable JSON.
#[derive(Serialize)]
struct Engine {
    name: &'static str,
    versions: Versions,
    /// The file, where it is not built in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pack: Option<String>,
}

#[derive(Serialize)]
struct Versions {
    oldest: &'static str,
    newest: &'static str,
    count: usize,
}

impl Engine {
    fn new(name: &'static str, pack: Pack<'static>, file: Option<String>) -> Self {
        let oldest = pack.versions().next().unwrap_or_default();
        let newest = pack.versions().next_back().unwrap_or_default();
        let versions = Versions { oldest, newest, count: pack.versions().count() };
        Self { name, versions, pack: file }
    }
}

/// Lists the engines whose packs are built in, named, or in the user's folder.
pub(crate) fn run(settings: &Settings, output: &mut Output) -> Result<(), Failure> {
    let named = settings.named_packs()?;
    let found = packs::found();
    for passed_over in &found.passed_over {
        remark(format_args!("note: {}", plain(&passed_over.line())));
    }
    let is_named = |name: &str| named.iter().any(|own| own.name == name);
    let mut engines = Vec::new();
    for name in contajners::engines().filter(|name| !is_named(name)) {
        engines.push(Engine::new(name, contajners::pack(name)?, None));
    }
    let found = found.packs.iter().filter(|own| !is_named(own.name));
    for Own { name, pack, file } in named.iter().chain(found) {
        engines.push(Engine::new(name, *pack, Some(file.display().to_string())));
    }
    engines.sort_by_key(|engine| engine.name);
    match settings.form_of_list() {
        Form::Json => output.json(&engines, settings),
        Form::Raw => output.lines(engines.iter().map(|engine| engine.name)),
        Form::Table => {
            let mut table = Table::new(["ENGINE", "OLDEST", "NEWEST", "VERSIONS"]);
            for Engine { name, versions, .. } in &engines {
                let count = versions.count.to_string();
                table.row([name, versions.oldest, versions.newest, &count]);
            }
            Ok(table.write(output, settings.width, settings.paint)?)
        }
    }
}
