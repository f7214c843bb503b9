//! What `invoke` and `request` share: running, sending, and writing an answer as it comes.

use std::future::Future;
use std::io::{self, Write as _, stderr};
use std::sync::Arc;
use std::time::Instant;

use contajners::{ByteStream, Call, Client, OutputStream, Response};
use contajners_core::stream::{Documents, Output as Channel};
use contajners_core::{Api, Content, Method, Pack, engine_error};
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use tokio::runtime::{Builder, Runtime};
use tokio::time::error::Elapsed;
use tokio::time::timeout_at;

use crate::args::{Form, TakenAs};
use crate::call::Body;
use crate::failure::{Failure, Status};
use crate::output::{Output, remark};
use crate::progress::{Display, Lines};
use crate::render::json::{self, Layout};
use crate::screen;
use crate::settings::Settings;
use crate::signals;
use crate::upload::{self, Upload};
use crate::wire::{Heads, Watch};

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// JSON is laid out, text becomes a JSON string when JSON is asked for.
    Data,
    /// As it comes, without the frames around a process's output.
    Stream,
    /// The bytes of the body, whatever they are.
    Raw,
}

impl Taken {
    /// Decides by what was asked for; the form `raw` goes before the rest.
    pub(crate) fn new(taken_as: TakenAs, settings: &Settings) -> Self {
        match (settings.form(), taken_as) {
            (Some(Form::Raw), _) => Self::Raw,
            (_, TakenAs::Stream) => Self::Stream,
            (_, TakenAs::Data | TakenAs::Socket) => Self::Data,
        }
    }
}

/// Runs what waits for an engine. A signal ends it: connections are closed, and what was begun
/// and is not done is put away.
pub(crate) fn run(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let stopped = signals::watch().map_err(|error| cannot_run(&error))?;
    let runtime = runtime().map_err(|error| cannot_run(&error))?;
    let result = runtime.block_on(async {
        tokio::select! {
            biased;
            Ok(status) = stopped => Err(Failure::Stopped(status)),
            done = work => done,
        }
    });
    match result {
        // Files that were being written go.
        Err(Failure::Stopped(_)) => runtime.shutdown_timeout(signals::GRACE / 2),
        // A reader of standard input may be waiting still; nobody waits for it.
        _ => runtime.shutdown_background(),
    }
    result
}

pub(crate) fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

fn cannot_run(error: &io::Error) -> Failure {
    Failure::new(Status::Local, "cannot wait for an engine").with_cause(error)
}

/// Makes a client as the options say, and tells where it goes when that is wished.
pub(crate) fn sender(
    pack: Pack<'static>,
    pinned: Option<Api<'static>>,
    settings: &Settings,
) -> Result<Sender, Failure> {
    let upload = Arc::new(Upload::default());
    let heads = if settings.verbose { Heads::Told } else { Heads::Quiet };
    let watch = Watch { heads, upload: upload.clone() };
    let mut builder = Client::builder(pack.engine()).observer(watch);
    if let Some(host) = &settings.host {
        builder = builder.uri(host);
    }
    if let Some(api) = pinned {
        builder = builder.api_version(api.version());
    }
    let client = builder.build()?;
    if settings.verbose {
        remark(format_args!("* {} at {}", pack.engine(), client.discovered().endpoint));
    }
    Ok(Sender { client, upload })
}

/// A client, and how far what it sends is.
pub(crate) struct Sender {
    /// The client.
    pub(crate) client: Client,
    upload: Arc<Upload>,
}

impl Sender {
    /// Makes a call with its body and waits for the head of the answer.
    pub(crate) async fn send(&self, call: Call, body: Body) -> Result<Response, Failure> {
        Ok(upload::shown(with_body(call, body).send(), &self.upload).await?)
    }
}

/// Gives the call its body.
pub(crate) fn with_body(call: Call, body: Body) -> Call {
    match body {
        Body::Nothing => call,
        Body::Text(text) => call.body_bytes(text),
        Body::File(path) => call.body_file(path),
        Body::Stdin => call.body_reader(tokio::io::stdin()),
        Body::Folder(folder) => call.body_folder(folder),
    }
}

/// Refuses to write bytes to a terminal.
pub(crate) fn refuse_terminal(
    settings: &Settings,
    media_type: Option<&str>,
) -> Result<(), Failure> {
    if !settings.is_terminal {
        return Ok(());
    }
    let what = media_type.unwrap_or("bytes");
    Err(Failure::usage(format!("the answer is {what}, and standard output is a terminal"))
        .with_hint("redirect it: `… > FILE`"))
}

/// Writes an answer as it comes.
pub(crate) async fn write(
    answer: Response,
    method: Method,
    name: &str,
    taken: Taken,
    settings: &Settings,
    output: &mut Output,
) -> Result<(), Failure> {
    match (answer.content(), taken) {
        (Content::Nothing, _) => Ok(()),
        (Content::JsonLines, _) => {
            let written = Written::new(method != Method::Get, taken, settings);
            documents(answer.into_stream(), name, written, settings, output).await
        }
        (_, Taken::Raw) => bytes(answer.into_stream(), settings, output).await,
        (Content::Frames | Content::Output, _) => frames(answer.into_output(), output).await,
        (Content::Json, Taken::Data) => data(answer, name, settings, output).await,
        (Content::Text, Taken::Data) if settings.form() == Some(Form::Json) => {
            output.json(&answer.text().await?, settings)
        }
        _ => bytes(answer.into_stream(), settings, output).await,
    }
}

/// JSON as a whole, laid out; several documents in a row are a list.
async fn data(
    answer: Response,
    name: &str,
    settings: &Settings,
    output: &mut Output,
) -> Result<(), Failure> {
    let body = answer.bytes().await?;
    let text = String::from_utf8_lossy(&body);
    if text.trim().is_empty() {
        return Ok(());
    }
    let layout = if settings.is_terminal || settings.form() == Some(Form::Table) {
        Layout::Pretty
    } else {
        Layout::Compact
    };
    if serde_json::from_str::<IgnoredAny>(&text).is_ok() {
        return Ok(json::write(output, &text, layout, settings.paint)?);
    }
    let documents: Result<Vec<&RawValue>, _> =
        serde_json::Deserializer::from_str(&text).into_iter().collect();
    let documents = documents.map_err(|error| {
        Failure::new(Status::Local, format!("the answer to `{name}` is not JSON"))
            .with_cause(&error)
            .with_hint("`-o raw` writes it as it is")
    })?;
    let documents: Vec<&str> = documents.into_iter().map(RawValue::get).collect();
    let list = format!("[{}]", documents.join(","));
    Ok(json::write(output, &list, layout, settings.paint)?)
}

/// How documents are written.
enum Written {
    /// The bytes as received.
    Raw,
    /// One a line.
    Lines,
    /// As progress for people; what is none is a line.
    Progress(Display),
}

impl Written {
    /// What changes something goes on and comes to an end, and its documents tell how far it is;
    /// other streams are events and figures.
    fn new(changes: bool, taken: Taken, settings: &Settings) -> Self {
        let is_drawable = screen::is_drawable();
        match taken {
            Taken::Raw => Self::Raw,
            Taken::Data if !changes => Self::Lines,
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
}

impl Written {
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
async fn documents(
    stream: ByteStream,
    name: &str,
    mut written: Written,
    settings: &Settings,
    output: &mut Output,
) -> Result<(), Failure> {
    let done = each_document(stream, name, &mut written, settings, output).await;
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
    mut stream: ByteStream,
    name: &str,
    written: &mut Written,
    settings: &Settings,
    output: &mut Output,
) -> Result<(), Failure> {
    let is_json = settings.form() == Some(Form::Json);
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
            Failure::new(Status::Local, format!("the answer to `{name}` cannot be decoded"))
                .with_cause(&error)
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
                return Err(Failure::new(Status::Failed, format!("`{name}` failed: {message}")));
            }
        }
        output.flush()?;
        if piece.is_none() {
            return Ok(());
        }
        written.draw_if_due();
    }
}

/// Waits for something, but no longer than until this.
async fn before<T>(due: Option<Instant>, what: impl Future<Output = T>) -> Result<T, Elapsed> {
    match due {
        None => Ok(what.await),
        Some(due) => timeout_at(due.into(), what).await,
    }
}

/// Output of a process: each channel to its own.
pub(crate) async fn frames(mut stream: OutputStream, output: &mut Output) -> Result<(), Failure> {
    while let Some(piece) = stream.next().await.transpose()? {
        if piece.output == Channel::Stderr {
            // What came before on the other channel is seen before.
            output.flush()?;
            // Nobody reads it: the rest is worth reading still.
            let _ = stderr().write_all(&piece.bytes);
        } else {
            output.write_all(&piece.bytes)?;
            output.flush()?;
        }
    }
    Ok(())
}

/// Bytes as they are.
async fn bytes(
    mut stream: ByteStream,
    settings: &Settings,
    output: &mut Output,
) -> Result<(), Failure> {
    let mut first = true;
    while let Some(piece) = stream.next().await.transpose()? {
        if settings.is_terminal && is_binary(&piece, first) {
            return Err(Failure::new(
                Status::Local,
                "the answer is binary, and standard output is a terminal",
            )
            .with_hint("redirect it: `… > FILE`"));
        }
        first = false;
        output.write_all(&piece)?;
        output.flush()?;
    }
    Ok(())
}

/// Text has no zero bytes, and begins with a whole character. Where a piece ends a character may
/// be cut.
fn is_binary(piece: &[u8], first: bool) -> bool {
    piece.contains(&0)
        || first && std::str::from_utf8(piece).is_err_and(|error| error.error_len().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_not_binary() {
        assert!(!is_binary("é\x1b[1m\n".as_bytes(), true));
        assert!(!is_binary(&"é".as_bytes()[..1], true));
        assert!(!is_binary(&"é".as_bytes()[1..], false));
        assert!(is_binary(&"é".as_bytes()[1..], true));
        assert!(is_binary(b"a\0", false));
        assert!(is_binary(&[0x1f, 0x8b, 8], true));
    }
}
