use std::fs;
use std::sync::{Arc, Mutex};

use clap::Parser;
use indicatif::TermLike;
use insta::assert_snapshot;

use super::*;

#[derive(Parser)]
#[command(name = "fetch-api")]
struct Command {
    #[command(flatten)]
    args: Args,
}

const MAP: &str = "\
docker:
  sources:
    - url: https://example.org/docker/{version}.yaml
      versions: [v1.40, v1.41, v1.42]
podman:
  sources:
    - url: https://example.org/podman/{version}.yaml
      versions: [v4.9.0, v5.0.0]
";

/// What comes of arguments in a clone: the plan, or why there is none; paths begin with `…`.
fn planned(arguments: &[&str]) -> String {
    planned_in(Place::Clone, arguments)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Clone,
    Elsewhere,
}

fn planned_in(place: Place, arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::write(root.join("sources.yaml"), MAP).unwrap();
    fs::write(root.join("broken.yaml"), "docker: { sources: [] }").unwrap();
    fs::create_dir(root.join("specs")).unwrap();
    let defaults = Defaults { sources: root.join("sources.yaml"), out: root.join("packs") };
    let arguments = arguments.iter().map(|text| text.replace('…', root.to_str().unwrap()));
    let command = Command::try_parse_from(["fetch-api".to_owned()].into_iter().chain(arguments));
    let text = match command {
        Err(error) => error.to_string(),
        Ok(command) => match plan(&command.args, (place == Place::Clone).then_some(&defaults)) {
            Ok(plan) => summary(&plan),
            Err(refusal) => refusal.to_string().trim_end().to_owned(),
        },
    };
    text.replace(root.to_str().unwrap(), "…")
}

fn summary(plan: &Plan) -> String {
    let mut lines: Vec<String> = plan
        .engines
        .iter()
        .map(|(sources, selected)| {
            let versions = selected.iter().map(|i| &*sources.versions[*i].version);
            format!("{}: {}", sources.engine.name, versions.collect::<Vec<_>>().join(" "))
        })
        .collect();
    let origin = match &plan.origin {
        Origin::Folder(folder) => format!("from {}", folder.display()),
        Origin::Network { settings, downloads } => {
            format!("from the network, {downloads:?} at once, cache {:?}", settings.cache)
        }
    };
    lines.extend([origin, format!("to {}", plan.out.display())]);
    lines.push(format!("{:?}, prose {:?}", plan.mode, plan.prose));
    lines.join("\n")
}

#[test]
fn without_arguments_everything_is_downloaded() {
    assert_snapshot!(planned(&[]), @r"
    docker: v1.40 v1.41 v1.42
    podman: v4.9.0 v5.0.0
    from the network, None at once, cache None
    to …/packs
    Write, prose Skip
    ");
}

#[test]
fn arguments_pick_engines_versions_and_places() {
    let arguments = ["--engine", "podman", "--api-version", "v5.0.0", "--jobs", "3", "--docs"];
    assert_snapshot!(planned(&arguments), @r"
    podman: v5.0.0
    from the network, Some(3) at once, cache None
    to …/packs
    Write, prose Keep
    ");
    let arguments = ["--from", "…/specs", "--check", "--out", "…/elsewhere"];
    assert_snapshot!(planned(&arguments), @r"
    docker: v1.40 v1.41 v1.42
    podman: v4.9.0 v5.0.0
    from …/specs
    to …/elsewhere
    Check, prose Skip
    ");
    // The order is the map's, whatever the order of the arguments.
    let arguments =
        ["--engine=podman", "--engine=docker", "--api-version=v5.0.0", "--api-version=v1.41"];
    assert_snapshot!(planned(&arguments), @r"
    docker: v1.41
    podman: v5.0.0
    from the network, None at once, cache None
    to …/packs
    Write, prose Skip
    ");
    assert_snapshot!(planned(&["--api-version", "1.41", "--cache", "…/cache"]), @r#"
    docker: v1.41
    from the network, None at once, cache Some("…/cache")
    to …/packs
    Write, prose Skip
    "#);
}

#[test]
fn unknown_names_come_with_the_nearest() {
    assert_snapshot!(planned(&["--engine", "dokcer"]), @r"
    error: unknown engine `dokcer`
      hint: did you mean `docker`?
    ");
    assert_snapshot!(planned(&["--engine", "x"]), @r"
    error: unknown engine `x`
      hint: the map has docker, podman
    ");
    assert_snapshot!(planned(&["--api-version", "v1.4"]), @r"
    error: unknown API version `v1.4`
      hint: did you mean `v1.40` or `v1.41` or `v1.42`?
    ");
    assert_snapshot!(planned(&["--api-version", "newest"]), @r"
    error: unknown API version `newest`
      hint: docker has v1.40 to v1.42, podman has v4.9.0 to v5.0.0
    ");
    // The version of an engine that was not asked for.
    assert_snapshot!(planned(&["--engine", "podman", "--api-version", "v1.41"]), @r"
    error: unknown API version `v1.41`
      hint: podman has v4.9.0 to v5.0.0
    ");
}

#[test]
fn files_and_folders_that_are_not_there_are_named() {
    assert_snapshot!(planned(&["--from", "…/nowhere"]), @r"
    error: there is no folder …/nowhere
      hint: `--from` takes a folder with `<engine>/<version>.yaml` in it
    ");
    assert_snapshot!(planned(&["--sources", "…/nowhere.yaml", "--out", "…/x"]), @r"
    error: cannot read the map of sources …/nowhere.yaml
      caused by: No such file or directory (os error 2)
    ");
    let broken = ["--sources", "…/broken.yaml", "--out", "…/x"];
    assert_snapshot!(planned(&broken), @"error: …/broken.yaml: the map of sources is wrong: `docker.sources`: the list is empty");
}

#[test]
fn only_a_clone_has_a_map_and_a_folder_of_its_own() {
    let own = ["--sources", "…/sources.yaml", "--out", "…/mine"];
    let here = planned_in(Place::Elsewhere, &own);
    assert_eq!(here, planned(&own));
    assert!(here.contains("to …/mine"), "{here}");
    // Packs of one map do not get in between those of the other.
    let told = "error: no folder is given for the packs of …/sources.yaml\n  \
                hint: name it with `--out DIR`";
    for place in [Place::Clone, Place::Elsewhere] {
        assert_eq!(planned_in(place, &own[..2]), told);
    }
    let told = "error: no map of sources is given\n  \
                hint: `--sources FILE` names one, and `--out DIR` the folder of its packs; \
                `cargo xtask fetch-api` has those of its clone";
    for arguments in [&[][..], &own[2..]] {
        assert_eq!(planned_in(Place::Elsewhere, arguments), told);
    }
}

#[test]
fn arguments_that_exclude_each_other_are_refused() {
    let first_line = |arguments: &[&str]| planned(arguments).lines().next().map(str::to_owned);
    for (arguments, expected) in [
        (&["--check", "--docs"][..], "the argument '--check' cannot be used with '--docs'"),
        (
            &["--from", "…/specs", "--cache", "…"],
            "the argument '--from <DIR>' cannot be used with '--cache <DIR>'",
        ),
        (&["--jobs", "0"], "invalid value '0' for '--jobs <N>': 0 is not in 1..=256"),
    ] {
        assert_eq!(first_line(arguments), Some(format!("error: {expected}")));
    }
}

/// What a bar draws, in place of a terminal.
#[derive(Debug, Clone, Default)]
struct Screen(Arc<Mutex<String>>);

impl TermLike for Screen {
    fn width(&self) -> u16 {
        80
    }

    fn move_cursor_up(&self, _lines: usize) -> std::io::Result<()> {
        Ok(())
    }

    fn move_cursor_down(&self, _lines: usize) -> std::io::Result<()> {
        Ok(())
    }

    fn move_cursor_right(&self, _columns: usize) -> std::io::Result<()> {
        Ok(())
    }

    fn move_cursor_left(&self, _columns: usize) -> std::io::Result<()> {
        Ok(())
    }

    fn write_line(&self, line: &str) -> std::io::Result<()> {
        self.write_str(line)
    }

    fn write_str(&self, text: &str) -> std::io::Result<()> {
        self.0.lock().unwrap().push_str(text);
        Ok(())
    }

    fn clear_line(&self) -> std::io::Result<()> {
        Ok(())
    }

    fn flush(&self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_terminal_shows_how_far_it_is() {
    let screen = Screen::default();
    let progress = Progress::on(ProgressDrawTarget::term_like(Box::new(screen.clone())), 2);
    progress.version_done("docker", "v1.41");
    progress.version_done("docker", "v1.42");
    progress.bar.force_draw();
    let drawn = screen.0.lock().unwrap().clone();
    assert!(drawn.contains("2/2 docker v1.42"), "{drawn:?}");
}
