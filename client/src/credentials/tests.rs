use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use super::*;
use crate::discovery::Surroundings;
use crate::error::Error;

/// A machine that is written down: variables and files; programs are files, too.
#[derive(Default)]
struct Written {
    variables: BTreeMap<String, String>,
    files: BTreeMap<String, String>,
}

impl Surroundings for Written {
    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }

    fn exists(&self, path: &Path) -> bool {
        self.files.contains_key(&*path.to_string_lossy())
    }

    fn read(&self, file: &Path) -> io::Result<Vec<u8>> {
        match self.files.get(&*file.to_string_lossy()) {
            Some(text) if text == "forbidden" => Err(io::ErrorKind::PermissionDenied.into()),
            Some(text) => Ok(text.clone().into_bytes()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn list(&self, _: &Path) -> io::Result<Vec<PathBuf>> {
        Ok(Vec::new())
    }
}

/// A machine with a home; `files` are path and text.
fn machine(variables: &[(&str, &str)], files: &[(&str, &str)]) -> Written {
    let usual = [("HOME", "/h"), ("PATH", "/bin:relative")];
    let owned = |&(a, b): &(&str, &str)| (a.to_owned(), b.to_owned());
    Written {
        variables: usual.iter().chain(variables).map(owned).collect(),
        files: files.iter().map(owned).collect(),
    }
}

fn planned(rules: Rules, reference: &str, written: &Written) -> Result<Plan, CredentialsError> {
    let repository = Repository::parse(reference).expect("a reference");
    let machine = Machine { surroundings: written, user: Some(7) };
    plan::one(rules, &Place::Usual, &repository, machine)
}

/// A plan in words: the user's name or token of what is known, helper and server of what is asked.
fn words(steps: &[Step]) -> String {
    let words = steps.iter().map(|step| match step {
        Step::Known(auth) => {
            let auth = serde_json::to_value(auth).unwrap();
            let field = |name: &str| auth[name].as_str().map(str::to_owned);
            let who = field("username")
                .map(|user| format!("{user}:{}", field("password").unwrap_or_default()));
            let who = who.or(field("identitytoken")).unwrap_or_default();
            format!("{who}@{}", field("serveraddress").unwrap_or_default())
        }
        Step::Ask(helper) => format!("ask {} {}", helper.program.display(), helper.server),
        Step::Try(helper) => format!("try {} {}", helper.program.display(), helper.server),
    });
    words.collect::<Vec<_>>().join(", ")
}

#[track_caller]
fn check(rules: Rules, reference: &str, written: &Written, expected: &str) {
    let text = match planned(rules, reference, written) {
        Ok(plan) => {
            let remarks = plan.remarks.iter().map(|remark| format!("; {remark}"));
            words(&plan.steps) + &remarks.collect::<String>()
        }
        Err(error) => error.to_string(),
    };
    assert_eq!(text, expected, "{reference}");
}

/// `me:hunter2`
const ME: &str = "bWU6aHVudGVyMg==";
const DOCKER: &str = "/h/.docker/config.json";

#[test]
fn docker_asks_the_helper_of_the_registry_then_the_store_then_the_file() {
    let programs = [("/bin/docker-credential-one", ""), ("/bin/docker-credential-all", "")];
    let config = format!(
        r#"{{"auths":{{"r.x:1":{{"auth":"{ME}"}},"https://old.x/v1/":{{"auth":"{ME}"}},
            "https://index.docker.io/v1/":{{"auth":"{ME}"}},"marker.x":{{}},
            "t.x":{{"auth":"{ME}","identitytoken":"tok"}},"plain.x":{{"username":"u","password":"p"}}}},
            "HttpHeaders":{{"X":"y"}}}}"#
    );
    let plain = machine(&[], &[(DOCKER, &config)]);
    let docker =
        |reference: &str, expected: &str| check(Rules::Docker, reference, &plain, expected);
    docker("r.x:1/a/b:c", "me:hunter2@r.x:1");
    docker("r.x/a", "");
    docker("old.x/a", "me:hunter2@old.x");
    docker("busybox", "me:hunter2@https://index.docker.io/v1/");
    docker("docker.io/library/busybox", "me:hunter2@https://index.docker.io/v1/");
    docker("index.docker.io/me/x", "me:hunter2@https://index.docker.io/v1/");
    docker("marker.x/a", "");
    docker("t.x/a", "tok@t.x");
    docker("plain.x/a", "u:p@plain.x");

    let config = format!(
        r#"{{"auths":{{"r.x":{{"auth":"{ME}"}}}},"credsStore":"all","credHelpers":{{"s.x":"one"}}}}"#
    );
    let store = machine(&[], &[(DOCKER, &config), programs[0], programs[1]]);
    check(Rules::Docker, "s.x/a", &store, "try /bin/docker-credential-one s.x");
    // What a helper does not know, or cannot say, may still stand in the file.
    let both = "try /bin/docker-credential-all r.x, me:hunter2@r.x";
    check(Rules::Docker, "r.x/a", &store, both);
    let hub = "try /bin/docker-credential-all https://index.docker.io/v1/";
    check(Rules::Docker, "busybox", &store, hub);

    let config = r#"{"credHelpers":{"docker.io":"one"}}"#;
    let alias = machine(&[], &[(DOCKER, config), programs[0]]);
    let hub = "try /bin/docker-credential-one https://index.docker.io/v1/";
    check(Rules::Docker, "busybox", &alias, hub);
    // Go reads names of fields in any case, and of a key Docker reads the host.
    let config = format!(r#"{{"Auths":{{"r.x/v2/":{{"Auth":"{ME}"}}}}}}"#);
    check(Rules::Docker, "r.x/a", &machine(&[], &[(DOCKER, &config)]), "me:hunter2@r.x");
    check(Rules::Podman, "r.x/a", &machine(&[], &[(DOCKER, &config)]), "");
}

/// Files come along with a user whose helpers do not: most calls need none.
#[test]
fn a_helper_that_is_not_there_stops_no_call() {
    let store = r#"{"credsStore":"lost","auths":{"r.x":{"username":"u","password":"p"}}}"#;
    let lost = "there is no credential helper `docker-credential-lost`, which `/h/.docker/config.json` names";
    let written = machine(&[], &[(DOCKER, store)]);
    check(Rules::Docker, "r.x/a", &written, &format!("u:p@r.x; {lost}"));
    check(Rules::Docker, "other.x/a", &written, &format!("; {lost}"));
    // Podman knows no stores.
    check(Rules::Podman, "other.x/a", &written, &format!("; {lost}"));
    let there = machine(&[], &[(DOCKER, store), ("/bin/docker-credential-lost", "")]);
    check(Rules::Podman, "other.x/a", &there, "try /bin/docker-credential-lost other.x");
    // Whoever names the file, or the registry's own helper to Podman, means it.
    let named = r#"{"credHelpers":{"r.x":"lost"}}"#;
    let repository = Repository::parse("r.x/a").unwrap();
    let files = machine(&[], &[(DOCKER, named)]);
    let planned = |rules, place| {
        let machine = Machine { surroundings: &files, user: None };
        plan::one(rules, &place, &repository, machine).map(|plan| plan.remarks.len())
    };
    assert_eq!(planned(Rules::Docker, Place::Usual).unwrap(), 1);
    for (rules, place) in
        [(Rules::Docker, Place::File(DOCKER.into())), (Rules::Podman, Place::Usual)]
    {
        assert_eq!(planned(rules, place).unwrap_err().code(), "unknown-credential-helper");
    }
}

#[test]
fn dockers_variables() {
    let other = ("/other/config.json", r#"{"auths":{"r.x":{"username":"o","password":"p"}}}"#);
    let folder = ("DOCKER_CONFIG", "/other");
    check(Rules::Docker, "r.x/a", &machine(&[folder], &[other]), "o:p@r.x");
    let variable = format!(r#"{{"auths":{{"r.x":{{"auth":"{ME}"}}}}}}"#);
    let both = machine(&[folder, ("DOCKER_AUTH_CONFIG", &variable)], &[other]);
    check(Rules::Docker, "r.x/a", &both, "me:hunter2@r.x");
    // What the variable does not know is in the file; a strange variable is told.
    let variable = r#"{"auths":{},"credsStore":"hunter2"}"#;
    let strange = machine(&[folder, ("DOCKER_AUTH_CONFIG", variable)], &[other]);
    let remark = "o:p@r.x; `DOCKER_AUTH_CONFIG` cannot be used: it holds more than `auths` with an \
                  `auth` each";
    check(Rules::Docker, "r.x/a", &strange, remark);
}

#[test]
fn docker_tries_a_store_that_is_there_when_the_file_says_nothing() {
    let pass = [("/bin/pass", ""), ("/bin/docker-credential-pass", "")];
    check(Rules::Docker, "r.x/a", &machine(&[], &pass), "try /bin/docker-credential-pass r.x");
    let secret = [("/bin/docker-credential-secretservice", "")];
    let tried = "try /bin/docker-credential-secretservice r.x";
    check(Rules::Docker, "r.x/a", &machine(&[], &secret), tried);
    let spoken = [pass[0], pass[1], (DOCKER, r#"{"auths":{"s.x":{}}}"#)];
    check(Rules::Docker, "r.x/a", &machine(&[], &spoken), "");
    check(Rules::Docker, "r.x/a", &machine(&[], &[]), "");
    check(Rules::Podman, "r.x/a", &machine(&[], &pass), "");
}

#[test]
fn podmans_files_in_its_order() {
    let entry =
        |user: &str| format!(r#"{{"auths":{{"r.x":{{"username":"{user}","password":"p"}}}}}}"#);
    let legacy = r#"{"https://r.x/v1/":{"username":"e","password":"p"}}"#;
    let texts = [entry("a"), entry("b"), entry("c")];
    let files = [
        ("/run/containers/7/auth.json", &*texts[0]),
        ("/h/.config/containers/auth.json", &*texts[1]),
        (DOCKER, &*texts[2]),
        ("/h/.dockercfg", legacy),
    ];
    let expected = ["a:p@r.x", "b:p@r.x", "c:p@r.x", "e:p@r.x", ""];
    for (first, expected) in expected.into_iter().enumerate() {
        check(Rules::Podman, "r.x/q", &machine(&[], &files[first..]), expected);
    }
    let runtime = ("/run/user/7/containers/auth.json", &*texts[1]);
    let variables = [("XDG_RUNTIME_DIR", "/run/user/7")];
    check(Rules::Podman, "r.x/q", &machine(&variables, &[files[0], runtime]), "b:p@r.x");
    let chosen = [("REGISTRY_AUTH_FILE", "/mine")];
    check(Rules::Podman, "r.x/q", &machine(&chosen, &files), "");
    check(Rules::Podman, "r.x/q", &machine(&chosen, &[("/mine", &texts[2])]), "c:p@r.x");
}

#[test]
fn podmans_keys_from_the_longest() {
    let config = r#"{"auths":{
        "r.x":{"username":"host","password":""},
        "r.x/a":{"username":"space","password":""},
        "r.x/a/b":{"username":"image","password":""},
        "docker.io/library":{"username":"library","password":""},
        "https://index.docker.io/v1/":{"username":"hub","password":""}}}"#;
    let podman = machine(&[], &[("/h/.config/containers/auth.json", config)]);
    let podman =
        |reference: &str, expected: &str| check(Rules::Podman, reference, &podman, expected);
    podman("r.x/a/b:tag", "image:@r.x");
    podman("r.x/a/bb", "space:@r.x");
    podman("r.x/b/a", "host:@r.x");
    podman("docker.io/busybox", "library:@docker.io");
    podman("docker.io/me/busybox", "hub:@docker.io");

    // A helper comes before the keys of its own file, and after the files before it.
    let with_helper =
        r#"{"credHelpers":{"r.x":"one"},"auths":{"r.x/a":{"username":"u","password":"p"}}}"#;
    let files = [
        ("/run/containers/7/auth.json", with_helper),
        ("/h/.config/containers/auth.json", config),
        ("/bin/docker-credential-one", ""),
    ];
    let both = "ask /bin/docker-credential-one r.x, image:@r.x";
    check(Rules::Podman, "r.x/a/b", &machine(&[], &files), both);
}

#[test]
fn all_that_is_known() {
    let config = format!(
        r#"{{"auths":{{"r.x":{{"auth":"{ME}"}},"bad.x":{{"auth":"?"}},"none.x":{{}}}},
            "credHelpers":{{"s.x":"one","lost.x":"lost"}}}}"#
    );
    let written = machine(&[], &[(DOCKER, &config), ("/bin/docker-credential-one", "")]);
    let machine = Machine { surroundings: &written, user: None };
    let plan = plan::all(Rules::Docker, &Place::Usual, machine).unwrap();
    let keys: Vec<&str> = plan.steps.iter().map(|(key, _)| &**key).collect();
    assert_eq!(keys, ["s.x", "r.x"]);
    let remarks: Vec<String> = plan.remarks.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(remarks.join("\n"));
}

#[test]
fn damage_that_matters_is_an_error() {
    let one = |rules, variables: &[(&str, &str)], text: &str| {
        let files = [(DOCKER, text), ("/mine", text)];
        match planned(rules, "r.x/a", &machine(variables, &files)) {
            Ok(plan) => match &plan.remarks[..] {
                [] => "none".to_owned(),
                [remark, ..] => format!("passed over: {remark}"),
            },
            Err(error) => shown(error),
        }
    };
    let docker = |text: &str| one(Rules::Docker, &[], text);
    let mine = |text: &str| one(Rules::Podman, &[("REGISTRY_AUTH_FILE", "/mine")], text);
    let entry = |entry: &str| docker(&format!(r#"{{"auths":{{"r.x":{entry}}}}}"#));
    let texts = [
        docker("{\"auths\": hunter2"),
        docker("[\"hunter2\"]"),
        docker("forbidden"),
        docker(r#"{"auths":"hunter2"}"#),
        docker(r#"{"credsStore":["hunter2"]}"#),
        entry("\"hunter2\""),
        entry(r#"{"auth":"hunter2!"}"#),
        entry(r#"{"auth":"aHVudGVyMg=="}"#),
        entry(r#"{"auth":"/w=="}"#),
        entry(r#"{"auth":{"hunter2":1}}"#),
        docker(r#"{"auths":{"other.x":"hunter2"}}"#),
        docker(r#"{"credHelpers":{"r.x":{"a":"hunter2"}}}"#),
        docker(r#"{"credHelpers":{"r.x":"lost"}}"#),
        docker(r#"{"credsStore":"../../bin/sh"}"#),
        mine("hunter2"),
        mine("forbidden"),
    ];
    let all = texts.join("\n");
    assert!(!all.contains("hunter2"), "{all}");
    insta::assert_snapshot!(all);
}

#[test]
fn a_file_of_the_callers_choice_has_to_be_there() {
    let repository = Repository::parse("r.x/a").unwrap();
    let written = machine(&[], &[]);
    let machine = Machine { surroundings: &written, user: None };
    let place = Place::File("/no/such/file".into());
    let error = plan::one(Rules::Docker, &place, &repository, machine).unwrap_err();
    insta::assert_snapshot!(shown(error));
}

/// An error as the client tells it.
fn shown(error: CredentialsError) -> String {
    let error = Error::credentials(error);
    let cause = std::error::Error::source(&error);
    let cause = cause.map(|cause| format!("\n  caused by: {cause}")).unwrap_or_default();
    let hint = error.hint().map(|hint| format!("\n  hint: {hint}")).unwrap_or_default();
    format!("{error}\n  code: {}{cause}{hint}", error.code())
}

/// Helpers that are shell scripts.
#[cfg(unix)]
mod helpers {
    use std::io::Write;
    use std::process::{Command, Stdio};

    use super::*;

    /// Makes a helper of a script. Another process writes it: a file that is open for writing
    /// here could be inherited by a helper of another test, and then not be run.
    fn helper(folder: &Path, script: &str) -> Helper {
        let program = folder.join("docker-credential-test");
        let mut writer = Command::new("sh")
            .args(["-c", "cat > \"$0\" && chmod +x \"$0\""])
            .arg(&program)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let text = format!("#!/bin/sh\n{script}\n");
        writer.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        assert!(writer.wait().unwrap().success());
        Helper { name: "docker-credential-test".into(), program, server: "r.x:1".into() }
    }

    fn block_on<T>(work: impl Future<Output = T>) -> T {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_all().build().unwrap().block_on(work)
    }

    fn asked(script: &str, limit: Duration) -> String {
        let folder = tempfile::tempdir().unwrap();
        let helper = helper(folder.path(), script);
        match block_on(helper.get(limit)) {
            Ok(None) => "none".into(),
            Ok(Some(auth)) => serde_json::to_string(&auth).unwrap(),
            Err(error) => {
                assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
                shown(error)
            }
        }
    }

    const LONG: Duration = Duration::from_secs(20);

    #[test]
    fn the_protocol() {
        let check = |script: &str, expected: &str| assert_eq!(asked(script, LONG), expected);
        check(
            r#"test "$1" = get && read server; test "$server" = r.x:1 &&
               echo '{"ServerURL":"r.x:1","Username":"me","Secret":"hunter2"}'"#,
            r#"{"username":"me","password":"hunter2","serveraddress":"r.x:1"}"#,
        );
        check(
            r#"echo '{"username":"<token>","secret":"hunter2"}'"#,
            r#"{"identitytoken":"hunter2","serveraddress":"r.x:1"}"#,
        );
        let not_found = "cat >/dev/null; echo credentials not found in native keychain; exit 1";
        check(not_found, "none");
        check(r#"echo '{"ServerURL":"","Username":"","Secret":""}'"#, "none");
    }

    #[test]
    fn helpers_that_fail() {
        let texts = [
            asked("echo hunter2; echo hunter2 >&2; exit 3", LONG),
            asked("echo hunter2", LONG),
            asked("echo '{\"Username\":\"hunter2\"}'", LONG),
            asked("echo '{\"Username\":\"a\",\"Secret\":[\"hunter2\"]}'", LONG),
            asked("kill -9 $$", LONG),
            asked("while :; do echo hunter2hunter2hunter2hunter2; done", LONG),
            asked("exec sleep 1000", Duration::from_millis(200)),
        ];
        let all = texts.join("\n");
        assert!(!all.contains("hunter2"), "{all}");
        insta::assert_snapshot!(all);
    }

    #[test]
    fn one_that_cannot_be_started() {
        let program = "/no/such/program".into();
        let helper = Helper { name: "docker-credential-x".into(), program, server: "r.x".into() };
        insta::assert_snapshot!(shown(block_on(helper.get(LONG)).unwrap_err()));
    }

    /// What hangs is killed, and its status taken: not even a zombie stays.
    #[cfg(target_os = "linux")]
    #[test]
    fn nothing_stays_of_one_that_hangs() {
        let folder = tempfile::tempdir().unwrap();
        let number = folder.path().join("number");
        let script = format!("echo $$ > '{}'; exec sleep 1000", number.display());
        let helper = helper(folder.path(), &script);
        let pause = || tokio::time::sleep(Duration::from_millis(10));
        // Its folder, once it has told its number.
        let process = async || {
            for _ in 0..2000 {
                let told = std::fs::read_to_string(&number).unwrap_or_default();
                if let Some(number) = told.strip_suffix('\n') {
                    return Path::new("/proc").join(number);
                }
                pause().await;
            }
            panic!("the helper does not tell its number");
        };
        block_on(async {
            helper.get(Duration::from_secs(2)).await.unwrap_err();
            assert!(!process().await.exists());
            // A call that is dropped takes its helper with it; the runtime reaps it.
            std::fs::remove_file(&number).unwrap();
            let process = tokio::select! {
                process = process() => process,
                got = helper.get(LONG) => panic!("{got:?}"),
            };
            for _ in 0..2000 {
                if !process.exists() {
                    return;
                }
                pause().await;
            }
            panic!("the helper is still there");
        });
    }

    /// When the time of all is over no more are started, and that is told once.
    #[test]
    fn one_that_hangs_takes_the_time_of_all() {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let started = folders[1].path().join("started");
        let hanging = helper(folders[0].path(), "exec sleep 1000");
        let other = helper(folders[1].path(), &format!("touch '{}'", started.display()));
        let steps = vec![
            ("a".into(), Step::Ask(hanging)),
            ("b".into(), Step::Ask(other.clone())),
            ("c".into(), Step::Known(RegistryAuth::identity_token("hunter2"))),
        ];
        let plan = WholePlan { steps, stores: vec![other], remarks: Vec::new() };
        let mut passed_over = Vec::new();
        let all = block_on(gathered(plan, Duration::from_millis(200), &mut passed_over));
        assert_eq!(all.into_keys().collect::<Vec<_>>(), ["c"]);
        assert!(!started.exists());
        let [hangs, late] = passed_over.try_into().unwrap();
        assert!(shown(hangs).contains("was not done within"));
        insta::assert_snapshot!(shown(late), @"
        other servers were not asked about: the time of credential helpers was over
          code: credential-helper-failed
          hint: does it wait for a password? allow more with `helper_timeout`
        ");
    }

    #[test]
    fn a_store_lists_its_servers() {
        let folder = tempfile::tempdir().unwrap();
        let helper = helper(folder.path(), r#"test $1 = list && echo '{"a.x":"me","b.x":"me"}'"#);
        assert_eq!(block_on(helper.list(LONG)).unwrap(), ["a.x", "b.x"]);
    }
}
