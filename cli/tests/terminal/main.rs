//! The command on a terminal of the test's own: what is drawn, and how a run ends.

mod colours;
#[path = "../command/mod.rs"]
mod command;
mod completion;
mod ending;
#[path = "../page/mod.rs"]
mod page;
mod password;
mod progress;
mod readme;
mod real;

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::num::NonZero;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
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
        Self::answering("200 OK")
    }

    fn answering(status: &str) -> Self {
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
        engine.say_text(&format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
        ));
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
    /// Where keys come from.
    keys: File,
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
        let keys = File::from(master);
        let (mut reader, all) = (keys.try_clone().unwrap(), shown.clone());
        thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(length @ 1..) = reader.read(&mut piece) {
                let mut shown = all.lock().unwrap();
                shown.parser.process(&piece[..length]);
                shown.bytes.extend_from_slice(&piece[..length]);
            }
        });
        Self { slave, keys, shown }
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
    fn new(child: Child) -> Self {
        Self { child, stdout: None }
    }

    /// Both of the command's outputs are the terminal.
    fn on(terminal: &Terminal, mut command: Command) -> Self {
        command.env("TERM", "xterm").env_remove("COLUMNS").stdin(Stdio::null());
        Self::new(command.stdout(terminal.end()).stderr(terminal.end()).spawn().unwrap())
    }

    /// Standard error is the terminal, and standard output a pipe.
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

    /// Standard error is the terminal, and standard output this file.
    fn into_file(terminal: &Terminal, mut command: Command, file: &Path) -> Self {
        command.env("TERM", "xterm").env_remove("COLUMNS").stdin(Stdio::null());
        let file = File::create(file).unwrap();
        Self::new(command.stdout(file).stderr(terminal.end()).spawn().unwrap())
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
        signal(&self.child, name);
    }
}

fn signal(child: &Child, name: &str) {
    let kill = format!("kill -{name} {}", child.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
}
