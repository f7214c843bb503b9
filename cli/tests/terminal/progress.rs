//! Progress of pulls, builds and uploads.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixListener;
use std::process::Stdio;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use crate::command::contajners;
use crate::{Engine, PATIENCE, Run, Terminal};

pub(crate) const PULL: [&str; 4] = ["invoke", "docker@v1.41", "ImageCreate", "fromImage=app"];

pub(crate) const BEGINNING: [&str; 4] = [
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

/// However little of it came by itself.
#[test]
fn text_that_came_before_layers_stands_above_them() {
    let (mut engine, terminal) = (Engine::new(), Terminal::new(70, 12));
    let run = Run::on(&terminal, engine.command(&PULL));
    engine.say(&[
        r#"{"status":"The push refers to repository [app]"}"#,
        r#"{"status":"Layer already exists","progressDetail":{},"id":"a1"}"#,
        r#"{"status":"latest: digest: sha256:0 size: 1"}"#,
        r#"{"status":"Waiting","progressDetail":{},"id":"b2"}"#,
        r#"{"errorDetail":{"message":"denied"},"error":"denied"}"#,
    ]);
    engine.end();
    assert_eq!(run.end(&terminal).0, Some(5));
    terminal.wait_for(
        "The push refers to repository [app]\na1: Layer already exists\n\
         latest: digest: sha256:0 size: 1\nb2: Waiting\nerror: `ImageCreate` failed: denied",
    );
}

const LINES: &str = "latest: Pulling from app\naaaaaaaaaaaa: Pulling fs layer\n\
     bbbbbbbbbbbb: Pulling fs layer\naaaaaaaaaaaa: Downloading\n\
     aaaaaaaaaaaa: Pull complete\nbbbbbbbbbbbb: Already exists\n\
     Status: Downloaded newer image for app\n";

/// A file gets what is worth keeping; what is drawn is for who sits there.
#[test]
fn a_file_gets_lines_while_the_terminal_is_drawn_on() {
    let (mut engine, terminal) = (Engine::new(), Terminal::new(70, 12));
    let file = tempfile::NamedTempFile::new().unwrap();
    let run = Run::into_file(&terminal, engine.command(&PULL), file.path());
    engine.say(&BEGINNING);
    engine.say(&END);
    engine.end();
    assert_eq!(run.end(&terminal).0, Some(0));
    assert_eq!(std::fs::read_to_string(file.path()).unwrap(), LINES);
    assert_eq!(
        terminal.screen().0,
        "latest: Pulling from app\naaaaaaaaaaaa: Pull complete\nbbbbbbbbbbbb: Already exists"
    );
}

/// Its reader may write to the same terminal, as `| cat` does.
#[test]
fn nothing_is_drawn_beside_a_pipe() {
    let (mut engine, terminal) = (Engine::new(), Terminal::new(70, 12));
    let run = Run::piped(&terminal, engine.command(&PULL));
    engine.say(&BEGINNING);
    engine.say(&END);
    engine.end();
    assert_eq!(run.end(&terminal), (Some(0), LINES.to_owned()));
    assert_eq!(terminal.bytes(), "");
}

#[test]
fn json_stays_pure() {
    let call = [&PULL[..], &["-o", "json"]].concat();
    let more = [r#"{ "stream": "text" }"#, r#"{"aux":{"ID":"sha256:1"}}"#];
    let documents = BEGINNING.join("\n") + "\n" + &more.join("\n").replace(' ', "") + "\n";
    // Into a file, with what is drawn beside it.
    let (mut engine, terminal) = (Engine::new(), Terminal::new(70, 12));
    let file = tempfile::NamedTempFile::new().unwrap();
    let run = Run::into_file(&terminal, engine.command(&call), file.path());
    engine.say(&BEGINNING);
    engine.say(&more);
    engine.end();
    assert_eq!(run.end(&terminal).0, Some(0));
    assert_eq!(std::fs::read_to_string(file.path()).unwrap(), documents);
    let (screen, _) = terminal.screen();
    assert!(screen.starts_with("latest: Pulling from app\n"), "{screen}");

    // Into a pipe.
    let (mut engine, terminal) = (Engine::new(), Terminal::new(70, 12));
    let run = Run::piped(&terminal, engine.command(&call));
    engine.say(&BEGINNING);
    engine.say(&more);
    engine.end();
    assert_eq!(run.end(&terminal), (Some(0), documents));
    assert_eq!(terminal.bytes(), "");

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
    let terminal = Terminal::new(60, 12);
    let data = format!("@{}", file.display());
    let mut command = contajners(&["-v", "invoke", "docker@v1.41", "PutContainerArchive"]);
    command.args(["id=x", "path=/", "--data", &data]);
    command.arg("--host").arg(format!("unix://{}/s", folder.path().display()));
    let run = Run::on(&terminal, command);
    let start = Instant::now();
    while !terminal.screen().0.contains("\nSending  [==") {
        assert!(start.elapsed() < PATIENCE, "{:?}", terminal.screen());
        thread::sleep(Duration::from_millis(5));
    }
    let screen = terminal.screen().0;
    assert!(screen.ends_with(" MB/8.00 MB"), "{screen}");
    go_on.send(()).unwrap();
    assert_eq!(run.end(&terminal).0, Some(0));
    engine.join().unwrap();
    // The line is gone, and what else is told stands where it was.
    let screen = terminal.screen().0;
    let (_, screen) = screen.split_once("\n> content-length: 8000000\n").expect(&screen);
    assert_eq!(
        screen,
        "> content-type: application/x-tar\n< HTTP/1.1 204 No Content\n< connection: close"
    );
}

/// Docker's loads say nothing when a layer is whole.
#[test]
fn text_about_what_is_done_comes_below() {
    let (mut engine, terminal) = (Engine::new(), Terminal::new(60, 8));
    let load = ["invoke", "docker@v1.41", "ImageLoad", "--data", "x"];
    let run = Run::on(&terminal, engine.command(&load));
    engine.say(&[
        r#"{"status":"Loading layer","progressDetail":{"current":2,"total":2},"id":"a"}"#,
        r#"{"stream":"Loaded image: x\n"}"#,
    ]);
    engine.end();
    assert_eq!(run.end(&terminal).0, Some(0));
    terminal
        .wait_for("a: Loading layer  [==============================]  2 B/2 B\nLoaded image: x");
}

/// Podman ends its text without the end of a line, and errors come in the middle of one.
#[test]
fn what_comes_after_text_begins_a_line() {
    for (status, last, below) in [
        (0, r#"{"aux":{"ID":"sha256:0"}}"#, "sha256:0"),
        (5, r#"{"error":"denied"}"#, "error: `ImageLoad` failed: denied"),
    ] {
        let (mut engine, terminal) = (Engine::new(), Terminal::new(70, 8));
        let load = ["invoke", "docker@v1.41", "ImageLoad", "--data", "x"];
        let run = Run::on(&terminal, engine.command(&load));
        engine.say(&[r#"{"stream":"Loaded"}"#, r#"{"id":"a","status":"Loading"}"#]);
        terminal.wait_for("Loaded");
        engine.say(&[r#"{"stream":" image"}"#, last]);
        engine.end();
        assert_eq!(run.end(&terminal).0, Some(status));
        terminal.wait_for(&format!("Loaded image\na: Loading\n{below}"));
    }
}
