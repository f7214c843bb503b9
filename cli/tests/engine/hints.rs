//! Hints say what to type, not what a program would call.

use crate::command::{contajners, told};
use crate::{Engine, LIST};

/// What is said of a call that an engine answers like this.
#[track_caller]
fn check(answer: &'static str, arguments: &[&str], expected: &str) {
    let engine = Engine::new(&[answer, answer]);
    let said = told(&engine.run(arguments));
    let hint = said.lines().find_map(|line| line.strip_prefix("  hint: "));
    assert_eq!(hint, Some(expected), "{said}");
}

#[test]
fn what_an_engine_answers_is_met_with_options() {
    let ping = ["invoke", "docker", "ContainerList"];
    check(
        "HTTP/1.1 500 Oh\r\nConnection: close\r\n\r\nno",
        &ping,
        "`--api-version VERSION` avoids the question",
    );
    check(
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
        &ping,
        "is it docker that listens there? `--api-version VERSION` avoids the question",
    );
    check(
        "HTTP/1.1 200 OK\r\nApi-Version: 1.12\r\nConnection: close\r\n\r\n",
        &ping,
        "`--api-version v1.25` if the engine should understand it all the same",
    );
    check(
        "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n",
        &["invoke", "docker@v1.41", "ContainerAttach", "id=x", "stream=true"],
        "`--as socket` joins it with this terminal",
    );
}

#[test]
fn what_is_typed_is_met_with_options() {
    let engine = Engine::new(&[LIST]);
    let check = |arguments: &[&str], expected: &str| {
        let said = told(&engine.run(arguments));
        let hint = said.lines().find_map(|line| line.strip_prefix("  hint: "));
        assert_eq!(hint, Some(expected), "{said}");
    };
    check(
        &["invoke", "docker@v1.41", "ContainerList", "-d", "{}"],
        "`contajners request` can carry what the spec does not know",
    );
    check(
        &[
            "request",
            "docker",
            "POST",
            "/x",
            "--as",
            "socket",
            "-d",
            "@/dev/null",
            "--content-type",
            "a/b",
        ],
        "what opens a socket carries what stands behind `--data` itself; the rest is its input",
    );
}

#[test]
fn addresses_are_options_too() {
    let hint = |arguments: &[&str], host: Option<&str>| {
        let mut command = contajners(arguments);
        command.env_remove("DOCKER_HOST");
        command.envs(host.map(|host| ("DOCKER_HOST", host)));
        let said = told(&command.output().unwrap());
        said.lines().find_map(|line| line.strip_prefix("  hint: ")).map(str::to_owned)
    };
    let list = ["invoke", "docker@v1.41", "ContainerList"];
    assert_eq!(
        hint(&list, Some("unix:///no/such.sock")).unwrap(),
        "there is no such socket: start docker, or change `DOCKER_HOST`, which says so"
    );
    assert_eq!(
        hint(&[&list[..], &["--host", "unix:///no/such.sock"]].concat(), None).unwrap(),
        "there is no such socket: start docker, or give another address (`--host`)"
    );
    assert_eq!(
        hint(&["invoke", "incus", "server_get", "--connection", "x"], None).unwrap(),
        "give an address with `--host`"
    );
}
