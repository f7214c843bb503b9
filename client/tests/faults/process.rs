//! What only a whole process shows: the memory of all of its threads, and its descriptors. So each of
//! these tests runs again in a process where nothing runs beside it.

use std::process::Command;
use std::thread;
use std::time::Instant;

use crate::engine::{Engine, HANG, Transport};
use crate::row::Row;
use crate::{ANSWER_LIMIT, WORKERS, is_down_to, meet, rest, table, works};

/// The most that the archive of a row may take, in KiB.
const LIMIT: u64 = 4 << 10;

/// Does something in a process of its own, of which the calling test is named.
fn alone(test: &str, work: impl FnOnce()) {
    const ALONE: &str = "CONTAJNERS_TESTS_ALONE";
    if std::env::var_os(ALONE).is_some() {
        return work();
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", &format!("process::{test}"), "--nocapture"]).env(ALONE, "1");
    let output = command.output().unwrap();
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8_lossy(&told);
    assert!(output.status.success() && told.contains("1 passed"), "{told}");
    println!("{told}");
}

/// Meets a fault once, and leaves nothing of its own behind.
fn met(row: &Row) {
    let engine = Engine::start(Transport::Unix, row.greeting, &row.fault);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let client = row.limits(engine.builder().answer_limit(ANSWER_LIMIT)).build().unwrap();
    let mut wrong = Vec::new();
    meet(row, &client, &runtime, &mut wrong);
    rest(row, &engine, &runtime);
    works(row, &client, &runtime, &mut wrong);
    drop(client);
    assert!(is_down_to(0, &runtime) && engine.is_down_to(0), "{}", row.name);
    assert!(wrong.is_empty(), "{}: {wrong:?}", row.name);
}

/// The most memory this process has had, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse().unwrap()
}

#[test]
fn archives_take_little_memory() {
    alone("archives_take_little_memory", || {
        let rows = table::archives();
        // What is there for all of them is there now.
        met(&rows[0]);
        let before = peak();
        for row in &rows {
            met(row);
            let taken = peak() - before;
            println!("{}: {taken} KiB", row.name);
            assert!(taken < LIMIT, "{}: {taken} KiB", row.name);
        }
    });
}

/// What this process has open.
fn descriptors() -> Vec<String> {
    let all = std::fs::read_dir("/proc/self/fd").unwrap();
    let target = |one: std::io::Result<std::fs::DirEntry>| std::fs::read_link(one.unwrap().path());
    all.map(target).map(|to| to.map_or("gone".into(), |to| to.display().to_string())).collect()
}

#[test]
fn faults_leave_no_descriptor_behind() {
    alone("faults_leave_no_descriptor_behind", || {
        let rows = table::rows();
        met(&rows[0]);
        let before = descriptors();
        thread::scope(|scope| {
            for worker in 0..WORKERS {
                let mine = rows.iter().skip(worker).step_by(WORKERS);
                scope.spawn(move || mine.for_each(met));
            }
        });
        let begun = Instant::now();
        while descriptors().len() > before.len() {
            let left = descriptors();
            assert!(begun.elapsed() < HANG, "{before:?} became {left:?}");
            thread::sleep(std::time::Duration::from_millis(10));
        }
        println!("{} descriptors: {before:?}", before.len());
    });
}
