//! What `invoke` and `request` share: running, sending, and writing an answer as it comes.

use std::future::Future;
use std::io::{self, Write as _, stderr};
use std::sync::Arc;
use std::time::Duration;

use contajners::{
    ByteStream, Call, Checks, Client, ClientBuilder, Endpoint, OutputStream, Response,
};
use contajners_core::stream::{Output as Channel, fits};
use contajners_core::{Content, Method, Operation, engine_error};
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::runtime::{Builder, Runtime};
use tokio::time::{sleep, timeout};

use crate::args::{Connecting, Form, Limit, TakenAs};
use crate::call::Body;
use crate::documents::{self, Errors, LARGEST, Written};
use crate::failure::{Failure, MORE_TIME, Status};
use crate::output::{Output, remark};
use crate::render;
use crate::render::json;
use crate::settings::{Chosen, Settings};
use crate::signals;
use crate::terminal;
use crate::upload::{self, Upload};
use crate::wire::{Heads, Watch};

/// The code of a key whose password is not known.
const KEY_NEEDS_PASSWORD: &str = "key-needs-password";

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

/// How long a signal may take to be told of when it has ended `ssh` already, which gets that of ^C,
/// too: in a process group of its own it could not ask for a password.
const SAME_SIGNAL: Duration = Duration::from_millis(200);

/// Makes a client, and runs what calls an engine with it. A signal ends it: connections are closed,
/// and what was begun and is not done is put away.
pub(crate) fn run(
    chosen: &Chosen,
    connecting: &Connecting,
    whole: Option<Duration>,
    settings: &Settings,
    work: impl AsyncFnOnce(&Sender) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let stopped = signals::watch().map_err(|error| cannot_run(&error))?;
    let runtime = runtime().map_err(|error| cannot_run(&error))?;
    let work = async {
        let sender = sender(chosen, connecting, whole, settings)?;
        let done = work(&sender).await;
        if matches!(done, Err(Failure::Told(_))) && sender.is_over_ssh() {
            sleep(SAME_SIGNAL).await;
        }
        done
    };
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

/// How long `ssh` may take to log in where it may ask for a password: as long as `sshd` waits for one.
const LOGIN_LIMIT: Duration = Duration::from_secs(120);

/// Makes a client as the options say, each call of which may take this long, and tells where it goes
/// when that is wished.
fn sender(
    &Chosen { pack, pinned }: &Chosen,
    connecting: &Connecting,
    whole: Option<Duration>,
    settings: &Settings,
) -> Result<Sender, Failure> {
    let upload = Arc::new(Upload::default());
    let heads = if settings.verbose { Heads::Told } else { Heads::Quiet };
    let watch = Watch { heads, upload: upload.clone() };
    let mut builder = settings.builder(pack)?.observer(watch).checks(Checks::Off).timeout(whole);
    if let Some(api) = pinned {
        builder = builder.api_version(api.version());
    }
    if let Some(Limit(limit)) = connecting.connect_timeout {
        builder = builder.connect_timeout(limit);
    }
    let mut client = built(builder.clone())?;
    if connecting.connect_timeout.is_none()
        && matches!(client.discovered().endpoint, Endpoint::Ssh { .. })
        && terminal::may_ask()
    {
        // What cannot be reached is given up as soon as ever.
        let ssh = ["ssh", "-o", "ConnectTimeout=10"];
        client = builder.ssh_command(ssh).connect_timeout(LOGIN_LIMIT).build()?;
    }
    if settings.verbose {
        remark(format_args!("* {} at {}", pack.engine(), client.discovered().endpoint));
    }
    Ok(Sender { client, upload, whole })
}

/// Makes the client; a password that its key needs is asked for.
fn built(builder: ClientBuilder) -> Result<Client, Failure> {
    match builder.clone().build() {
        Err(error) if error.code() == KEY_NEEDS_PASSWORD => {
            let failure = Failure::from(error).with_hint(
                "give it in a file (`--tls-key-password`), or on the terminal of standard input",
            );
            let tls = builder.discover()?.tls.unwrap_or_default();
            match terminal::password("password for the key: ") {
                Some(Ok(password)) => Ok(builder.tls(tls.key_password(password)).build()?),
                Some(Err(error)) => {
                    Err(Failure::new(Status::Local, "cannot read the password").with_cause(&error))
                }
                None => Err(failure),
            }
        }
        client => Ok(client?),
    }
}

/// A client, and how far what it sends is.
pub(crate) struct Sender {
    /// The client.
    pub(crate) client: Client,
    upload: Arc<Upload>,
    /// How long a call may take.
    whole: Option<Duration>,
}

impl Sender {
    /// Makes a call with its body and waits for the head of the answer.
    pub(crate) async fn send(&self, call: Call, body: Body) -> Result<Response, Failure> {
        Ok(upload::shown(with_body(call, body).send(), &self.upload).await?)
    }

    fn is_over_ssh(&self) -> bool {
        matches!(self.client.discovered().endpoint, Endpoint::Ssh { .. })
    }

    /// Does what comes of a socket in the time that a call may take: the client's own limit ends where
    /// the socket begins.
    pub(crate) async fn in_time(
        &self,
        work: impl Future<Output = Result<(), Failure>>,
    ) -> Result<(), Failure> {
        let Some(limit) = self.whole else { return work.await };
        timeout(limit, work).await.unwrap_or_else(|_| {
            let (engine, address) =
                (self.client.pack().engine(), &self.client.discovered().endpoint);
            let text = format!("{engine} at {address} was not done within {limit:?}");
            Err(Failure::new(Status::Local, text).with_hint(MORE_TIME))
        })
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

/// What an answer is an answer to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) method: Method,
    /// The operation, or method and path.
    pub(crate) name: &'a str,
}

impl Asked<'_> {
    /// Makes the error that an answer tells of after all.
    pub(crate) fn failed(self, message: &str, remark: Option<&str>) -> Failure {
        let failure = Failure::new(Status::Failed, format!("`{}` failed: {message}", self.name));
        match remark {
            Some(remark) => failure.with_hint(remark),
            None => failure,
        }
    }
}

/// Returns what an answer ends a run with that has an error status, and is wanted all the same.
pub(crate) fn failed(answer: &Response) -> Option<Status> {
    (!answer.is_success()).then(|| Status::of_answer(answer.status()))
}

/// Ends a run whose answer has been written.
pub(crate) fn ended(written: Result<(), Failure>, failed: Option<Status>) -> Result<(), Failure> {
    match failed {
        None => written,
        Some(status) => {
            Failure::unless_reader_gone(written)?;
            Err(Failure::Process(status as u8))
        }
    }
}

/// The error of asking for both.
pub(crate) fn no_error_from_a_socket() -> Failure {
    Failure::usage("an error never becomes a socket")
        .with_hint("leave out `--as socket`, or `--allow-error-status`")
}

/// Writes an answer as it comes; what was passed over on the way is told where it went well all the
/// same.
pub(crate) async fn write(
    answer: Response,
    asked: Asked<'_>,
    taken: Taken,
    settings: &Settings,
    output: &mut Output,
) -> Result<(), Failure> {
    let passed_over = answer.remark().map(str::to_owned).filter(|_| answer.is_success());
    write_as(answer, asked, taken, settings, output).await?;
    if let Some(passed_over) = passed_over {
        output.flush()?;
        remark(format_args!("warning: {passed_over}"));
    }
    Ok(())
}

async fn write_as(
    answer: Response,
    asked: Asked<'_>,
    taken: Taken,
    settings: &Settings,
    output: &mut Output,
) -> Result<(), Failure> {
    let (content, acts) = (answer.content(), !asked.method.is_safe());
    let is_of_process = matches!(content, Content::Frames | Content::Output);
    if acts && !is_of_process {
        // A push or a build would end in the middle.
        output.outlive_reader();
    }
    match (content, taken) {
        (Content::Nothing, _) => Ok(()),
        (Content::JsonLines, _) => {
            let written = Written::new(asked.method, taken, settings);
            documents::write(answer, asked, written, settings, output).await
        }
        (Content::Json, Taken::Stream | Taken::Raw) if answer.may_fail_inside() => {
            let remark = answer.remark().map(str::to_owned);
            let mut errors = Errors::all();
            let written = bytes(answer.into_stream(), settings, output, &mut errors).await;
            written.and(
                errors
                    .end()
                    .map_or(Ok(()), |message| Err(asked.failed(&message, remark.as_deref()))),
            )
        }
        (_, Taken::Raw) => plain(answer, settings, output)
            .await
            .map_err(|failure| if acts && is_of_process { failure.of_process() } else { failure }),
        (Content::Frames | Content::Output, _) => {
            let written = frames(answer.into_output(), output).await;
            written.map_err(|failure| if acts { failure.of_process() } else { failure })
        }
        (Content::Json, Taken::Data) => data(answer, asked, settings, output).await,
        (Content::Text, Taken::Data) if settings.form() == Some(Form::Json) => {
            output.json(&answer.text().await?, settings)
        }
        _ => plain(answer, settings, output).await,
    }
}

async fn plain(answer: Response, settings: &Settings, output: &mut Output) -> Result<(), Failure> {
    bytes(answer.into_stream(), settings, output, &mut Errors::none()).await
}

/// Writes what the answer to a HEAD consists of: the headers that the catalogue has for its status,
/// by the names they have there.
pub(crate) fn headers(
    answer: &Response,
    operation: &Operation<'_>,
    taken: Taken,
    settings: &Settings,
    output: &mut Output,
) -> Result<(), Failure> {
    let documented = operation.response(answer.status());
    let names = documented.into_iter().flat_map(|own| own.headers());
    let found: Vec<(&str, &str)> =
        names.filter_map(|(name, _)| Some((name, answer.header(name)?))).collect();
    if found.is_empty() {
        return Ok(());
    }
    if taken == Taken::Raw {
        return output.lines(found.iter().map(|(name, value)| format!("{name}: {value}")));
    }
    let object: serde_json::Map<String, Value> =
        found.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    output.json(&object, settings)
}

/// JSON as a whole, laid out; several documents in a row are a list.
async fn data(
    answer: Response,
    asked: Asked<'_>,
    settings: &Settings,
    output: &mut Output,
) -> Result<(), Failure> {
    let (may_fail, is_refusal) = (answer.may_fail_inside(), answer.status() >= 400);
    let remark = answer.remark().map(str::to_owned);
    let look = |documents: &[&str]| match may_fail {
        true => look_for_errors(asked, documents, remark.as_deref()),
        false => Ok(()),
    };
    let body = answer.bytes().await?;
    let text = String::from_utf8_lossy(&body);
    if text.trim().is_empty() {
        return Ok(());
    }
    let layout = settings.layout(settings.is_terminal || settings.form() == Some(Form::Table));
    if serde_json::from_str::<IgnoredAny>(&text).is_ok() {
        json::write(output, &text, layout, settings.paint)?;
        return look(&[&text]);
    }
    let documents: Result<Vec<&RawValue>, _> =
        serde_json::Deserializer::from_str(&text).into_iter().collect();
    let documents = match documents {
        // It is told as the failure that it is, whatever it looks like; a terminal gets no signs that
        // mean something to it.
        Err(_) if is_refusal && settings.is_terminal => {
            return Ok(text
                .lines()
                .try_for_each(|line| writeln!(output, "{}", render::plain(line)))?);
        }
        Err(_) if is_refusal => return Ok(output.write_all(&body)?),
        documents => documents.map_err(|error| {
            Failure::new(Status::Local, format!("the answer to `{}` is not JSON", asked.name))
                .with_cause(&error)
                .with_hint("`-o raw` writes it as it is")
        })?,
    };
    let documents: Vec<&str> = documents.into_iter().map(RawValue::get).collect();
    let list = format!("[{}]", documents.join(","));
    json::write(output, &list, layout, settings.paint)?;
    look(&documents)
}

/// A request that no spec knows may be a pull or a build, which fail inside of a success.
fn look_for_errors(
    asked: Asked<'_>,
    documents: &[&str],
    remark: Option<&str>,
) -> Result<(), Failure> {
    let fitting = documents.iter().filter(|text| fits(text.as_bytes(), LARGEST));
    let mut values = fitting.filter_map(|text| serde_json::from_str::<Value>(text).ok());
    match values.find_map(|value| engine_error::in_band(&value)) {
        Some(message) => Err(asked.failed(&message, remark)),
        None => Ok(()),
    }
}

/// Output of a process: each channel to its own.
pub(crate) async fn frames(mut stream: OutputStream, output: &mut Output) -> Result<(), Failure> {
    while let Some(piece) = stream.next().await.transpose()? {
        if piece.output == Channel::Stderr {
            // What came before on the other channel is seen before.
            output.flush()?;
            stderr().write_all(&piece.bytes).map_err(|error| match error.kind() {
                io::ErrorKind::BrokenPipe => Failure::ReaderGone,
                _ => {
                    Failure::new(Status::Local, "cannot write to standard error").with_cause(&error)
                }
            })?;
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
    errors: &mut Errors,
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
        errors.push(&piece);
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
