//! `contajners categories ENGINE`

use crate::args::{self, Form};
use crate::failure::Failure;
use crate::output::Output;
use crate::render::table::Table;
use crate::settings::Settings;

/// Lists the categories of operations.
pub(crate) fn run(
    engine: &args::Engine,
    settings: &Settings,
    output: &mut Output,
) -> Result<(), Failure> {
    let api = settings.engine(engine)?.api()?;
    let categories = api.categories();
    match settings.form_of_list() {
        Form::Json => output.json(&categories, settings),
        Form::Raw => output.lines(&categories),
        Form::Table => {
            let mut table = Table::new(["CATEGORY", "OPERATIONS"]);
            for category in &categories {
                table.row([&**category, &api.category(category)?.len().to_string()]);
            }
            Ok(table.write(output, settings.width, settings.paint)?)
        }
    }
}
