//! The help of the command: what it prints, and that it holds.

mod command;
mod lines;

use command::{contajners, told};
use lines::{check, run, words};

#[test]
fn help() {
    check("help", &["--help"]);
    check(
        "help_of_commands",
        &[
            "ops -h",
            "doc -h",
            "resolve -h",
            "invoke -h",
            "request -h",
            "check -h",
            "diff -h",
            "explain -h",
            "wait -h",
        ],
    );
}

/// As other programs have it.
#[test]
fn help_is_a_command_too() {
    for (line, same) in [("help", "--help"), ("help invoke", "invoke --help")] {
        assert_eq!(told(&run(line)), told(&run(same)));
    }
    let unknown = told(&run("help frobnicate"));
    assert!(unknown.contains("unrecognized subcommand 'frobnicate'"), "{unknown}");
}

/// What the help shows can be typed as it stands there.
#[test]
fn examples_of_the_help_are_calls() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    for name in ["body.json", "answer.json"] {
        std::fs::write(file(name), "{}").unwrap();
    }
    let pack = concat!(env!("CARGO_MANIFEST_DIR"), "/../resources/firecracker.postcard");
    std::fs::copy(pack, file("toy.postcard")).unwrap();
    // A context that is called `far`: its folder is the SHA-256 of that.
    let far = "512eea46ceb3921dff4363c7069d89d4964d1d9fccaa0f411851a7aa60a5c868";
    let meta = file("contexts").join("meta").join(far);
    std::fs::create_dir_all(&meta).unwrap();
    let context = r#"{"Name":"far","Endpoints":{"docker":{"Host":"tcp://far:2376"}}}"#;
    std::fs::write(meta.join("meta.json"), context).unwrap();

    for command in [
        "engines",
        "versions",
        "where",
        "categories",
        "ops",
        "doc",
        "explain",
        "diff",
        "resolve",
        "check",
        "completion",
    ] {
        let help = run(&format!("{command} --help"));
        let help = String::from_utf8(help.stdout).unwrap();
        let (_, examples) = help.split_once("\nExamples:\n").unwrap();
        let examples = examples.lines().take_while(|line| line.starts_with("  "));
        let mut number = 0;
        for example in examples {
            let (_, line) = example.split_once("contajners ").unwrap();
            // What a comment, a substitution or a pipe leaves.
            let end = line.find([')', '|', '#']).unwrap_or(line.len());
            let mut line = contajners(&words(line[..end].trim_end()));
            line.current_dir(folder.path()).env("DOCKER_CONFIG", folder.path());
            let output = line.output().unwrap();
            let status = output.status.code();
            assert!(matches!(status, Some(0 | 1)), "{example}\n{}", told(&output));
            number += 1;
        }
        assert!(number > 0, "{command}");
    }
}

/// Comments beside the examples can be typed along.
#[test]
fn comments_beside_examples_are_comments() {
    for command in ["wait", "completion", "invoke", "request", "man"] {
        let help = String::from_utf8(run(&format!("{command} --help")).stdout).unwrap();
        let (_, examples) = help.split_once("\nExamples:\n").unwrap();
        for line in examples.lines().take_while(|line| line.starts_with("  ")) {
            // What stands apart is a comment.
            if let Some((_, apart)) = line.trim_start().split_once("   ") {
                assert!(apart.trim_start().starts_with('#'), "{command}: {line}");
            }
        }
    }
}

#[test]
fn manual_pages_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let output = contajners(&["man"]).arg(folder.path()).output().unwrap();
    assert_eq!(told(&output), "--- status 0");
    let mut names: Vec<String> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert!(
        names.contains(&"contajners.1".into()) && names.contains(&"contajners-invoke.1".into())
    );
    assert!(!names.iter().any(|name| name.contains("__complete")), "{names:?}");
    let page = std::fs::read_to_string(folder.path().join("contajners-invoke.1")).unwrap();
    assert!(page.contains(".SH OPTIONS") && page.contains("ContainerLogs id=conny"), "{page}");
    // Those of TLS, too, which `-h` leaves out.
    for text in ["Use TLS for tcp:// addresses", "CAs to trust, PEM", "Accept any certificate"] {
        assert!(page.contains(text), "{text}: {page}");
    }

    let file = folder.path().join("contajners.1");
    let output = contajners(&["man"]).arg(&file).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
}
