//! `contajners versions ENGINE`

use crate::args::{self, Form};
use crate::failure::Failure;
use crate::output::Output;
use crate::render::table::Table;
use crate::settings::Settings;

/// Lists the API versions of an engine, oldest first.
pub(crate) fn run(
    engine: &args::Engine,
    settings: &Settings,
    output: &mut Output,
) -> Result<(), Failure> {
    let pack = settings.engine(engine)?.pack;
    match settings.form_of_list() {
        Form::Json => output.json(&pack.versions().collect::<Vec<_>>(), settings),
        Form::Raw => output.lines(pack.versions()),
        Form::Table => {
            let mut table = Table::new(["VERSION", "CATEGORIES", "OPERATIONS"]);
            for api in pack.apis() {
                let categories = api.categories().len().to_string();
                let operations = api.operations().count().to_string();
                table.row([api.version(), &categories, &operations]);
            }
            Ok(table.write(output, settings.width, settings.paint)?)
        }
    }
}
