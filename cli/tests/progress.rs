//! Progress of pulls, builds and uploads: on a terminal of the test's own, and in a pipe.

#![cfg(unix)]

mod command;

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::num::NonZero;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use command::contajners;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use tempfile::TempDir;

/// Longer than anything here takes; what hangs shall fail.
const PATIENCE: Duration = Duration::from_secs(20);

/// An engine with one connection, whose answer is said piece by piece.
struct Engine {
    folder: TempDir,
    pieces: Sender<Vec<u8>>,
    /// Whether the caller closed the connection before the answer was whole.
    hung_up: Receiver<()>,
}

impl Engine {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("s")).unwrap();
        let (pieces, to_say) = channel::<Vec<u8>>();
        let (hang_up, hung_up) = channel();
        thread::spawn(move || {
            let Ok((mut stream, _)) = listener.accept() else { return };
            read_head(&stream);
            let mut reader = stream.try_clone().unwrap();
            thread::spawn(move || {
                if reader.read(&mut [0]).is_ok_and(|length| length == 0) {
                    let _ = hang_up.send(());
                }
            });
            for piece in to_say {
                let _ = stream.write_all(&piece);
            }
            let _ = stream.shutdown(std::net::Shutdown::Both);
        });
        let engine = Self { folder, pieces, hung_up };
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n";
        engine.say_text(head);
        engine
    }

    fn say_text(&self, text: &str) {
        self.pieces.send(text.into()).unwrap();
    }

    /// Says messages, one a line as engines do.
    fn say(&self, messages: &[&str]) {
        for message in messages {
            self.say_text(&format!("{message}\r\n"));
        }
    }

    /// Ends the answer.
    fn end(&mut self) {
        self.pieces = channel().0;
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = contajners(arguments);
        command.arg("--host").arg(format!("unix://{}/s", self.folder.path().display()));
        command
    }
}

fn read_head(stream: &UnixStream) {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    while reader.read_line(&mut line).unwrap() > 2 {
        line.clear();
    }
}

/// A terminal, and what is written to it.
struct Terminal {
    /// Kept open, or what a command wrote last is lost with it.
    slave: File,
    shown: Arc<Mutex<Shown>>,
}

struct Shown {
    parser: vt100::Parser,
    bytes: Vec<u8>,
}

impl Terminal {
    fn new(columns: u16, rows: u16) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&master, size).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let slave = File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
        let [rows, columns] = [rows, columns].map(|size| NonZero::new(size).unwrap());
        let parser = vt100::Parser::new(rows, columns, 1000);
        let shown = Arc::new(Mutex::new(Shown { parser, bytes: Vec::new() }));
        let (mut reader, all) = (File::from(master), shown.clone());
        thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(length @ 1..) = reader.read(&mut piece) {
                let mut shown = all.lock().unwrap();
                shown.parser.process(&piece[..length]);
                shown.bytes.extend_from_slice(&piece[..length]);
            }
        });
        Self { slave, shown }
    }

    fn end(&self) -> Stdio {
        self.slave.try_clone().unwrap().into()
    }

    /// What is on the screen, and where the cursor is.
    fn screen(&self) -> (String, (u16, u16)) {
        let shown = self.shown.lock().unwrap();
        let screen = shown.parser.screen();
        assert!(!screen.hide_cursor());
        (screen.contents(), screen.cursor_position())
    }

    fn bytes(&self) -> String {
        String::from_utf8(self.shown.lock().unwrap().bytes.clone()).unwrap()
    }

    /// Waits until everything that was written is shown.
    fn catch_up(&self) {
        // A terminal makes nothing of a zero.
        (&self.slave).write_all(b"\0").unwrap();
        let start = Instant::now();
        while !self.shown.lock().unwrap().bytes.ends_with(b"\0") {
            assert!(start.elapsed() < PATIENCE, "the terminal is stuck");
            thread::sleep(Duration::from_millis(5));
        }
        self.shown.lock().unwrap().bytes.pop();
    }

    /// Waits until the screen shows this.
    #[track_caller]
    fn wait_for(&self, expected: &str) {
        let start = Instant::now();
        while self.screen().0 != expected {
            let shown = self.screen().0;
            assert!(start.elapsed() < PATIENCE, "not shown:\n{expected}\n--- but\n{shown}");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// A run of the command on a terminal.
struct Run {
    child: Child,
    stdout: Option<JoinHandle<Vec<u8>>>,
}

impl Run {
    /// Both of the command's outputs are the terminal.
    fn on(terminal: &Terminal, mut command: Command) -> Self {
        command.env("TERM", "xterm").env_remove("COLUMNS").stdin(Stdio::null());
        let child = command.stdout(terminal.end()).stderr(terminal.end()).spawn().unwrap();
        Self { child, stdout: None }
    }

    /// Only standard error is the terminal.
    fn piped(terminal: &Terminal, mut command: Command) -> Self {
        command.env("TERM", "xterm").env_remove("COLUMNS").stdin(Stdio::null());
        let mut child = command.stdout(Stdio::piped()).stderr(terminal.end()).spawn().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        let stdout = thread::spawn(move || {
            let mut all = Vec::new();
            stdout.read_to_end(&mut all).unwrap();
            all
        });
        Self { child, stdout: Some(stdout) }
    }

    /// Waits for the end, and returns the status and what came through a pipe. The terminal
    /// shows all of it then.
    fn end(mut self, terminal: &Terminal) -> (Option<i32>, String) {
        let start = Instant::now();
        let status = loop {
            match self.child.try_wait().unwrap() {
                Some(status) => break status.code(),
                None if start.elapsed() > PATIENCE => {
                    let _ = self.child.kill();
                    panic!("the command does not end");
                }
                None => thread::sleep(Duration::from_millis(5)),
            }
        };
        terminal.catch_up();
        let stdout = self.stdout.map(|stdout| stdout.join().unwrap()).unwrap_or_default();
        (status, String::from_utf8(stdout).unwrap())
    }

    fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }
}

const PULL: [&str; 4] = ["invoke", "docker@v1.41", "ImageCreate", "fromImage=app"];

const BEGINNING: [&str; 4] = [
    r#"{"status":"Pulling from app","id":"latest"}"#,
    r#"{"status":"Pulling fs layer","progressDetail":{},"id":"aaaaaaaaaaaa"}"#,
    r#"{"status":"Pulling fs layer","progressDetail":{},"id":"bbbbbbbbbbbb"}"#,
    r#"{"status":"Downloading","progressDetail":{"current":2500,"total":10000},"progress":"[=> ]","id":"aaaaaaaaaaaa"}"#,
];
const END: [&str; 4] = [
    r#"{"status":"Downloading","progressDetail":{"current":9000,"total":10000},"progress":"[==>]","id":"aaaaaaaaaaaa"}"#,
    r#"{"status":"Pull complete","progressDetail":{},"id":"aaaaaaaaaaaa"}"#,
    r#"{"status":"Already exists","progressDetail":{},"id":"bbbbbbbbbbbb"}"#,
    r#"{"status":"Status: Downloaded newer image for app"}"#,
];

#[test]
fn layers_are_drawn_below_each_other() {
    let (mut engine, terminal) = (Engine::new(), Terminal::new(70, 12));
    let run = Run::on(&terminal, engine.command(&PULL));
    engine.say(&BEGINNING);
    terminal.wait_for(
        "latest: Pulling from app\n\
         aaaaaaaaaaaa: Downloading  [=====>                 ]  2.50 kB/10.0 kB\n\
         bbbbbbbbbbbb: Pulling fs layer",
    );
    engine.say(&END);
    engine.end();
    assert_eq!(run.end(&terminal), (Some(0), String::new()));
    let (screen, cursor) = terminal.screen();
    assert_eq!(
        screen,
        "latest: Pulling from app\naaaaaaaaaaaa: Pull complete\nbbbbbbbbbbbb: Already exists\n\
         Status: Downloaded newer image for app"
    );
    assert_eq!(cursor, (4, 0));
}

#[test]
fn a_narrow_terminal() {
    let (mut engine, terminal) = (Engine::new(), Terminal::new(20, 12));
    let run = Run::on(&terminal, engine.command(&PULL));
    engine.say(&BEGINNING);
    terminal.wait_for("latest: Pulling fr…\naaaaaaaaaaaa: … 25%\nbbbbbbbbbbbb: Pull…");
    engine.say(&END);
    engine.end();
    assert_eq!(run.end(&terminal).0, Some(0));
    // Text that is there to stay is broken by the terminal.
    terminal.wait_for(
        "latest: Pulling fr…\naaaaaaaaaaaa: Pull…\nbbbbbbbbbbbb: Alre…\n\
         Status: Downloaded newer image for app",
    );
}

#[test]
fn more_layers_than_rows() {
    let (mut engine, terminal) = (Engine::new(), Terminal::new(60, 6));
    let run = Run::on(&terminal, engine.command(&PULL));
    let waiting: Vec<String> =
        (0..20).map(|number| format!(r#"{{"status":"Waiting","id":"{number}"}}"#)).collect();
    engine.say(&waiting.iter().map(String::as_str).collect::<Vec<_>>());
    engine.say(&[r#"{"status":"Downloading","progressDetail":{"current":1,"total":2},"id":"3"}"#]);
    terminal.wait_for(
        "3: Downloading  [================>               ]  1 B/2 B\n\
         17: Waiting\n18: Waiting\n19: Waiting\n… and 16 more",
    );
    engine.say(&[r#"{"status":"Pull complete","progressDetail":{},"id":"3"}"#]);
    engine.end();
    assert_eq!(run.end(&terminal).0, Some(0));
    terminal.wait_for("15: Waiting\n16: Waiting\n17: Waiting\n18: Waiting\n19: Waiting");
    // All of them are there to scroll back to, in order.
    let mut shown = terminal.shown.lock().unwrap();
    shown.parser.screen_mut().set_scrollback(15);
    assert_eq!(
        shown.parser.screen().contents(),
        "0: Waiting\n1: Waiting\n2: Waiting\n3: Pull complete\n4: Waiting\n5: Waiting"
    );
}

#[test]
fn an_error_stands_below_what_was_drawn() {
    let (mut engine, terminal) = (Engine::new(), Terminal::new(70, 12));
    let run = Run::on(&terminal, engine.command(&PULL));
    engine.say(&BEGINNING);
    engine.say(&[r#"{"errorDetail":{"message":"denied"},"error":"denied"}"#]);
    engine.end();
    assert_eq!(run.end(&terminal).0, Some(5));
    terminal.wait_for(
        "latest: Pulling from app\n\
         aaaaaaaaaaaa: Downloading  [=====>                 ]  2.50 kB/10.0 kB\n\
         bbbbbbbbbbbb: Pulling fs layer\nerror: `ImageCreate` failed: denied",
    );
}

#[test]
fn an_interrupt_leaves_the_terminal_in_order() {
    {
        let (signal, status) = ("INT", 130);
        let (engine, terminal) = (Engine::new(), Terminal::new(70, 12));
        let run = Run::on(&terminal, engine.command(&PULL));
        engine.say(&BEGINNING);
        let drawn = "latest: Pulling from app\n\
             aaaaaaaaaaaa: Downloading  [=====>                 ]  2.50 kB/10.0 kB\n\
             bbbbbbbbbbbb: Pulling fs layer";
        terminal.wait_for(drawn);
        run.signal(signal);
        assert_eq!(run.end(&terminal).0, Some(status));
        engine.hung_up.recv_timeout(PATIENCE).expect("the connection is closed");
        assert_eq!(terminal.screen(), (drawn.to_owned(), (3, 0)));
    }
}

/// Standard output has what is worth keeping; what is drawn is for who sits there.
#[test]
fn a_pipe_gets_lines_while_the_terminal_is_drawn_on() {
    let (mut engine, terminal) = (Engine::new(), Terminal::new(70, 12));
    let run = Run::piped(&terminal, engine.command(&PULL));
    engine.say(&BEGINNING);
    engine.say(&END);
    engine.end();
    let (status, stdout) = run.end(&terminal);
    assert_eq!(
        stdout,
        "latest: Pulling from app\naaaaaaaaaaaa: Pulling fs layer\n\
         bbbbbbbbbbbb: Pulling fs layer\naaaaaaaaaaaa: Downloading\n\
         aaaaaaaaaaaa: Pull complete\nbbbbbbbbbbbb: Already exists\n\
         Status: Downloaded newer image for app\n"
    );
    assert_eq!(status, Some(0));
    terminal.wait_for(
        "latest: Pulling from app\naaaaaaaaaaaa: Pull complete\nbbbbbbbbbbbb: Already exists",
    );
}

#[test]
fn json_stays_pure() {
    let (mut engine, terminal) = (Engine::new(), Terminal::new(70, 12));
    let run = Run::piped(&terminal, engine.command(&[&PULL[..], &["-o", "json"]].concat()));
    engine.say(&BEGINNING);
    engine.say(&[r#"{ "stream": "text" }"#, r#"{"aux":{"ID":"sha256:1"}}"#]);
    engine.end();
    let (status, stdout) = run.end(&terminal);
    assert_eq!(
        stdout,
        BEGINNING.join("\n") + "\n{\"stream\":\"text\"}\n{\"aux\":{\"ID\":\"sha256:1\"}}\n"
    );
    assert_eq!(status, Some(0));
    assert!(
        terminal.screen().0.starts_with("latest: Pulling from app\n"),
        "{:?}",
        terminal.screen()
    );

    // On a terminal there are the documents alone.
    let (mut engine, terminal) = (Engine::new(), Terminal::new(200, 12));
    let run = Run::on(
        &terminal,
        engine.command(&[&PULL[..], &["-o", "json", "--color", "never"]].concat()),
    );
    engine.say(&BEGINNING);
    engine.end();
    assert_eq!(run.end(&terminal).0, Some(0));
    terminal.wait_for(&BEGINNING.join("\n"));
    assert!(!terminal.bytes().contains('\x1b'), "{:?}", terminal.bytes());
}

#[test]
fn raw_is_as_received() {
    let (mut engine, terminal) = (Engine::new(), Terminal::new(70, 12));
    let run = Run::piped(&terminal, engine.command(&[&PULL[..], &["-o", "raw"]].concat()));
    engine.say(&BEGINNING);
    engine.end();
    assert_eq!(run.end(&terminal), (Some(0), BEGINNING.join("\r\n") + "\r\n"));
    assert_eq!(terminal.bytes(), "");
}

#[test]
fn a_terminal_that_cannot_move_its_cursor_gets_lines() {
    for term in ["dumb", ""] {
        let (mut engine, terminal) = (Engine::new(), Terminal::new(70, 12));
        let mut command = engine.command(&PULL);
        command.stdin(Stdio::null()).stdout(terminal.end()).stderr(terminal.end());
        let status = {
            engine.say(&BEGINNING);
            engine.end();
            command.env("TERM", term).status().unwrap()
        };
        terminal.catch_up();
        assert_eq!(status.code(), Some(0));
        terminal.wait_for(
            "latest: Pulling from app\naaaaaaaaaaaa: Pulling fs layer\n\
             bbbbbbbbbbbb: Pulling fs layer\naaaaaaaaaaaa: Downloading",
        );
        assert!(!terminal.bytes().contains('\x1b'), "{:?}", terminal.bytes());
    }
}

#[test]
fn a_build_says_its_text_and_the_image_at_the_end() {
    let (mut engine, terminal) = (Engine::new(), Terminal::new(70, 16));
    let build = ["invoke", "docker@v1.41", "ImageBuild", "remote=x"];
    let run = Run::on(&terminal, engine.command(&build));
    engine.say(&[r#"{"stream":"Step 1/2 : FROM app"}"#, r#"{"stream":"\n"}"#]);
    terminal.wait_for("Step 1/2 : FROM app");
    engine.say(&BEGINNING);
    let bars = "latest: Pulling from app\n\
                aaaaaaaaaaaa: Downloading  [=====>                 ]  2.50 kB/10.0 kB\n\
                bbbbbbbbbbbb: Pulling fs layer";
    terminal.wait_for(&format!("Step 1/2 : FROM app\n{bars}"));
    engine.say(&[r#"{"stream":"meanwhile\n"}"#]);
    terminal.wait_for(&format!("Step 1/2 : FROM app\nmeanwhile\n{bars}"));
    engine.say(&[
        END[1],
        r#"{"aux":{"ID":"sha256:0123"}}"#,
        r#"{"stream":"\u001b[31mred\u001b[0m \u001b[2J\r\nSuccessfully built 0123\n"}"#,
    ]);
    engine.end();
    assert_eq!(run.end(&terminal).0, Some(0));
    terminal.wait_for(
        "Step 1/2 : FROM app\nmeanwhile\nlatest: Pulling from app\n\
         aaaaaaaaaaaa: Pull complete\nbbbbbbbbbbbb: Pulling fs layer\nred \\u{1b}[2J\n\
         Successfully built 0123\nsha256:0123",
    );
}

/// What redraws is bounded by time, not by what comes.
#[test]
fn a_flood_of_messages_is_drawn_now_and_then() {
    let (mut engine, terminal) = (Engine::new(), Terminal::new(70, 12));
    let run = Run::on(&terminal, engine.command(&PULL));
    let start = Instant::now();
    for current in 0..20_000 {
        engine.say(&[&format!(
            r#"{{"status":"Downloading","progressDetail":{{"current":{current},"total":20000}},"id":"a"}}"#
        )]);
    }
    engine.end();
    assert_eq!(run.end(&terminal).0, Some(0));
    let drawings = terminal.bytes().matches("Downloading").count() as u128;
    let most = start.elapsed().as_millis() / 100 + 2;
    assert!(drawings <= most, "{drawings} drawings, at most {most} expected");
}

#[test]
fn an_upload_that_takes_a_while_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let listener = UnixListener::bind(folder.path().join("s")).unwrap();
    let file = folder.path().join("large");
    std::fs::write(&file, vec![0; 8_000_000]).unwrap();
    let (go_on, waits) = channel::<()>();
    let engine = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        // A part of the body is read, then all of it.
        stream.read_exact(&mut vec![0; 1_000_000]).unwrap();
        waits.recv().unwrap();
        let mut left = 7_000_000;
        let mut piece = vec![0; 1 << 16];
        while left > 0 {
            left -= stream.read(&mut piece).unwrap().min(left);
        }
        stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").unwrap();
    });
    let terminal = Terminal::new(50, 6);
    let data = format!("@{}", file.display());
    let mut command = contajners(&["invoke", "docker@v1.41", "PutContainerArchive", "id=x"]);
    command.args(["path=/", "--data", &data]);
    command.arg("--host").arg(format!("unix://{}/s", folder.path().display()));
    let run = Run::on(&terminal, command);
    let start = Instant::now();
    while !terminal.screen().0.starts_with("Sending  [==") {
        assert!(start.elapsed() < PATIENCE, "{:?}", terminal.screen());
        thread::sleep(Duration::from_millis(5));
    }
    let line = terminal.screen().0;
    assert!(line.ends_with(" MB/8.00 MB"), "{line}");
    go_on.send(()).unwrap();
    assert_eq!(run.end(&terminal).0, Some(0));
    engine.join().unwrap();
    assert_eq!(terminal.screen(), (String::new(), (0, 0)));
}
