//! Completion: what is offered, and that shells offer it.

mod command;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use command::contajners;
use contajners_tests::skip;

/// What is offered for the last word of a line, in the words of bash.
fn offered(line: &str, replaced: &str) -> Vec<String> {
    let output = contajners(&["__complete", "bash", "--", line, replaced]).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{line}");
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().filter(|line| *line != NO_FILE).map(Into::into).collect()
}

/// What says that no file fits, either.
const NO_FILE: &str = "\t";

#[track_caller]
fn check(line: &str, expected: &[&str]) {
    let replaced = line.rsplit([' ', '=', ':', '@']).next().unwrap();
    assert_eq!(offered(&format!("contajners {line}"), replaced), expected, "{line}");
}

/// What bash replaces is for it to say: readline puts `@` in again, and users say what breaks words.
#[test]
fn what_bash_replaces_is_offered() {
    for (line, replaced, expected) in [
        ("contajners ops docker@v1.41", "v1.41", "v1.41"),
        ("contajners ops docker@v1.41", "@v1.41", "@v1.41"),
        ("contajners ops docker@v1.41", "docker@v1.41", "docker@v1.41"),
        ("contajners ops 'docker@v1.41", "'docker@v1.41", "docker@v1.41"),
        ("contajners invoke docker ContainerLogs follow=t", "t", "true"),
        ("contajners invoke docker ContainerLogs follow=t", "follow=t", "follow=true"),
        ("contajners invoke docker ContainerLogs follow=t", "other", "follow=true"),
    ] {
        assert_eq!(offered(line, replaced), [expected], "{line} {replaced}");
    }
}

#[test]
fn each_place_has_its_words() {
    check("inv", &["invoke"]);
    check("__", &[]);
    check("help inv", &["invoke"]);
    check("help __", &[]);
    check("help invoke d", &[]);
    check("versions pod", &["podman"]);
    check("ops docker --out", &["--output"]);
    check("ops docker --output ", &["json", "ndjson", "table", "raw"]);
    check("--output=", &["json", "ndjson", "table", "raw"]);
    check("ops docker --output=t", &["table"]);
    check("invoke docker ImageBuild --compress=g", &["gzip"]);
    check("ops docker --api-version=v1.5", &["v1.55", "v1.54", "v1.53", "v1.52", "v1.51", "v1.50"]);
    check("invoke incus images_post --content-type=application/o", &["application/octet-stream"]);
    check("ops docker --verbose=", &[]);
    check("completion ", &["bash", "fish", "zsh"]);
    check("request docker P", &["PATCH", "POST", "PUT"]);
    check("ops docker@v1.25 pl", &["plugins"]);
    check("invoke docker ContainerW", &["ContainerWait"]);
    check("invoke docker@v1.28 VolumePr", &["VolumePrune"]);
    check("wait docker ", &["exec-exited", "exited", "healthy", "removed", "running"]);
    check("wait podman@v3.1.0 libpod/h", &["libpod/healthy"]);
    check("wait podman@v3.1.0 h", &[]);
    check("wait docker healthy --ti", &["--timeout"]);
    check("wait docker healthy --timeout ", &[]);
    check("invoke nobody Cont", &[]);
    // The value stands right behind the first letter that takes one.
    check("invoke -cfoo docker ContainerW", &["ContainerWait"]);
    check("invoke -vc docker podman@v4.3.1 SystemPr", &["SystemPruneLibpod"]);
    let types = ["application/json", "application/octet-stream"];
    check("invoke incus images_post --content-type ", &types);
    check("engines x", &[]);
    // The shell knows the folders.
    check("man ", &[]);
}

/// Of what is no file the shell offers none.
#[test]
fn files_are_offered_where_they_fit() {
    for (line, may_be_file) in [
        ("contajners -c ", false),
        ("contajners --connection=", false),
        ("contajners ops docker --host ", false),
        ("contajners wait docker healthy --timeout ", false),
        ("contajners ops docker --nonesuch", false),
        ("contajners ops docker --pack ", true),
        ("contajners ops docker --pack=", true),
        ("contajners ops docker --tls-ca ", true),
        ("contajners invoke docker ImageBuild --context=", true),
        ("contajners invoke docker ImageLoad -d @", true),
        ("contajners invoke docker ImageLoad --data=@", true),
        ("contajners man ", true),
    ] {
        let output = contajners(&["__complete", "bash", "--", line, ""]).output().unwrap();
        let lines = String::from_utf8(output.stdout).unwrap();
        assert_eq!(!lines.lines().any(|line| line == NO_FILE), may_be_file, "{line}");
    }
}

/// As they are accepted.
#[test]
fn operations_have_aliases() {
    check("invoke docker container-wa", &["container-wait"]);
    check("invoke docker container-wait cond", &["condition="]);
    check("doc docker image-pu", &["image-push"]);
    check("resolve podman@v3.1.0 libpod-put-a", &["libpod-put-archive"]);
    check("check docker ContainerWa", &["ContainerWait"]);
    check("invoke docker containerWa", &[]);
    // The vendor's own name begins so.
    check("invoke firecracker createSn", &["createSnapshot"]);
    check("invoke firecracker create-sn", &["create-snapshot"]);
    check("explain docker container-wa", &["container-wait"]);
    check("explain docker container-create.HostConfig.Mo", &["container-create.HostConfig.Mounts"]);
    check("diff docker v1.41 v1.42 volume-pr", &["volume-prune"]);
}

#[test]
fn versions_go_from_the_newest() {
    check("--api-version v1.25 doc docker ImagePush X", &[]);
    check("ops docker --api-version v1.2", &["v1.29", "v1.28", "v1.27", "v1.26", "v1.25"]);
    check("ops docker@v1.2", &["v1.29", "v1.28", "v1.27", "v1.26", "v1.25"]);
    check("diff docker v1.26 v1.25", &["v1.25"]);
    check("diff docker@v1.25 docker@v1.26 VolumeP", &["VolumePrune"]);
}

#[test]
fn parameters_and_their_values() {
    check("invoke docker ContainerWait ", &["id=", "condition="]);
    check("invoke docker ContainerWait condition=removed ", &["id="]);
    check("invoke docker ContainerWait condition=n", &["not-running", "next-exit"]);
    check("resolve docker ContainerList all=", &["true", "false"]);
    check("check docker@v1.27 VolumePrune fi", &[]);
    check("check docker@v1.28 VolumePrune fi", &["filters="]);
    check("wait docker healthy ", &["id=", "size="]);
    check("wait docker healthy id=web ", &["size="]);
    // By the waiter's name for it.
    check("wait podman libpod/healthy ", &["id=", "size="]);
    check("wait docker nonesuch ", &[]);
    check("wait docker healthy size=", &["true", "false"]);
    check("wait podman libpod/healthy size=t", &["true"]);
    check("wait docker healthy id=", &[]);
    // Given once more where several are taken.
    check("invoke docker ImageBuild t=a t", &["t=", "target="]);
}

#[test]
fn statuses_are_those_that_are_documented() {
    check("check docker ContainerInspect --answer ", &["200", "404", "500"]);
    check("check docker ContainerInspect --answer=4", &["404"]);
    check("check docker Nonesuch --answer ", &[]);
}

#[test]
fn contexts_and_connections_have_names() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for (id, text) in [
        ("1", r#"{"Name":"far","Endpoints":{}}"#),
        ("2", r#"{"Name":"two\nlines"}"#),
        ("3", r#"{"Name":7}"#),
        ("4", "{"),
        ("5", r#"{"Name":"a b"}"#),
    ] {
        fs::create_dir_all(at("contexts/meta").join(id)).unwrap();
        fs::write(at("contexts/meta").join(id).join("meta.json"), text).unwrap();
    }
    fs::create_dir_all(at("contexts/meta/6/meta.json")).unwrap();
    fs::create_dir_all(at("contexts/meta/7")).unwrap();
    let large = fs::File::create(at("contexts/meta/7/meta.json")).unwrap();
    large.set_len(5 << 20).unwrap();
    let connections = r#"{"Connection":{"Default":"box","Connections":{"box":{},"attic":{}}}}"#;
    fs::write(at("connections.json"), connections).unwrap();
    let check = |line: &str, expected: &[&str]| {
        let mut command = contajners(&["__complete", "zsh", "--", "contajners"]);
        command.args(line.split(' ')).env("DOCKER_CONFIG", folder.path());
        let output =
            command.env("PODMAN_CONNECTIONS_CONF", at("connections.json")).output().unwrap();
        let lines = text(&output);
        let names = lines.lines().filter_map(|line| line.split('\t').next());
        let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
        assert_eq!(names, expected, "{line}");
    };
    check("ops docker --connection ", &["a b", "default", "far"]);
    check("invoke docker -c f", &["far"]);
    check("invoke podman --connection=", &["--connection=attic", "--connection=box"]);
    check("-c ", &["a b", "default", "far", "attic", "box"]);
    check("where incus -c ", &[]);
    check("where nobody -c ", &[]);
    // Without any of them.
    assert_eq!(offered("contajners -c ", ""), ["default"]);
}

#[test]
fn fields_by_their_path() {
    check("explain docker ContainerCreate.HostConfig.Mo", &["ContainerCreate.HostConfig.Mounts"]);
    check(
        "explain docker ContainerCreate.HostConfig.Mounts.T",
        &[
            "ContainerCreate.HostConfig.Mounts.Target",
            "ContainerCreate.HostConfig.Mounts.TmpfsOptions",
            "ContainerCreate.HostConfig.Mounts.Type",
        ],
    );
    check("explain docker nobody.x", &[]);
}

fn text(output: &Output) -> String {
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Runs a shell with the command in its `PATH`; `None` where there is no such shell.
fn shell(name: &str, arguments: &[&str]) -> Option<String> {
    let program = Path::new("/usr/bin").join(name);
    if !program.exists() {
        skip(&format!("there is no {name}"));
        return None;
    }
    let folder = Path::new(env!("CARGO_BIN_EXE_contajners")).parent().unwrap();
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("files")).unwrap();
    fs::write(home.path().join("body.json"), "{}").unwrap();
    let mut command = Command::new(program);
    command.args(arguments).env_clear().env("HOME", home.path()).current_dir(home.path());
    command.env("PATH", format!("{}:/usr/bin:/bin", folder.display()));
    Some(text(&command.output().unwrap()))
}

#[test]
fn bash_offers_them() {
    let script = r#"
        source <(contajners completions bash)
        HOME=${PATH%%:*}
        for COMP_LINE in "~/contajners invoke docker ContainerWa" "contajners wait docker ru" "contajners ops docker@v1.2" "contajners invoke docker ContainerWait condition=ne"; do
            COMP_POINT=${#COMP_LINE} COMP_WORDS=($COMP_LINE)
            _contajners contajners "${COMP_LINE##*[ =@]}"
            echo "${COMPREPLY[*]}"
        done
        complete -p contajners"#;
    let Some(said) = shell("bash", &["--norc", "-c", script]) else { return };
    assert_eq!(
        said,
        "ContainerWait\nrunning\nv1.29 v1.28 v1.27 v1.26 v1.25\nnext-exit\n\
         complete -o default -F _contajners contajners\n"
    );
}

#[test]
fn zsh_offers_them() {
    let script = r#"
        compdef() {}
        compadd() { print -r -- "${(P@)@[-1]}" }
        source <(contajners completion zsh)
        words=(contajners invoke docker ContainerWait "") CURRENT=5
        _contajners
        words=(contajners invoke docker ContainerWait condition=ne) CURRENT=5
        _contajners
        HOME=${PATH%%:*} words=('~/contajners' wait podman libpod/r) CURRENT=4
        _contajners"#;
    let Some(said) = shell("zsh", &["-f", "-c", script]) else { return };
    assert_eq!(said, "id= condition=\ncondition=next-exit\nlibpod/removed libpod/running\n");
}

#[test]
fn fish_offers_them() {
    let script = r#"
        contajners completion fish | source
        complete -C "contajners invoke docker ContainerWa"
        complete -C "contajners invoke docker ContainerWait con"
        complete -C "contajners wait docker he"
        complete -C "contajners invoke docker ImageBuild --context f"
        complete -C "contajners ops docker --output=t"
        complete -C "contajners invoke docker ContainerCreate -d @b"
        complete -C "contajners invoke docker ContainerCreate --data=@b"
        complete -C "contajners invoke docker ContainerCreate --data=@f"
        complete -C "contajners invoke docker ContainerList filters:=@b"
        complete -C "contajners -c f"
        complete -C "contajners man f"
        complete -C "contajners ops f""#;
    let Some(said) = shell("fish", &["--no-config", "-c", script]) else { return };
    assert_eq!(
        said,
        "ContainerWait\tPOST /containers/{id}/wait\ncondition=\tquery string\nhealthy\tContainerInspect\nfiles/\n--output=table\tFor people\n@body.json\n--data=@body.json\n--data=@files/\nfilters:=@body.json\nfiles/\nfirecracker\n"
    );
}
