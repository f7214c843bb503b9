//! The password of a key, asked for on the terminal.

use std::io::Write as _;
use std::process::Stdio;

use contajners_tests::certs::KEY_PASSWORD;
use contajners_tests::{Certs, Identity, Shown, skip};

use crate::command::contajners;
use crate::{Run, Terminal};

/// Calls an engine that is not there, which shows once the key has been opened.
fn typed(password: &str) -> Option<(Option<i32>, String)> {
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
    command.stdout(Stdio::null()).stderr(terminal.end());
    let run = Run::new(command.spawn().unwrap());
    terminal.wait_for("password of the key: ");
    (&terminal.keys).write_all(format!("{password}\n").as_bytes()).unwrap();
    let (status, _) = run.end(&terminal);
    let screen = terminal.screen().0.replace(&*files.to_string_lossy(), "…");
    Some((status, screen))
}

#[test]
fn it_is_asked_for_and_not_shown() {
    let Some((status, screen)) = typed(KEY_PASSWORD) else { return };
    assert_eq!(status, Some(1));
    let expected = "password of the key: \nerror: cannot reach docker at https://127.0.0.1:1\n";
    assert!(screen.starts_with(expected), "{screen}");
    assert!(!screen.contains(KEY_PASSWORD));
}

#[test]
fn a_wrong_one_is_an_error_of_its_own() {
    let Some((status, screen)) = typed("guessed") else { return };
    assert_eq!(status, Some(2));
    let expected = "password of the key: \n\
                    error: the password does not open the key `…/key.pem`\n";
    assert!(screen.starts_with(expected) && !screen.contains("guessed"), "{screen}");
}
