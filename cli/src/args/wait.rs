//! `contajners wait`, as it is typed.

use std::str::FromStr;
use std::time::Duration;

use clap::Args;

use super::{Connecting, Engine};

/// A state to wait for.
#[derive(Debug, Args)]
pub(crate) struct Wait {
    #[command(flatten)]
    pub(crate) engine: Engine,

    /// State to wait for, such as healthy; without it they are listed
    #[arg(value_name = "STATE")]
    pub(crate) state: Option<String>,

    /// Parameters of the operation that is asked: key=text, key:=JSON, key:=@file
    #[arg(value_name = "KEY=VALUE")]
    pub(crate) values: Vec<String>,

    /// How long to wait at most: 30s, 5m, never [default: as the list of states says]
    #[arg(long, value_name = "TIME", requires = "state")]
    pub(crate) timeout: Option<Limit>,

    /// Time between two tries [default: as the list of states says]
    #[arg(long, value_name = "TIME", requires = "state", value_parser = time)]
    pub(crate) delay: Option<Duration>,

    #[command(flatten)]
    pub(crate) connecting: Connecting,
}

/// A limit of time; none for as long as it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit(pub(crate) Option<Duration>);

impl FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "never" => Ok(Self(None)),
            _ => match time(text)? {
                Duration::ZERO => Err("that leaves no time; `never` is no limit".to_owned()),
                limit => Ok(Self(Some(limit))),
            },
        }
    }
}

/// Reads a time: a number with a unit, or of seconds.
fn time(text: &str) -> Result<Duration, String> {
    let end = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let factor = match unit {
        "ms" => Some(0.001),
        "" | "s" => Some(1.0),
        "m" => Some(60.0),
        "h" => Some(3600.0),
        _ => None,
    };
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number = number.parse::<f64>().ok().filter(|_| is_number);
    let seconds = factor.and_then(|factor| Some(number? * factor));
    seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| "a time is written 500ms, 30s, 5m or 1h".to_owned())
}

pub(super) const EXAMPLES: &str = "\
Examples:
  contajners wait docker                            # the states that there are
  contajners wait docker healthy id=web --timeout 30s
  contajners wait podman libpod/running id=web
  status=$(contajners wait docker exited id=job)
  contajners wait docker removed id=job --timeout never

What a state tells, such as an exit status, is written as JSON.
Exit statuses: 0 reached, 1 out of reach, or not in time; 4 the engine
refused, as when there is no such container.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit_or_are_seconds() {
        let check = |text: &str, millis: Option<u64>| {
            assert_eq!(time(text).ok(), millis.map(Duration::from_millis), "{text}");
        };
        check("30", Some(30_000));
        check("30s", Some(30_000));
        check("1.5s", Some(1500));
        check("500ms", Some(500));
        check("2m", Some(120_000));
        check("1h", Some(3_600_000));
        check("0", Some(0));
        for wrong in ["", "s", "-1s", "1 s", "1d", "1e3", "inf", "nan", ".", "1s1", "never"] {
            check(wrong, None);
        }
        check(&"9".repeat(400), None);
        assert_eq!("never".parse(), Ok(Limit(None)));
        assert_eq!("2s".parse(), Ok(Limit(Some(Duration::from_secs(2)))));
        for nothing in ["0", "0s", "0.0h", "0.0000001ms"] {
            assert!(nothing.parse::<Limit>().is_err(), "{nothing}");
        }
    }
}
