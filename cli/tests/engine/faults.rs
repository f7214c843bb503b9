//! What a person sees when the engine, the disk or the reader goes in the middle.

use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio};

use crate::Engine;
use crate::command::told;

const LOGS: [&str; 5] = ["invoke", "docker@v1.41", "ContainerLogs", "id=x", "stdout=true"];
const EXPORT: [&str; 4] = ["invoke", "docker@v1.41", "ContainerExport", "id=x"];
const EVENTS: [&str; 3] = ["invoke", "docker@v1.41", "SystemEvents"];
const PULL: [&str; 4] = ["invoke", "docker@v1.41", "ImageCreate", "fromImage=x"];

/// An answer in chunks, each of which is there as a whole.
fn chunks(content_type: &str, chunks: &[&str]) -> String {
    let mut text = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    for chunk in chunks {
        text += &format!("{:x}\r\n{chunk}\r\n", chunk.len());
    }
    text
}

const FRAMES: &str = "application/vnd.docker.multiplexed-stream";
const RAW: &str = "application/vnd.docker.raw-stream";
const FRAME: &str = "\u{1}\0\0\0\0\0\0\u{5}line\n";

#[test]
fn an_engine_that_vanishes_is_told_of_below_what_it_said() {
    let vanished = |answer: String, arguments: &[&str]| {
        let engine = Engine::new(&[answer.leak()]);
        let output = engine.run(arguments);
        let socket = engine.folder.path().join("s").display().to_string();
        told(&output).replace(&socket, "/s")
    };
    let broken = "--- standard error\nerror: the connection to docker at unix:///s broke\n  \
                  caused by: ";
    let unread = "error reading a body from connection\n  caused by: unexpected EOF during chunk size line\n--- status 1";
    let check = |arguments: &[&str], answer: String, said: &str| {
        assert_eq!(vanished(answer, arguments), format!("{said}{broken}{unread}"), "{arguments:?}");
    };
    check(&LOGS, chunks(FRAMES, &[FRAME]), "line\n");
    check(&LOGS, chunks(RAW, &["a prompt$ "]), "a prompt$ ");
    check(&EXPORT, chunks("application/x-tar", &["half"]), "half");
    check(&EVENTS, chunks("application/json", &["{\"a\":1}\n{\"b\""]), "{\"a\":1}\n");
    check(&PULL, chunks("application/json", &["{\"status\":\"begun\"}"]), "begun\n");
    // Of what is laid out as a whole nothing is shown.
    let list = ["invoke", "docker@v1.41", "ContainerList"];
    check(&list, chunks("application/json", &["[1,"]), "");

    // In order, but in the middle of a frame.
    let cut = chunks(FRAMES, &[FRAME, &FRAME[..10]]) + "0\r\n\r\n";
    assert_eq!(
        vanished(cut, &LOGS),
        "line\nli--- standard error\nerror: the answer to `ContainerLogs` (GET /v1.41/containers/x/logs) \
         cannot be decoded\n  caused by: the stream was cut at byte 23 of the stream\n--- status 1"
    );
}

#[test]
fn an_archive_whose_engine_vanishes_is_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::new(&[chunks("application/x-tar", &["half"]).leak()]);
    let mut command = engine.command(&[&EXPORT[..], &["--unpack", "in"]].concat());
    let output = command.current_dir(folder.path()).output().unwrap();
    let text = told(&output);
    assert!(text.starts_with("--- standard error\nerror: the connection to docker at"), "{text}");
    assert!(text.ends_with("--- status 1"), "{text}");
    assert_eq!(std::fs::read_dir(folder.path().join("in")).unwrap().count(), 0);
}

/// A large answer of each kind.
fn large() -> [(&'static [&'static str], String); 4] {
    let line = "x".repeat(4999) + "\n";
    let frame = "\u{1}\0\0\0\0\0\u{13}\u{7f}".to_owned() + &"x".repeat(0x137f);
    let document = format!("{{\"a\":\"{}\"}}\n", "x".repeat(5000));
    let of = |content_type, piece: &str| chunks(content_type, &vec![piece; 2000]) + "0\r\n\r\n";
    [
        (&LOGS, of(FRAMES, &frame)),
        (&LOGS, of(RAW, &line)),
        (&EXPORT, of("application/x-tar", &line)),
        (&EVENTS, of("application/json", &document)),
    ]
}

#[test]
fn a_reader_that_has_enough_ends_any_stream() {
    for (arguments, answer) in large() {
        let engine = Engine::new(&[answer.leak()]);
        let mut command = engine.command(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = [0; 10];
        child.stdout.take().unwrap().read_exact(&mut first).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(told(&output), "--- status 0", "{arguments:?}");
    }
}

/// What a process says on its standard error is as much as what it says on the other.
#[test]
fn a_reader_of_errors_that_has_enough_ends_a_stream() {
    let frame = "\u{2}\0\0\0\0\0\0\u{5}line\n";
    let unread = || std::io::pipe().unwrap().1;
    let run = |arguments: &[&str]| {
        let engine = Engine::new(&[chunks(FRAMES, &[frame; 3]).leak()]);
        let mut command = engine.command(arguments);
        command.stdout(Stdio::piped()).stderr(unread()).output().unwrap().status.code()
    };
    assert_eq!(run(&LOGS), Some(0));
    // How the process ends is not known then.
    let exec = ["invoke", "docker@v1.41", "ExecStart", "id=x", "-d", "{}"];
    assert_eq!(run(&exec), Some(141));
}

#[cfg(target_os = "linux")]
#[test]
fn errors_that_cannot_be_written_are_a_failure() {
    let frame = "\u{2}\0\0\0\0\0\0\u{5}line\n";
    let engine = Engine::new(&[(chunks(FRAMES, &[frame]) + "0\r\n\r\n").leak()]);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let status = engine.command(&LOGS).stdout(Stdio::null()).stderr(full).status().unwrap();
    assert_eq!(status.code(), Some(1));
}

/// A request that no spec knows may be a build, and passes as it comes.
#[test]
fn an_error_among_what_passes_is_told_of() {
    let request = ["request", "docker", "POST", "/build?t=x"];
    let answer = chunks("application/json", &["{\"stream\":\"a\"}\n{\"err", "or\":\"no\"}\n"]);
    let answer: &str = (answer + "0\r\n\r\n").leak();
    for more in [&["--as", "stream"][..], &["-o", "raw"]] {
        let output = Engine::new(&[answer]).run(&[&request[..], more].concat());
        assert_eq!(
            told(&output),
            "{\"stream\":\"a\"}\n{\"error\":\"no\"}\n--- standard error\n\
             error: `POST /build` failed: no\n--- status 5"
        );
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_ends_any_stream() {
    for (arguments, answer) in large() {
        let engine = Engine::new(&[answer.leak()]);
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command = engine.command(arguments);
        let child = command.stdout(full).stderr(Stdio::piped()).spawn().unwrap();
        assert_eq!(
            told(&child.wait_with_output().unwrap()),
            "--- standard error\nerror: cannot write to standard output\n  \
             caused by: No space left on device (os error 28)\n--- status 1",
            "{arguments:?}"
        );
    }
}

#[test]
fn an_interrupt_ends_any_stream() {
    for (arguments, mut answer) in large() {
        // More may come.
        answer.truncate(answer.len() - "0\r\n\r\n".len());
        let engine = Engine::new(&[(answer + "3\r\n…").leak()]);
        let mut command = engine.command(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = [0; 10];
        child.stdout.as_mut().unwrap().read_exact(&mut first).unwrap();
        interrupt(&child);
        let mut stdout = child.stdout.take().unwrap();
        let status = child.wait().unwrap();
        assert_eq!(status.code(), Some(130), "{arguments:?}");
        let _ = std::io::copy(&mut stdout, &mut std::io::sink());
        let mut remarks = String::new();
        child.stderr.take().unwrap().read_to_string(&mut remarks).unwrap();
        assert_eq!(remarks, "", "{arguments:?}");
    }
}

fn interrupt(child: &Child) {
    let kill = format!("kill -INT {}", child.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
}

/// What the system counts of a run that has written a log of so many bytes.
#[cfg(target_os = "linux")]
struct Work {
    /// Bytes that were written, and read of files.
    moved: u64,
    /// Calls of the system that did so.
    calls: u64,
    /// The most memory, in KiB.
    memory: u64,
}

/// Writes the log of a terminal that has no end of a line.
#[cfg(target_os = "linux")]
fn log(size: usize) -> Work {
    let letters = "x".repeat(1000);
    let answer = chunks(RAW, &vec![&*letters; size / letters.len()]) + "3\r\n…";
    let engine = Engine::new(&[answer.leak()]);
    let mut child = engine.command(&LOGS).stdout(Stdio::piped()).spawn().unwrap();
    let mut came = vec![0; size];
    child.stdout.as_mut().unwrap().read_exact(&mut came).unwrap();
    assert!(came.iter().all(|byte| *byte == b'x'));
    let number = |file: &str, what: &str| -> u64 {
        let text = std::fs::read_to_string(format!("/proc/{}/{file}", child.id())).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(what)).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    };
    let work = Work {
        moved: number("io", "rchar:") + number("io", "wchar:"),
        calls: number("io", "syscr:") + number("io", "syscw:"),
        memory: number("status", "VmHWM:"),
    };
    interrupt(&child);
    child.wait().unwrap();
    work
}

#[cfg(target_os = "linux")]
#[test]
fn a_log_without_a_line_is_written_as_it_comes() {
    let (one, nine) = (log(1_000_000), log(9_000_000));
    let _ = writeln!(
        std::io::stdout(),
        "1 MB: {} bytes in {} calls, {} KiB; 9 MB: {} bytes in {} calls, {} KiB",
        one.moved,
        one.calls,
        one.memory,
        nine.moved,
        nine.calls,
        nine.memory
    );
    assert!(nine.moved <= one.moved * 12);
    // Of a slow machine the small log may be read with a few calls, since all of it is there.
    assert!(nine.calls <= one.calls.max(100) * 12);
    assert!(nine.memory <= one.memory + 2048);
}
