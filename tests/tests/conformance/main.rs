//! Every operation of the version that an engine speaks is sent to it, and has to reach a route: the
//! answer is the operation's own and not the "page not found" of the engine's router.
//!
//! What is sent comes from the catalogue: values by type, default and allowed values. `plan.yaml`
//! holds what it cannot know. The result is `docs/conformance.md`, which `cargo xtask conformance`
//! writes and these tests compare.

mod plan;
mod router;
mod send;
mod table;
mod things;
mod values;

use std::sync::Arc;
use std::time::Duration;

use contajners::{Client, Credentials};
use contajners_core::{Api, Operation, Pack};
use contajners_tests::{Kind, PrivateEngine};
use plan::{Order, Plan};
use router::Router;
use send::{Sender, Verdict};
use table::{Row, Section};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// How many operations are sent at a time; engines spend most of a call waiting for processes.
const AT_ONCE: usize = 4;

/// Longer than any call here takes; what hangs shall fail.
const PATIENCE: Duration = Duration::from_secs(60);

fn pack(kind: Kind) -> Pack<'static> {
    Pack::open(contajners_resources::pack(kind.name()).expect("a pack")).expect("a sound pack")
}

fn conformance(kind: Kind, engine: Option<&PrivateEngine>) {
    let Some(engine) = engine else {
        assert!(!table::is_asked_for(), "without {} there is no table of it", kind.name());
        return;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let section = runtime.block_on(run(kind, engine));
    let faults = section.faults();
    assert!(faults.is_empty(), "{}\n{}", faults.join("\n"), engine.log_tail());
    section.write_or_compare();
}

/// Sends all operations and returns what came of them.
async fn run(kind: Kind, engine: &PrivateEngine) -> Section {
    let plan = Plan::of(kind.name());
    let builder = Client::builder(kind.name())
        .uri(engine.uri())
        .timeout(PATIENCE)
        .credentials(Credentials::none());
    let client = builder.clone().build().expect("a client");
    let version = client.api().await.expect("a version in common").version().to_owned();
    let api = pack(kind).api(&version).expect("the version that was negotiated");
    let is_planned = plan.api_version == version;
    let release = send::release(&client).await;

    let router = Router::probe(&client, api).await;
    let sender = Arc::new(Sender::new(builder.api_version(&version), client, plan, router).await);
    let mut rows = Vec::new();
    for order in [Order::First, Order::Middle, Order::Last] {
        let at_once = if order == Order::Middle { AT_ONCE } else { 1 };
        let permits = Arc::new(Semaphore::new(at_once));
        let mut sent = JoinSet::new();
        for operation in api.operations() {
            if sender.plan().way(operation.id()).order != order {
                continue;
            }
            // Taken here, so that those that go one after another keep the catalogue's order.
            let permit = permits.clone().acquire_owned().await.expect("permits");
            let sender = sender.clone();
            sent.spawn(async move {
                let row = row(&sender, operation).await;
                drop(permit);
                row
            });
        }
        rows.extend(sent.join_all().await);
    }
    let left_out = sender.plan().left_out.iter().filter(|_| is_planned);
    rows.extend(left_out.map(|one| Row {
        id: one.operation.clone(),
        request: one.request.clone(),
        verdict: Verdict::LeftOut(one.because.clone()),
    }));
    // By path, then by method.
    rows.sort_by(|one, other| {
        let key = |row: &Row| {
            row.request.split_once(' ').map(|(method, path)| (path.to_owned(), method.to_owned()))
        };
        key(one).cmp(&key(other))
    });
    Section { kind, api, release, is_planned, rows }
}

async fn row(sender: &Sender, operation: Operation<'static>) -> Row {
    let verdict = match sender.plan().not_sent(operation.id()) {
        Some(reason) => Verdict::NotSent(reason.to_owned()),
        None => sender.send(&operation).await,
    };
    let request = format!("{} {}", operation.method(), operation.path());
    Row { id: operation.id().to_owned(), request, verdict }
}

#[test]
fn docker_answers_every_operation() {
    conformance(Kind::Docker, contajners_tests::docker());
}

#[test]
fn podman_answers_every_operation() {
    conformance(Kind::Podman, contajners_tests::podman());
}

fn planned(kind: Kind) -> (Plan, Api<'static>) {
    let plan = Plan::of(kind.name());
    let api = pack(kind).api(&plan.api_version).expect("a version of the pack");
    (plan, api)
}

/// Without an engine, too: what the plan names exists, and the table has all operations.
#[test]
fn plan_and_table_name_the_operations_that_there_are() {
    for kind in [Kind::Docker, Kind::Podman] {
        let (plan, api) = planned(kind);
        let faults = plan.faults(api);
        assert!(faults.is_empty(), "plan.yaml, {}: {}", kind.name(), faults.join("\n"));
        if table::is_written() {
            continue;
        }
        let mut expected: Vec<&str> = api.operations().map(|operation| operation.id()).collect();
        expected.extend(plan.left_out.iter().map(|one| &*one.operation));
        expected.sort_unstable();
        let mut named = table::operations_in_file(kind);
        named.sort_unstable();
        assert_eq!(named, expected, "docs/conformance.md is old: run `cargo xtask conformance`");
    }
}
