//! The password of a key, asked for on the terminal.

use std::io::Write as _;
use std::process::Stdio;

use contajners_tests::certs::KEY_PASSWORD;
use contajners_tests::{Certs, Identity, Shown, skip};
use rustix::termios::{LocalModes, tcgetattr};

use crate::command::contajners;
use crate::ending::wait;
use crate::{Run, Terminal};

/// Whether standard error is the terminal, or something that nobody reads.
#[derive(Clone, Copy)]
enum Question {
    Seen,
    Lost,
}

fn is_silent(terminal: &Terminal) -> bool {
    !tcgetattr(&terminal.slave).unwrap().local_modes.contains(LocalModes::ECHO)
}

/// Calls an engine that is not there, which shows once the key has been opened.
fn typed(password: &[u8], question: Question) -> Option<(Option<i32>, String)> {
    if !Certs::can_be_made() {
        skip("there is no openssl to make keys with");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let certs = Certs::make(&folder.path().join("certs"), Shown::Good).unwrap();
    let files = certs.client(Identity::Encrypted);
    let mut command = contajners(&["invoke", "docker@v1.41", "SystemPing"]);
    command.args(["--host", "tcp://127.0.0.1:1", "--tls-ca"]).arg(certs.ca());
    command.arg("--tls-cert").arg(files.join("cert.pem"));
    command.arg("--tls-key").arg(files.join("key.pem"));

    let terminal = Terminal::new(200, 12);
    command.env("TERM", "xterm").env_remove("COLUMNS").stdin(terminal.end());
    command.stdout(Stdio::null());
    match question {
        Question::Seen => command.stderr(terminal.end()),
        Question::Lost => command.stderr(std::io::pipe().unwrap().1),
    };
    let run = Run::new(command.spawn().unwrap());
    match question {
        Question::Seen => terminal.wait_for("password for the key: "),
        Question::Lost => wait("nothing that is typed is shown", || is_silent(&terminal)),
    }
    (&terminal.keys).write_all(&[password, b"\n"].concat()).unwrap();
    let (status, _) = run.end(&terminal);
    let screen = terminal.screen().0.replace(&*files.to_string_lossy(), "…");
    Some((status, screen))
}

/// How long `ssh` is given to connect, and that it may ask for a password for longer than that.
#[test]
fn a_login_on_a_terminal_may_take_a_while() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let (ssh, words) = (folder.path().join("ssh"), folder.path().join("words"));
    std::fs::write(&ssh, format!("#!/bin/sh\necho \"$@\" > {}\n", words.display())).unwrap();
    std::fs::set_permissions(&ssh, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    let terminal = Terminal::new(80, 12);
    let limit = &["--connect-timeout", "30s"][..];
    for (is_there, more, expected) in [
        (true, &[][..], "-o ConnectTimeout=10 -T -o ConnectTimeout=120 -- box docker"),
        (false, &[], "-T -o ConnectTimeout=10 -- box docker"),
        (true, limit, "-T -o ConnectTimeout=30 -- box docker"),
        (false, limit, "-T -o ConnectTimeout=30 -- box docker"),
    ] {
        let mut command = contajners(&["invoke", "docker@v1.41", "SystemPing"]);
        command.args(["--host", "ssh://box"]).args(more).env("PATH", &path).stdout(Stdio::null());
        command.stdin(if is_there { terminal.end() } else { Stdio::null() });
        command.stderr(Stdio::null());
        assert_eq!(command.status().unwrap().code(), Some(1));
        let words = std::fs::read_to_string(&words).unwrap();
        assert!(words.starts_with(expected), "{words}");
    }
}

#[test]
fn it_is_asked_for_and_not_shown() {
    let Some((status, screen)) = typed(KEY_PASSWORD.as_bytes(), Question::Seen) else { return };
    assert_eq!(status, Some(1));
    let expected = "password for the key: \nerror: cannot reach docker at https://127.0.0.1:1\n";
    assert!(screen.starts_with(expected), "{screen}");
    assert!(!screen.contains(KEY_PASSWORD));
}

#[test]
fn a_wrong_one_is_an_error_of_its_own() {
    let Some((status, screen)) = typed(b"guessed", Question::Seen) else { return };
    assert_eq!(status, Some(2));
    let expected = "password for the key: \n\
                    error: the password does not open the key `…/key.pem`\n";
    assert!(screen.starts_with(expected) && !screen.contains("guessed"), "{screen}");
}

#[test]
fn one_that_cannot_be_read_is_told_as_that() {
    let Some((status, screen)) = typed(b"\xff", Question::Seen) else { return };
    let expected = "password for the key: \n\
                    error: cannot read the password\n  \
                    caused by: stream did not contain valid UTF-8";
    assert_eq!((status, &*screen), (Some(1), expected));
}

/// The question is asked by what nobody reads; the answer does.
#[test]
fn it_can_be_typed_unseen() {
    let Some((status, screen)) = typed(KEY_PASSWORD.as_bytes(), Question::Lost) else { return };
    assert_eq!((status, &*screen), (Some(1), ""));
}
