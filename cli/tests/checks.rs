//! `check` and `diff`: what they find in bodies, values and versions.

mod command;
mod lines;

use command::{contajners, told};
use lines::check;

#[test]
fn bodies_and_values_are_checked() {
    check(
        "check",
        &[
            "check docker@v1.41 ContainerCreate -d '{\"Image\":\"x\",\"HostConfig\":{\"Memory\":1}}'",
            "check docker@v1.41 ContainerCreate -d '{\"Image\":1,\"HostConfig\":{\"Memroy\":1}}'",
            "check docker@v1.41 ContainerCreate -o json -d '{\"Image\":1}'",
            "check docker@v1.41 ContainerCreate -o json -d '{}'",
            "check docker@v1.41 ContainerCreate -d '{\"Bogus\":1}'",
            "check docker@v1.41 ContainerCreate -o json -d '{\"Bogus\":1,\"HostConfig\":{\"Memroy\":1}}'",
            "check docker@v1.41 ContainerWait condition=remove -o json",
            "check docker@v1.41 ContainerWait condition=remove",
            "check docker@v1.41 ContainerWait conditoin=removed",
            "check docker@v1.41 ContainerList -d {}",
            "check docker@v1.41 ContainerCreate -d '{'",
            "check docker@v1.41 ContainerInspect --answer 200 -d '{\"Id\":1}'",
            "check docker@v1.41 ContainerInspect --answer 200",
            "check docker ImagePrune --all-versions",
            "check docker ContainerCreate --all-versions -d '{\"HostConfig\":{\"Annotations\":{\"a\":\"b\"}}}'",
            "check docker@v1.41 ContainerInspect --answer 201 -d {}",
            "check docker ContainerInspect --answer 201 -d {} --all-versions",
            "check docker@v1.41 SystemPing --answer 404 -d {}",
            "check podman@v5.0.0 ImagePruneLibpod --answer 201 -d {}",
            "check docker@v1.41 ContainerStart --answer 204 -d {}",
        ],
    );
}

/// The rest is checked all the same.
#[test]
fn what_is_missing_is_found() {
    check(
        "check_missing",
        &[
            "check docker@v1.41 ContainerInspect",
            "check docker@v1.41 ContainerInspect size=true -o json",
            "check docker@v1.41 ContainerCreate",
            "check docker@v1.41 ExecStart id=x",
            "check docker@v1.41 PutContainerArchive",
            "check docker@v1.41 ContainerWait condition=remove",
            "check docker@v1.41 ContainerUpdate -d '{\"Memroy\":1}'",
            // What is typed is to be right.
            "check docker@v1.41 ContainerLogs follow=maybe",
            "check docker@v1.41 ContainerInspect sizes=true",
            "check docker@v1.41 ContainerInspect id",
            "check docker ContainerInspect --all-versions",
            "check docker ContainerCreate platform=x --all-versions",
            "check docker ImagePush platform={} --all-versions",
            "check docker ImagePush bogus=1 --all-versions",
            "check docker ContainerList -d {} --all-versions",
            "check podman@v4.3.1 ImagePushLibpod",
            // An answer needs no call.
            "check docker@v1.41 ContainerInspect --answer 200 -d {}",
            "check docker@v1.41 ContainerCreate --answer 201 -d '{\"Id\":\"x\",\"Warnings\":[]}'",
        ],
    );
}

/// What no version takes is an error; that some do not take it is a finding, and the rest is checked.
#[test]
fn all_versions_are_checked() {
    check(
        "check_all_versions",
        &[
            "check docker ImagePush name=a plattform=x --all-versions",
            "check docker ImagePush name=a plattform=x",
            "check docker ContainerCreate nme=x -d '{\"bogus\":1}' --all-versions",
            "check docker ContainerList all=maybe --all-versions",
            "check docker ContainerList all --all-versions",
            "check docker ContainerList filters:={ --all-versions",
            "check docker ContainerList -d {} --all-versions",
            "check docker ContainerKill --answer 409 -d '{\"message\":1}' --all-versions",
            "check podman ExecInspect --answer 200 -d '{\"a\":1}' --all-versions",
            "check docker ImagePush name=a platform={} --all-versions",
            "check docker@v1.41 ImagePush name=a platform={} --all-versions",
            "check docker ImagePush name=a platform={} --all-versions -o json",
            "check docker ContainerPrune --all-versions",
            "check docker SystemDataUsage type=image --all-versions",
            "check docker SecretCreate --all-versions -d {} -o json",
            "check podman@v5.0.0 ContainerUpdateLibpod name=x --all-versions -d {}",
            "check docker@v1.41 ContainerCreate platform=x -d '{\"HostConfig\":{\"KernelMemory\":1}}' --all-versions",
            "check docker@v1.41 ContainerCreate -d '{\"HostConfig\":{\"KernelMemory\":1}}' --all-versions",
        ],
    );
}

#[test]
fn a_body_too_deep_to_check_is_told() {
    let deep = format!("{{\"Labels\":{}{}}}", "[".repeat(200), "]".repeat(200));
    let run = |words: &[&str]| {
        let output = contajners(&[words, &["--data", &deep]].concat()).output().unwrap();
        told(&output)
    };
    let why = "cannot be checked\n  caused by: recursion limit exceeded at line 1 column 137\n";
    let is = |what: &str| format!("--- standard error\nerror: {what} {why}--- status 2");
    let create = ["check", "docker@v1.41", "ContainerCreate"];
    assert_eq!(run(&create), is("the body"));
    assert_eq!(run(&[&create[..], &["--all-versions"]].concat()), is("the body"));
    assert_eq!(
        run(&["check", "docker@v1.41", "ContainerInspect", "--answer", "200"]),
        is("the answer")
    );

    // Of a version that is asked for no engine is, until it is sent.
    let invoke = ["invoke", "docker@v1.41", "ContainerCreate", "--host", "unix:///none"];
    let hint = "  hint: without `--strict` it is sent anyway\n";
    assert_eq!(
        run(&[&invoke[..], &["--strict"]].concat()),
        format!("--- standard error\nerror: the body {why}{hint}--- status 2")
    );
    let said = run(&invoke);
    let warning = "warning: the body cannot be checked: recursion limit exceeded";
    assert!(said.contains(warning) && said.ends_with("--- status 1"), "{said}");
    let said = run(&[&invoke[..], &["--no-check"]].concat());
    assert!(!said.contains("warning"), "{said}");
}

#[test]
fn differences_are_shown() {
    check(
        "diff",
        &[
            "diff docker v1.41 v1.42 -o table",
            "diff docker v1.41 v1.42 ContainerCreate -o table",
            "diff docker@v1.41 docker@v1.42 container-create -o json",
            "diff docker v1.41 v1.42 --breaking -o raw",
            "diff docker v1.41 v1.41",
            "diff docker@v1.41 podman@v5.8.2 ContainerRename -o table",
            "diff docker v1.41 v1.42 VolumeUpdate -o table",
            "diff docker v1.41",
            "diff docker v1.41 v1.42 ContainerCreat",
            "diff docker v1.41 v9",
            "diff docker v1.41 podman",
            "diff docker v1.41 v1.42 a b",
        ],
    );
}
