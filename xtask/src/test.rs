//! `cargo xtask test`: all tests, with what they need on the machine.

use std::io::{self, BufRead, BufReader, Write};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use contajners_tests::{leftovers, secrets};

use crate::Outcome;
use crate::packages::{
    BUILD, DOCKER, DOCKER_PY, IMAGE, Missing, PODMAN, REGISTRY, SHELLS, SSH, TLS, ensure,
};
use crate::steps::{self, cargo};
use crate::wasm;

/// Runs all tests, doc tests too, and checks that their engines left nothing behind.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Installs missing packages with apt-get first (Debian, Ubuntu).
    #[arg(long)]
    install: bool,
    /// Arguments for `cargo test`, such as `-p contajners -- --nocapture`.
    #[arg(last = true, value_name = "ARGS")]
    cargo: Vec<String>,
}

/// Engines end with the test process, but nobody waits for those that end last.
const LEAVING: Duration = Duration::from_secs(60);

pub(crate) fn run(args: &Args) -> Outcome {
    let missing = Missing::from_flag(args.install);
    let groups = [BUILD, DOCKER, PODMAN, IMAGE, REGISTRY, SSH, TLS, SHELLS, DOCKER_PY];
    ensure(&groups, missing)?;
    let has_own = |arg: &String| arg.ends_with("contajners-tests");
    if !names_packages(&args.cargo) || args.cargo.iter().any(has_own) {
        wasm::prepare(missing)?;
    }
    let tested = run_tests(&args.cargo);
    let clean = nothing_is_left();
    if let (Err(_), Err(left)) = (&tested, &clean) {
        eprintln!("error: {left}");
    }
    tested.and(clean)
}

fn run_tests(args: &[String]) -> Outcome {
    // One that fails does not hide the others.
    let mut words = vec!["test", "--no-fail-fast"];
    words.extend((!names_packages(args)).then_some("--workspace"));
    words.extend(args.iter().map(String::as_str));
    // What passing tests say is looked through, too.
    let is_own = args.iter().any(|arg| arg == "--");
    words.extend(["--", "--show-output"].into_iter().filter(|_| !is_own));
    let mut command = cargo(&words);
    eprintln!("$ {}", steps::text(&command));
    let mut tests = command.stdout(Stdio::piped()).spawn()?;
    let said = tests.stdout.take().expect("it is piped");
    let mut output = Output::new(is_own);
    let passed_on = output.pass_on(&mut BufReader::new(said), &mut io::stdout().lock());
    let status = tests.wait()?;
    passed_on?;
    let told = match output.telling.as_slice() {
        [] => None,
        tests => Some(format!("tests tell planted secrets: {}", tests.join(", "))),
    };
    match (status.success(), told) {
        (true, None) => Ok(()),
        (true, Some(told)) => Err(told.into()),
        (false, told) => Err(format!(
            "the tests failed ({status}); to repeat one: \
             `cargo xtask test -- -p PACKAGE NAME -- --nocapture`{}",
            told.map_or(String::new(), |told| format!("; {told}"))
        )
        .into()),
    }
}

/// What tests say, as it comes.
struct Output {
    /// Whether what passing tests say was asked for.
    shows_all: bool,
    /// Whether it is such.
    is_of_passing: bool,
    /// Whose it is.
    test: String,
    /// The tests that told a secret.
    telling: Vec<String>,
}

impl Output {
    fn new(shows_all: bool) -> Self {
        Self { shows_all, is_of_passing: false, test: String::new(), telling: Vec::new() }
    }

    /// Passes on what is to be seen of it.
    fn pass_on(&mut self, from: &mut impl BufRead, to: &mut impl Write) -> io::Result<()> {
        let mut line = Vec::new();
        while from.read_until(b'\n', &mut line)? > 0 {
            if self.take(&String::from_utf8_lossy(&line)) {
                to.write_all(&line)?;
                to.flush()?;
            }
            line.clear();
        }
        Ok(())
    }

    /// Looks at a line; tells whether it is to be seen.
    fn take(&mut self, line: &str) -> bool {
        let line = line.trim_end();
        let heading = line.strip_prefix("---- ").and_then(|rest| rest.strip_suffix(" stdout ----"));
        match (line, heading) {
            (_, Some(test)) => test.clone_into(&mut self.test),
            ("successes:", _) => self.is_of_passing = true,
            ("failures:", _) => self.is_of_passing = false,
            _ if line.starts_with("test result: ") => {
                self.is_of_passing = false;
                self.test.clear();
            }
            _ => {}
        }
        if secrets::are_in(line) && !self.telling.contains(&self.test) {
            self.telling.push(self.test.clone());
        }
        self.shows_all || !self.is_of_passing
    }
}

fn names_packages(args: &[String]) -> bool {
    args.iter().take_while(|arg| *arg != "--").any(|arg| {
        arg.starts_with("-p") || arg.starts_with("--package") || arg.starts_with("--manifest-path")
    })
}

fn nothing_is_left() -> Outcome {
    let limit = Instant::now() + LEAVING;
    loop {
        let left = leftovers::of_the_dead();
        if left.is_empty() {
            return Ok(());
        }
        if Instant::now() > limit {
            return Err(format!(
                "the tests left something behind; end the processes, unmount, remove:\n{}",
                left.join("\n")
            )
            .into());
        }
        thread::sleep(Duration::from_millis(100));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passing_tests_say_is_looked_through() {
        let secret = ["gehe", "im"].concat();
        let said = format!(
            "test a ... ok\n\nsuccesses:\n\n---- a stdout ----\nhello\n\n---- b stdout ----\n{secret}\n\
             successes:\n    a\n    b\n\nfailures:\n\n---- c stdout ----\nbad\n\ntest result: FAILED. 2 passed\n"
        );
        let check = |shows_all, expected: &str| {
            let (mut output, mut shown) = (Output::new(shows_all), Vec::new());
            output.pass_on(&mut said.as_bytes(), &mut shown).unwrap();
            assert_eq!(String::from_utf8(shown).unwrap(), expected);
            assert_eq!(output.telling, ["b"]);
        };
        check(true, &said);
        let failed = "failures:\n\n---- c stdout ----\nbad\n\ntest result: FAILED. 2 passed\n";
        check(false, &format!("test a ... ok\n\n{failed}"));
    }
}
