//! The table that is printed, and the one that is kept.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;
use std::time::Duration;

use crate::clients::{Contajners, Side};
use crate::plot;
use crate::rounds::Times;
use crate::{Args, Outcome};

/// What a round amounts to.
#[derive(Clone, Copy)]
pub(crate) enum Unit {
    Calls(usize),
    Bytes(usize),
    /// One process a round.
    Processes,
}

impl Unit {
    pub(crate) fn calls(count: usize) -> Self {
        Self::Calls(count)
    }

    pub(crate) fn bytes(count: usize) -> Self {
        Self::Bytes(count)
    }

    /// A number to show, of a round that took so many seconds.
    pub(crate) fn show(self, seconds: f64) -> String {
        match self {
            Self::Calls(count) => format!("{:.0} /s", count as f64 / seconds),
            Self::Bytes(count) => format!("{:.0} MB/s", count as f64 / seconds / 1e6),
            Self::Processes => format!("{:.1} ms", seconds * 1e3),
        }
    }
}

/// A ratio that is to be reached beside another.
#[derive(Clone, Copy)]
pub(crate) struct Floor {
    pub(crate) name: &'static str,
    pub(crate) ratio: f64,
}

/// A task and how everyone did it, ours first.
pub(crate) struct Row {
    pub(crate) group: &'static str,
    pub(crate) task: &'static str,
    pub(crate) unit: Unit,
    pub(crate) times: Vec<Times>,
    floors: Vec<Floor>,
    most: Option<Duration>,
}

impl Row {
    pub(crate) fn new(
        group: &'static str,
        task: &'static str,
        unit: Unit,
        times: Vec<Times>,
        floors: &[Floor],
    ) -> Self {
        Self { group, task, unit, times, floors: floors.to_vec(), most: None }
    }

    /// It may take so long.
    pub(crate) fn at_most(mut self, most: Duration) -> Self {
        self.most = Some(most);
        self
    }

    /// The ratios and what is asked of them, as lines of a table: who, its number, ours beside it.
    fn lines(&self) -> Vec<[String; 4]> {
        let ours = &self.times[0];
        let mut lines = Vec::new();
        for times in &self.times {
            let shown = self.unit.show(times.median());
            let (mut ratio, mut asked) = (String::new(), String::new());
            if times.name == Contajners::NAME {
                if let Some(most) = self.most {
                    let reached = said(ours.median() <= most.as_secs_f64());
                    asked = format!("at most {} ms: {reached}", most.as_millis());
                }
            } else {
                let value = times.slower_than(ours);
                ratio = format!("{value:.2}");
                if let Some(floor) = self.floors.iter().find(|floor| floor.name == times.name) {
                    asked = format!("{} or more: {}", floor.ratio, said(value >= floor.ratio));
                }
            }
            lines.push([times.name.to_owned(), shown, ratio, asked]);
        }
        lines
    }
}

fn said(reached: bool) -> &'static str {
    if reached { "reached" } else { "missed" }
}

/// A table of what is no rate.
pub(crate) struct Table {
    title: String,
    columns: Vec<String>,
    rows: Vec<(String, Vec<String>)>,
    notes: Vec<String>,
}

impl Table {
    pub(crate) fn new(title: &str, columns: &[&str]) -> Self {
        let columns = columns.iter().map(|name| (*name).to_owned()).collect();
        Self { title: title.to_owned(), columns, rows: Vec::new(), notes: Vec::new() }
    }

    pub(crate) fn row(&mut self, name: &str, cells: Vec<String>) {
        println!("{:<24} {}", format!("{}, {name}", self.title), self.line(&cells));
        self.rows.push((name.to_owned(), cells));
    }

    pub(crate) fn note(&mut self, text: String) {
        println!("{:<24} {text}", "");
        self.notes.push(text);
    }

    fn line(&self, cells: &[String]) -> String {
        let pairs = self.columns.iter().zip(cells);
        pairs.map(|(name, cell)| format!("{name} {cell}")).collect::<Vec<_>>().join("  ")
    }

    fn markdown(&self, out: &mut String) {
        if self.rows.is_empty() {
            return;
        }
        let _ =
            writeln!(out, "\n## {}\n\n| | {} |", capital(&self.title), self.columns.join(" | "));
        let _ = writeln!(out, "|---|{}", "---:|".repeat(self.columns.len()));
        for (name, cells) in &self.rows {
            let _ = writeln!(out, "| {name} | {} |", cells.join(" | "));
        }
        if !self.notes.is_empty() {
            out.push('\n');
        }
        for note in &self.notes {
            let _ = writeln!(out, "- {note}");
        }
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// All that was measured.
pub(crate) struct Report {
    machine: String,
    rows: Vec<Row>,
    tables: Vec<Table>,
    /// Sections that stand as they were printed.
    texts: String,
}

impl Report {
    /// Looks at the machine.
    ///
    /// # Errors
    ///
    /// If a program that is measured is not there.
    pub(crate) fn new(args: &Args) -> Outcome<Self> {
        let machine = machine(args)?;
        println!("{machine}");
        Ok(Self { machine, rows: Vec::new(), tables: Vec::new(), texts: String::new() })
    }

    /// Prints a row and keeps it.
    pub(crate) fn add(&mut self, row: Row) {
        let mut name = format!("{}, {}", row.group, row.task);
        for [who, shown, ratio, asked] in row.lines() {
            println!("{name:<40} {who:<11} {shown:>12} {ratio:>7}  {asked}");
            name.clear();
        }
        self.rows.push(row);
    }

    pub(crate) fn table(&mut self, table: Table) {
        self.tables.push(table);
    }

    /// Keeps what a command printed, and what is to be said of it.
    pub(crate) fn text(&mut self, title: &str, command: &str, text: &str, notes: &[String]) {
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        let text = lines.join("\n");
        let _ = write!(self.texts, "\n## {title}\n\n`{command}`\n\n```text\n{text}\n```\n");
        if !notes.is_empty() {
            self.texts.push('\n');
        }
        for note in notes {
            let _ = writeln!(self.texts, "- {note}");
        }
    }

    /// Writes what is to be kept.
    ///
    /// # Errors
    ///
    /// If a file cannot be written.
    pub(crate) fn finish(self, args: &Args) -> Outcome {
        let Some(folder) = &args.save else { return Ok(()) };
        fs::create_dir_all(folder)?;
        let mut groups: Vec<&str> = Vec::new();
        for row in &self.rows {
            if !groups.contains(&row.group) {
                groups.push(row.group);
            }
        }
        let mut out = format!(
            "# Results\n\nMade by `cargo xtask bench --save`; do not edit. Each row was measured in \
             turn with its\nneighbours in one run. Numbers are medians, ratios are medians of the \
             ratios of each round:\n1.00 is as fast as contajners, 2.00 took twice as long.\n\n{}",
            self.machine
        );
        for group in groups {
            let file = format!("{}.svg", group.replace(' ', "-").to_lowercase());
            let rows: Vec<&Row> = self.rows.iter().filter(|row| row.group == group).collect();
            let title = capital(group);
            let _ =
                writeln!(out, "\n## {title}\n\n![{title}: how much longer others take]({file})\n");
            out.push_str("| task | who | median | takes, as contajners' | asked |\n");
            out.push_str("|---|---|---:|---:|---|\n");
            for row in &rows {
                let mut task = row.task;
                for [who, shown, ratio, asked] in row.lines() {
                    let _ = writeln!(out, "| {task} | {who} | {shown} | {ratio} | {asked} |");
                    task = "";
                }
            }
            plot::bars(&folder.join(&file), &title, &rows)?;
        }
        for table in &self.tables {
            table.markdown(&mut out);
        }
        out.push_str(&self.texts);
        fs::write(folder.join("RESULTS.md"), out)?;
        println!("written: {}", folder.join("RESULTS.md").display());
        Ok(())
    }
}

/// The machine and the versions, as a list.
fn machine(args: &Args) -> Outcome<String> {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let model = model.trim_start_matches(['\t', ' ', ':']);
    let cores = cpus.lines().filter(|line| line.starts_with("processor")).count();
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let memory = memory.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok());
    let memory = memory.unwrap_or_default() >> 20;
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let lock = fs::read_to_string(args.root.join("bench/Cargo.lock"))?;
    let version = |name: &str| {
        let entry = format!("name = \"{name}\"\nversion = \"");
        let at = lock.split(&entry).nth(1);
        at.and_then(|rest| rest.split('"').next()).unwrap_or("?").to_owned()
    };
    let first = |program: &str, words: &[&str]| -> Outcome<String> {
        let output = Command::new(program).args(words).output();
        let output = output.map_err(|error| format!("`{program}` cannot be started: {error}"))?;
        let text = String::from_utf8_lossy(&output.stdout);
        Ok(text.lines().next().unwrap_or_default().to_owned())
    };
    let mut git = Command::new("git");
    git.current_dir(&args.root).args(["describe", "--always", "--dirty"]);
    // An unpacked archive has no commit.
    let commit = git.output().map(|output| output.stdout).unwrap_or_default();
    let commit = String::from_utf8_lossy(&commit);
    Ok(format!(
        "- {model}, {cores} cores, {memory} GiB, Linux {}\n- {}\n- dockerd: {}; docker: {}\n- {}\n\
         - contajners {} at {}, hyper {}, bollard {}, tokio {}\n",
        kernel.trim(),
        first("rustc", &["--version"])?,
        first("dockerd", &["--version"])?,
        first("docker", &["--version"])?,
        first("curl", &["--version"])?,
        env!("CARGO_PKG_VERSION"),
        commit.trim(),
        version("hyper"),
        version("bollard"),
        version("tokio"),
    ))
}
