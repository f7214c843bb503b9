//! What clients do with an engine, over its unix socket and with TLS.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;

use tokio::runtime::Runtime;

use crate::clients::{Bare, Bollard, Contajners, Side, curl};
use crate::engine::{CONTAINERS, Stage};
use crate::report::{Floor, Report, Row, Unit};
use crate::rounds::{Contender, in_turn};
use crate::{Args, Outcome};

/// How many rounds of short tasks, and of those that move much. Many short rounds tell more than a
/// few long ones: what else the machine does then meets all clients alike.
const ROUNDS: usize = 101;
const LONG_ROUNDS: usize = 5;
const QUICK_ROUNDS: usize = 3;
/// And of exports, which take half as long again from one second to the next, whoever reads them.
const EXPORT_ROUNDS: usize = 15;

/// Pings are many a round, and their rounds fewer: the first hundreds after those who connect for each
/// call (bollard, curl) say less of who pings than of who did before.
const PINGS: usize = 2000;
const PING_ROUNDS: usize = 31;

/// How many callers there are at once.
const CALLERS: usize = 32;

/// The floors of what is to be reached beside another.
const NEAR_HYPER: Floor = Floor { name: "hyper", ratio: 0.95 };
const TWICE_BOLLARD: Floor = Floor { name: "bollard", ratio: 2.0 };
const NEAR_CURL: Floor = Floor { name: "curl", ratio: 0.95 };

/// Something that each client does.
#[derive(Clone, Copy)]
enum Task<'a> {
    Ping,
    List,
    Inspect(&'a str),
    /// Pings by many callers at once.
    Callers,
    /// Reads a log and gets so many bytes of content at least.
    Logs(&'a str, usize),
    /// The same for an export.
    Export(&'a str, usize),
    Load(&'a Path),
}

impl Task<'_> {
    fn rounds(self, args: &Args) -> usize {
        match self {
            _ if args.quick => QUICK_ROUNDS,
            Self::Ping => PING_ROUNDS,
            Self::List | Self::Inspect(_) | Self::Callers => ROUNDS,
            Self::Logs(..) | Self::Load(_) => LONG_ROUNDS,
            Self::Export(..) => EXPORT_ROUNDS,
        }
    }

    /// Does it so many times. Calls are compared over a connection that stands: ours is let go after
    /// some seconds without a call, which is how long the round of another one may take.
    async fn by<S: Side>(self, side: &S, others: &[S], times: usize) -> Outcome<Duration> {
        side.ping().await?;
        let begin = Instant::now();
        match self {
            Self::Callers => {
                let caller = async |side: &S| {
                    for _ in 0..times / CALLERS {
                        side.ping().await?;
                    }
                    Outcome::Ok(())
                };
                try_join_all(others.iter().map(caller)).await?;
            }
            task => {
                for _ in 0..times {
                    task.once(side).await?;
                }
            }
        }
        Ok(begin.elapsed())
    }

    async fn once<S: Side>(self, side: &S) -> Outcome {
        match self {
            Self::Ping | Self::Callers => side.ping().await,
            Self::List => match side.list().await? {
                CONTAINERS => Ok(()),
                count => Err(format!("{count} containers, not {CONTAINERS}").into()),
            },
            Self::Inspect(id) => match side.inspect(id).await? == id {
                true => Ok(()),
                false => Err("another container was inspected".into()),
            },
            Self::Logs(id, size) => enough(side.logs(id).await?, size),
            Self::Export(id, size) => enough(side.export(id).await?, size),
            Self::Load(archive) => side.load(archive).await,
        }
    }

    /// The same by curl, where curl can do it.
    fn curl(self, socket: &Path, times: usize) -> Command {
        let mut command = curl::curl(socket);
        match self {
            Self::Ping => curl::get(&mut command, "/v1.41/_ping", times),
            Self::Callers => {
                let at_once = CALLERS.to_string();
                command.args(["--parallel", "--parallel-immediate", "--parallel-max", &at_once]);
                // It draws its progress with `--silent`, too.
                command.stderr(Stdio::null());
                curl::get(&mut command, "/v1.41/_ping", times);
            }
            Self::List => curl::get(&mut command, "/v1.41/containers/json?all=true", times),
            Self::Inspect(id) => {
                curl::get(&mut command, &format!("/v1.41/containers/{id}/json"), times);
            }
            Self::Logs(id, _) => {
                let target = format!("/v1.41/containers/{id}/logs?stdout=true&stderr=true");
                curl::get(&mut command, &target, times);
            }
            Self::Export(id, _) => {
                curl::get(&mut command, &format!("/v1.41/containers/{id}/export"), times);
            }
            Self::Load(archive) => curl::post(&mut command, "/v1.41/images/load", archive),
        }
        command
    }
}

fn enough(length: usize, size: usize) -> Outcome {
    match length >= size {
        true => Ok(()),
        false => Err(format!("{length} bytes came, of {size}").into()),
    }
}

/// How a client reaches the engine.
#[derive(Clone, Copy)]
enum Way {
    Unix,
    /// The same on a runtime of several threads.
    Threads,
    Tls,
}

impl Way {
    fn runtime<'s>(self, stage: &'s Stage<'_>) -> &'s Runtime {
        match self {
            Self::Threads => &stage.threads,
            Self::Unix | Self::Tls => &stage.runtime,
        }
    }
}

/// The clients of one task.
struct Sides<S> {
    one: S,
    many: Vec<S>,
}

impl<S: Side> Sides<S> {
    fn new(stage: &Stage<'_>, way: Way) -> Outcome<Self> {
        way.runtime(stage).block_on(async {
            let one = match way {
                Way::Unix | Way::Threads => S::over_unix(stage.socket()).await?,
                Way::Tls => {
                    S::over_tls(stage.engine.tls_address().port(), &stage.certificates()).await?
                }
            };
            let many = try_join_all((0..CALLERS).map(async |_| one.another().await)).await?;
            Ok(Self { one, many })
        })
    }

    /// One that does so many calls a round, told as if it were `times`.
    fn contender<'s>(
        &'s self,
        runtime: &'s Runtime,
        task: Task<'s>,
        calls: usize,
        times: usize,
    ) -> Contender<'s> {
        let round = move || {
            let time = runtime.block_on(task.by(&self.one, &self.many, calls))?;
            Ok(of_times(time, calls, times))
        };
        Contender::new(S::NAME, round)
    }
}

/// Everything over the unix socket.
///
/// # Errors
///
/// With the first error of a client.
pub(crate) fn over_unix(stage: &Stage<'_>, args: &Args, report: &mut Report) -> Outcome {
    const GROUP: &str = "unix socket";
    let wants = |task| args.wants(GROUP, task);
    let mut measure = |name, task, times, unit, floors: &[Floor]| {
        let row = measured(stage, Way::Unix, task, times, task.rounds(args))?;
        report.add(Row::new(GROUP, name, unit, row, floors));
        Outcome::Ok(())
    };
    if wants("ping") {
        let times = PINGS / stage.part;
        measure("ping", Task::Ping, times, Unit::calls(times), &[NEAR_HYPER, TWICE_BOLLARD])?;
    }
    if wants("list of 50 containers") {
        let times = (5 / stage.part).max(1);
        measure("list of 50 containers", Task::List, times, Unit::calls(times), &[NEAR_HYPER])?;
    }
    if wants("inspect") {
        let times = 50 / stage.part;
        let task = Task::Inspect(&stage.inspected);
        measure("inspect", task, times, Unit::calls(times), &[NEAR_HYPER])?;
    }
    if wants("ping by 32 callers") {
        let times = 640 / stage.part;
        measure("ping by 32 callers", Task::Callers, times, Unit::calls(times), &[])?;
    }
    if wants("logs, lines of 100 bytes") {
        let size = stage.log_size();
        let task = Task::Logs(stage.logged()?, size);
        measure("logs, lines of 100 bytes", task, 1, Unit::bytes(size), &[])?;
    }
    if wants("logs, one line of 9 MiB") {
        let task = Task::Logs(stage.on_a_terminal()?, Stage::LINE);
        measure("logs, one line of 9 MiB", task, 1, Unit::bytes(Stage::LINE), &[])?;
    }
    if wants("export") {
        let size = stage.export_size();
        let task = Task::Export(stage.exported()?, size);
        measure("export", task, 1, Unit::bytes(size), &[NEAR_CURL])?;
    }
    if wants("load") {
        let task = Task::Load(stage.archive()?);
        measure("load", task, 1, Unit::bytes(stage.load_size()), &[])?;
    }
    if wants("ping, several threads") {
        let times = PINGS / stage.part;
        let row = measured(stage, Way::Threads, Task::Ping, times, Task::Ping.rounds(args))?;
        report.add(Row::new(GROUP, "ping, several threads", Unit::calls(times), row, &[]));
    }
    Ok(())
}

/// Short calls with TLS and certificates on both sides.
///
/// # Errors
///
/// As [`over_unix`].
pub(crate) fn over_tls(stage: &Stage<'_>, args: &Args, report: &mut Report) -> Outcome {
    const GROUP: &str = "TLS";
    for (name, task, times) in [
        ("ping", Task::Ping, PINGS),
        ("list of 50 containers", Task::List, 5),
        ("inspect", Task::Inspect(&stage.inspected), 50),
    ] {
        if args.wants(GROUP, name) {
            let times = (times / stage.part).max(1);
            let floors = [NEAR_HYPER, TWICE_BOLLARD];
            let floors = if name == "ping" { &floors[..] } else { &floors[..1] };
            let row = measured(stage, Way::Tls, task, times, task.rounds(args))?;
            report.add(Row::new(GROUP, name, Unit::calls(times), row, floors));
        }
    }
    Ok(())
}

/// The time of some calls, as it were for another number of them.
fn of_times(time: Duration, calls: usize, times: usize) -> Duration {
    time.mul_f64(times as f64 / calls as f64)
}

/// All clients in turn; curl is left out with TLS, where its own library would be measured.
fn measured(
    stage: &Stage<'_>,
    way: Way,
    task: Task<'_>,
    times: usize,
    rounds: usize,
) -> Outcome<Vec<crate::rounds::Times>> {
    let ours = Sides::<Contajners>::new(stage, way)?;
    let bare = Sides::<Bare>::new(stage, way)?;
    let bollard = Sides::<Bollard>::new(stage, way)?;
    // A connection for each call, as bollard has it, takes tens of milliseconds with TLS.
    let fewer = match way {
        Way::Unix | Way::Threads => times,
        Way::Tls => times.div_ceil(20).min(10),
    };
    let runtime = way.runtime(stage);
    let mut contenders = vec![
        ours.contender(runtime, task, times, times),
        bare.contender(runtime, task, times, times),
        bollard.contender(runtime, task, fewer, times),
    ];
    if matches!(way, Way::Unix) {
        // A process a round is to begin before it calls: with more calls that is less of each.
        let more = match times {
            1 | PINGS.. => times,
            _ => 5 * times,
        };
        let mut command = task.curl(stage.socket(), more);
        let round = move || Ok(of_times(curl::time(&mut command)?, more, times));
        contenders.push(Contender::new(curl::NAME, round));
    }
    in_turn(contenders, rounds)
}
