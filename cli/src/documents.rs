//! Answers that are many JSON documents, one after another.

use std::future::Future;
use std::io::Write as _;
use std::time::Instant;

use contajners::Response;
use contajners_core::stream::{Documents, fits};
use contajners_core::{Method, engine_error};
use tokio::time::error::Elapsed;
use tokio::time::timeout_at;

use crate::args::Form;
use crate::failure::{Failure, Status};
use crate::output::Output;
use crate::progress::{Display, Lines};
use crate::render::json::{self, Layout};
use crate::screen;
use crate::sending::{Asked, Taken};
use crate::settings::Settings;

/// What takes more than such a document may as values is not looked into.
pub(crate) const LARGEST: usize = 16 << 20;

/// How documents are written.
#[derive(Debug)]
pub(crate) enum Written {
    /// The bytes as received.
    Raw,
    /// One a line.
    Lines,
    /// As progress for people; what is none is a line.
    Progress(Display),
}

impl Written {
    /// Decides by what was asked for. Where an operation changes something, its documents tell how
    /// far it is; what only gets them gets events and figures.
    pub(crate) fn new(method: Method, taken: Taken, settings: &Settings) -> Self {
        let is_drawable = screen::is_drawable();
        match taken {
            Taken::Raw => Self::Raw,
            Taken::Data if method == Method::Get => Self::Lines,
            // Documents on a terminal leave no place for anything else.
            Taken::Data if settings.form() == Some(Form::Json) => {
                let is_drawn = is_drawable && !settings.is_terminal;
                Self::Progress(Display::new(Lines::Nothing, is_drawn))
            }
            Taken::Data => {
                let below = is_drawable && settings.is_terminal;
                Self::Progress(Display::new(
                    if below { Lines::Text } else { Lines::All },
                    is_drawable,
                ))
            }
            Taken::Stream => Self::Lines,
        }
    }

    fn due(&self) -> Option<Instant> {
        match self {
            Self::Progress(display) => display.due(),
            Self::Raw | Self::Lines => None,
        }
    }

    fn draw_if_due(&mut self) {
        if let Self::Progress(display) = self {
            display.draw_if_due();
        }
    }
}

/// JSON documents as they come; one of them may tell of an error.
pub(crate) async fn write(
    answer: Response,
    asked: Asked<'_>,
    mut written: Written,
    settings: &Settings,
    output: &mut Output,
) -> Result<(), Failure> {
    let done = each_document(answer, asked, &mut written, settings, output).await;
    let ended = match written {
        Written::Progress(display) if done.is_ok() => display.finish(output),
        Written::Progress(mut display) => display.end_line(output),
        Written::Raw | Written::Lines => Ok(()),
    };
    // What came is seen before an error is; that nobody sees it is the lesser one.
    let flushed = output.flush();
    done.and(ended)?;
    Ok(flushed?)
}

async fn each_document(
    answer: Response,
    asked: Asked<'_>,
    written: &mut Written,
    settings: &Settings,
    output: &mut Output,
) -> Result<(), Failure> {
    let is_json = settings.form() == Some(Form::Json);
    let remark = answer.remark().map(str::to_owned);
    let mut stream = answer.into_stream();
    let mut documents = Documents::new();
    loop {
        let Ok(piece) = before(written.due(), stream.next()).await else {
            written.draw_if_due();
            continue;
        };
        let piece = piece.transpose()?;
        match &piece {
            Some(piece) => documents.push(piece),
            None => documents.finish(),
        }
        if let (Written::Raw, Some(piece)) = (&*written, &piece) {
            output.write_all(piece)?;
        }
        let cannot = |error| {
            let text = format!("the answer to `{}` cannot be decoded", asked.name);
            Failure::new(Status::Local, text).with_cause(&error)
        };
        while let Some(document) = documents.pop().map_err(cannot)? {
            let value = serde_json::from_slice::<serde_json::Value>(document).unwrap_or_default();
            let error = engine_error::in_band(&value);
            let is_line = match written {
                Written::Raw => false,
                Written::Lines => true,
                // It is told at the end of the run.
                Written::Progress(_) if error.is_some() => is_json,
                Written::Progress(display) => !display.take(&value, output)? || is_json,
            };
            if is_line {
                let text = String::from_utf8_lossy(document);
                json::write(output, &text, Layout::Compact, settings.paint)?;
            }
            if let Some(message) = error {
                return Err(asked.failed(&message, remark.as_deref()));
            }
        }
        output.flush()?;
        if piece.is_none() {
            return Ok(());
        }
        written.draw_if_due();
    }
}

/// Looks for an error among documents that pass as they are.
pub(crate) struct Errors {
    documents: Option<Documents>,
    found: Option<String>,
}

impl Errors {
    /// Looks at nothing.
    pub(crate) fn none() -> Self {
        Self { documents: None, found: None }
    }

    pub(crate) fn all() -> Self {
        Self { documents: Some(Documents::new()), found: None }
    }

    pub(crate) fn push(&mut self, piece: &[u8]) {
        if let Some(documents) = &mut self.documents {
            documents.push(piece);
            self.look();
        }
    }

    /// Returns what was found, when all has passed.
    pub(crate) fn end(mut self) -> Option<String> {
        if let Some(documents) = &mut self.documents {
            documents.finish();
            self.look();
        }
        self.found
    }

    fn look(&mut self) {
        while let Some(documents) = &mut self.documents {
            match documents.pop() {
                Ok(Some(document)) if fits(document, LARGEST) => {
                    let value =
                        serde_json::from_slice::<serde_json::Value>(document).unwrap_or_default();
                    self.found = engine_error::in_band(&value);
                    if self.found.is_some() {
                        self.documents = None;
                    }
                }
                Ok(Some(_)) => {}
                Ok(None) => return,
                // It is none of these, and passes all the same.
                Err(_) => self.documents = None,
            }
        }
    }
}

/// Waits for something, but no longer than until this.
async fn before<T>(due: Option<Instant>, what: impl Future<Output = T>) -> Result<T, Elapsed> {
    match due {
        None => Ok(what.await),
        Some(due) => timeout_at(due.into(), what).await,
    }
}
