//! How a run ends before its end: in order, and with the engine knowing.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::termios::{LocalModes, tcgetattr};
use tempfile::TempDir;

use crate::command::{contajners, told};
use crate::progress::{BEGINNING, PULL};
use crate::{Engine, PATIENCE, Run, Terminal, signal};

/// Signals that end a run, and how; that of a terminal that goes is no matter where these tests run so.
fn signals() -> Vec<(&'static str, i32)> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let hangs_up =
        ignored.is_some_and(|ignored| ignored.ends_with(['0', '2', '4', '6', '8', 'a', 'c', 'e']));
    let all = [("INT", 130), ("TERM", 143), ("HUP", 129)];
    all.into_iter().filter(|(name, _)| hangs_up || *name != "HUP").collect()
}

#[test]
fn an_interrupt_leaves_the_terminal_in_order() {
    for (signal, status) in signals() {
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

/// An engine that answers by the request, and holds the connection until the caller goes.
struct Holding {
    folder: TempDir,
    /// For each connection that the caller has closed its first line, and what came after the head.
    gone: Receiver<(String, Vec<u8>)>,
}

impl Holding {
    fn new(answer: fn(&str) -> Vec<u8>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("s")).unwrap();
        let (tell, gone) = channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (mut stream, tell) = (stream.unwrap(), tell.clone());
                thread::spawn(move || {
                    let line = head_of(&stream);
                    let _ = stream.write_all(&answer(&line));
                    // Bodies are read, and the end is waited for.
                    let mut sent = Vec::new();
                    let _ = (&stream).take(1 << 10).read_to_end(&mut sent);
                    let _ = std::io::copy(&mut stream, &mut std::io::sink());
                    let _ = tell.send((line, sent));
                });
            }
        });
        Self { folder, gone }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = contajners(arguments);
        command.arg("--host").arg(format!("unix://{}/s", self.folder.path().display()));
        command
    }

    /// Waits until the caller has closed the connection of a request, and returns what was sent.
    #[track_caller]
    fn wait_for_end_of(&self, line: &str) -> Vec<u8> {
        loop {
            let (gone, sent) = self.gone.recv_timeout(PATIENCE).expect("the connection is closed");
            if gone.starts_with(line) {
                return sent;
            }
        }
    }
}

/// Reads a head byte by byte, and returns its first line.
fn head_of(mut stream: &UnixStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1..) => head.push(byte[0]),
            _ => return String::new(),
        }
    }
    String::from_utf8_lossy(&head).lines().next().unwrap_or_default().to_owned()
}

/// Waits until something is so.
#[track_caller]
pub(crate) fn wait(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "{what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Answers for an exec with a terminal.
fn exec(line: &str) -> Vec<u8> {
    match line.split(' ').nth(1) {
        Some("/v1.41/exec/x/json") => {
            let body = r#"{"ProcessConfig":{"tty":true},"OpenStdin":true}"#;
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close";
            format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
        }
        Some("/v1.41/exec/x/start") => {
            b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n# ".to_vec()
        }
        _ => b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec(),
    }
}

pub(crate) fn is_raw(terminal: &Terminal) -> bool {
    let modes = tcgetattr(&terminal.slave).unwrap().local_modes;
    !modes.intersects(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG)
}

/// Joins the exec, and waits until it is.
fn joined(engine: &Holding, terminal: &Terminal) -> Run {
    assert!(!is_raw(terminal));
    let mut command =
        engine.command(&["invoke", "docker@v1.41", "ExecStart", "id=x", "--as", "socket"]);
    command.stdin(terminal.end()).stdout(terminal.end()).stderr(terminal.end());
    let run = Run::new(command.spawn().unwrap());
    terminal.wait_for("# ");
    wait("the terminal is in raw mode", || is_raw(terminal));
    run
}

#[test]
fn raw_mode_ends_with_the_run() {
    for (signal, status) in signals() {
        let (engine, terminal) = (Holding::new(exec), Terminal::new(40, 6));
        let run = joined(&engine, &terminal);
        run.signal(signal);
        assert_eq!(run.end(&terminal).0, Some(status));
        assert!(!is_raw(&terminal));
        engine.wait_for_end_of("POST /v1.41/exec/x/start");
    }
}

/// As of `nohup`.
#[cfg(target_os = "linux")]
#[test]
fn a_terminal_that_goes_may_be_no_matter() {
    let (mut engine, terminal) = (Engine::new(), Terminal::new(70, 12));
    let own = engine.command(&PULL);
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' HUP; exec \"$@\"", "sh"]).arg(own.get_program());
    command.args(own.get_args());
    let run = Run::on(&terminal, command);
    engine.say(&[r#"{"status":"Pulling"}"#]);
    terminal.wait_for("Pulling");
    run.signal("HUP");
    engine.say(&[r#"{"status":"Pulled"}"#]);
    terminal.wait_for("Pulling\nPulled");
    engine.end();
    assert_eq!(run.end(&terminal).0, Some(0));
}

/// The engine hears nothing of the keys; all else that is typed it gets.
#[test]
fn keys_that_are_typed_detach() {
    let (engine, terminal) = (Holding::new(exec), Terminal::new(40, 6));
    let run = joined(&engine, &terminal);
    for keys in ["ls\r", "\x10", "a\x11", "\x10", "\x11more"] {
        (&terminal.keys).write_all(keys.as_bytes()).unwrap();
        // Each is a read of its own, as a rule.
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(run.end(&terminal).0, Some(0));
    assert!(!is_raw(&terminal));
    assert_eq!(terminal.screen().0, "# ");
    let sent = engine.wait_for_end_of("POST /v1.41/exec/x/start");
    let sent = String::from_utf8(sent).unwrap();
    assert!(sent.ends_with("}ls\r\x10a\x11"), "{sent:?}");
    // It is not asked again how the process has ended.
    let asked = engine.gone.try_iter().filter(|(line, _)| line.contains("/json")).count();
    assert!(asked <= 1, "{asked}");
}

/// Until the process runs, dockerd refuses to set the size of its terminal.
#[test]
fn a_size_that_is_refused_is_sent_again() {
    static REFUSED: AtomicUsize = AtomicUsize::new(0);
    let engine = Holding::new(|line| {
        let is_size = line.starts_with("POST /v1.41/exec/x/resize");
        if is_size && REFUSED.fetch_add(1, Ordering::Relaxed) < 3 {
            return b"HTTP/1.1 409 Conflict\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                .into();
        }
        exec(line)
    });
    let terminal = Terminal::new(40, 6);
    let run = joined(&engine, &terminal);
    for _ in 0..4 {
        engine.wait_for_end_of("POST /v1.41/exec/x/resize?w=40&h=6");
    }
    (&terminal.keys).write_all(b"\x10\x11").unwrap();
    assert_eq!(run.end(&terminal).0, Some(0));
    assert_eq!(REFUSED.load(Ordering::Relaxed), 4);
}

#[test]
fn an_interrupt_ends_what_waits_for_an_engine() {
    let engine = Holding::new(|_| Vec::new());
    for words in [
        // Negotiating, waiting for an answer, sending a body that has no end.
        &["invoke", "docker", "ContainerList"][..],
        &["invoke", "docker@v1.41", "ContainerWait", "id=x"],
        &["invoke", "docker@v1.41", "ImageLoad", "--data", "@/dev/zero"],
    ] {
        let terminal = Terminal::new(80, 6);
        let mut command = engine.command(&[&["-v"], words].concat());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(terminal.end());
        let run = Run::new(command.spawn().unwrap());
        wait("the request is sent", || terminal.bytes().contains(" HTTP/1.1"));
        run.signal("INT");
        assert_eq!(run.end(&terminal).0, Some(130), "{words:?}");
        engine.wait_for_end_of("");
        assert!(!terminal.bytes().contains("error"), "{}", terminal.bytes());
    }
}

/// `ssh` gets the signal of ^C, too, and may have ended before it is told of here.
#[test]
fn an_interrupt_that_ends_ssh_first_is_no_error() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let ssh = folder.path().join("ssh");
    // The signal comes a little after it is seen that `ssh` has ended: until then its number is taken.
    let script = "#!/bin/sh\n\
        (while kill -0 $$; do sleep 0.01; done; sleep 0.03; kill -INT $PPID) \
        </dev/null >/dev/null 2>&1 &\n\
        exit 255\n";
    std::fs::write(&ssh, script).unwrap();
    std::fs::set_permissions(&ssh, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    for words in [
        &["invoke", "docker@v1.41", "SystemPing"][..],
        &["request", "docker", "GET", "/_ping"],
        &["wait", "docker", "running", "id=x"],
    ] {
        let run = || {
            let mut command = contajners(&[words, &["--host", "ssh://box"]].concat());
            told(&command.env("PATH", &path).stdin(Stdio::null()).output().unwrap())
        };
        // A busy machine may be too late with the signal.
        let ends: Vec<_> =
            (0..5).map(|_| run()).take_while(|end| end != "--- status 130").collect();
        assert!(ends.len() < 5, "{words:?}: {ends:?}");
    }
}

/// What was begun and is not whole goes; what is whole stays.
#[test]
fn an_interrupt_leaves_no_file_half_unpacked() {
    let engine = Holding::new(|_| {
        let head = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-tar\r\n\r\n".to_vec();
        let whole = [header("y/whole", 3), block(b"abc")].concat();
        let half = [header("y/half", 1 << 20), vec![b'x'; 1 << 18]].concat();
        [head, whole, half].concat()
    });
    let folder = tempfile::tempdir().unwrap();
    let call = ["invoke", "docker@v1.41", "ContainerArchive", "id=x", "path=/y", "--unpack", "in"];
    let mut command = engine.command(&call);
    let child = command.current_dir(folder.path()).stdin(Stdio::null()).spawn().unwrap();
    let half = folder.path().join("in/y/half");
    wait("a file is begun", || half.metadata().is_ok_and(|file| file.len() > 1 << 17));
    signal(&child, "INT");
    assert_eq!(Run::new(child).end(&Terminal::new(1, 1)).0, Some(130));
    let left = std::fs::read_dir(folder.path().join("in/y")).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["whole"]);
}

fn block(text: &[u8]) -> Vec<u8> {
    let mut block = text.to_vec();
    block.resize(512, 0);
    block
}

fn header(name: &str, size: usize) -> Vec<u8> {
    let mut header = format!(
        "{name:\0<100}0000644\00000000\00000000\0{size:011o}\000000000000\0        0{:\0<100}ustar\x0000",
        ""
    );
    let sum: u32 = header.bytes().map(u32::from).sum();
    header.replace_range(148..156, &format!("{sum:06o}\0 "));
    block(header.as_bytes())
}

/// Nobody reads what is written, so that the run cannot end by itself.
#[test]
fn an_interrupt_ends_a_run_whose_reader_sleeps() {
    let mut engine = Engine::new();
    let message = format!("{{\"stream\":\"{}\"}}", "x".repeat(1 << 20));
    engine.say(&[&message]);
    engine.end();
    let mut command = engine.command(&["invoke", "docker@v1.41", "SystemEvents"]);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    // It has begun to write, and more than a pipe takes is to come.
    assert!(!reader.fill_buf().unwrap().is_empty());
    signal(&child, "INT");
    assert_eq!(Run::new(child).end(&Terminal::new(1, 1)).0, Some(130));
}
