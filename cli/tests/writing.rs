//! Where what is printed goes, and how it looks there: readers that go, full disks, colours, widths.

mod command;
mod lines;

use std::process::Stdio;

use command::{contajners, told};
use lines::words;

#[test]
fn a_reader_that_has_gone_is_no_error() {
    for line in ["ops podman -o json", "doc docker ContainerCreate", "engines -o raw", "--help"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let child = contajners(&words(line)).stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(told(&output), "--- status 0", "{line}");
    }
}

/// As of `diff … | head`: it ends as it does without a reader that goes, however much it has to say.
#[test]
fn a_reader_that_has_gone_changes_no_verdict() {
    let deep = format!("check docker ContainerCreate --all-versions -d {}", many_unknown_fields());
    for (line, status) in [
        ("diff docker v1.41 v1.42 ContainerCreate", 1),
        ("diff docker v1.25 v1.55", 1),
        ("diff docker v1.25 v1.55 -o raw", 1),
        ("diff docker v1.25 v1.55 -o table", 1),
        ("diff docker v1.41 v1.41", 0),
        ("check docker ContainerCreate -d {\"a\":1}", 1),
        (&deep, 1),
        ("check docker ContainerCreate -d {}", 0),
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let child = contajners(&words(line)).stdout(writer).stderr(Stdio::null()).spawn().unwrap();
        let ended = child.wait_with_output().unwrap().status.code();
        assert_eq!(ended, Some(status), "{line}");
    }
}

/// A body of which more is to be said than is kept back before it is written.
fn many_unknown_fields() -> String {
    let fields: Vec<String> = (0..200).map(|number| format!("\"a{number}\":1")).collect();
    format!("{{{}}}", fields.join(","))
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_a_failure() {
    for line in ["engines", "--help", "--version", "invoke --help", "invoke -h", "completion bash"]
    {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let child = contajners(&words(line)).stdout(full).stderr(Stdio::piped()).spawn().unwrap();
        assert_eq!(
            told(&child.wait_with_output().unwrap()),
            "--- standard error\nerror: cannot write to standard output\n  \
             caused by: No space left on device (os error 28)\n--- status 1",
            "{line}"
        );
    }
}

/// Their status 1 is that something was found.
#[cfg(target_os = "linux")]
#[test]
fn comparing_on_a_full_disk_is_an_error() {
    for line in ["diff docker v1.40 v1.41", "check docker ContainerCreate -d {\"a\":1}"] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let child = contajners(&words(line)).stdout(full).stderr(Stdio::null()).spawn().unwrap();
        assert_eq!(child.wait_with_output().unwrap().status.code(), Some(2), "{line}");
    }
}

#[test]
fn colours_come_when_told_to() {
    let escape = |line: &str| {
        let output = contajners(&words(line)).env("NO_COLOR", "1").output().unwrap();
        assert!(output.status.success());
        output.stdout.contains(&0x1b)
    };
    for line in ["ops docker -o table", "doc docker ContainerList", "engines -o json"] {
        assert!(escape(&format!("{line} --color always")), "{line}");
        assert!(!escape(&format!("{line} --color auto")), "{line}");
        assert!(!escape(&format!("{line} --color never")), "{line}");
    }
}

#[test]
fn help_and_errors_of_the_command_line_have_colours_when_told_to() {
    for line in ["--help", "doc --help", "ops docker --frob", "ops -- docker --color always"] {
        for (more, is_coloured) in [
            ("--color always", true),
            ("--color=always", true),
            ("--color never --color=always", true),
            ("--color auto", false),
            ("--color=never", false),
            ("", false),
        ] {
            let output = contajners(&words(&format!("{more} {line}"))).output().unwrap();
            let told = [output.stdout, output.stderr].concat();
            assert_eq!(told.contains(&0x1b), is_coloured, "{more} {line}");
        }
    }
}

#[test]
fn any_width_will_do() {
    for columns in ["1", "7", "20", "40", "1000000", "99999999999999999999"] {
        for line in ["ops podman -o table", "doc docker ContainerCreate", "--help"] {
            let output = contajners(&words(line)).env("COLUMNS", columns).output().unwrap();
            assert!(output.status.success() && output.stderr.is_empty(), "{columns} {line}");
        }
    }
}

/// Names can be copied from a table, however narrow the terminal is.
#[test]
fn tables_do_not_cut_names() {
    for (line, name) in [
        ("wait docker -o table", "exec-exited"),
        ("wait docker -o table", "ContainerInspect"),
        ("engines -o table", "cloud-hypervisor"),
        ("ops docker distribution -o table", "DistributionInspect"),
        ("doc docker ContainerLogs", "timestamps"),
    ] {
        for columns in 1..80 {
            let output = contajners(&words(line)).env("COLUMNS", columns.to_string()).output();
            let text = String::from_utf8(output.unwrap().stdout).unwrap();
            assert!(text.contains(name), "{columns}\n{text}");
        }
    }
}
