//! `contajners man DIR`

use std::fs;
use std::path::Path;

use clap::CommandFactory as _;

use crate::args::Cli;
use crate::failure::{Failure, Status};

/// Writes a page for the command and one for each of its own.
pub(crate) fn run(folder: &Path) -> Result<(), Failure> {
    let shown = folder.display();
    // What `-h` leaves out for its length would be here without a text.
    let command = Cli::command().mut_args(|argument| argument.hide_short_help(false));
    let written =
        fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(command, folder));
    written.map_err(|error| {
        Failure::new(Status::Local, format!("cannot write to {shown}")).with_cause(&error)
    })
}
