//! What is asked of the benches of single crates, and whether what they printed reaches it.

/// Looks for the numbers that something is asked of; each becomes a line.
pub fn marks(text: &str) -> Vec<String> {
    let rows = rows(text);
    let median = |name: &str| Some(rows.iter().find(|row| row.name == name)?.median);
    let rate = |name: &str| rows.iter().find(|row| row.name == name)?.rate;
    let mut marks = Vec::new();
    for (what, name, most) in [
        ("resolving a call", "resolve_container_list", 1e-6),
        ("opening Docker's pack and reaching an operation", DOCKER, 25e-6),
        ("opening Podman's pack and reaching an operation", PODMAN, 25e-6),
    ] {
        if let Some(seconds) = median(name) {
            let (seconds, most) = (seconds * 1e6, most * 1e6);
            marks.push(mark(
                what,
                &format!("{seconds:.2} µs"),
                "at most",
                most,
                "µs",
                seconds <= most,
            ));
        }
    }
    let copy = rate("copy_memory");
    if let Some(rate) = rate("decode_and_copy_frames/32768") {
        let (what, each) = ("decoding frames of 32 KiB and copying what is in them", rate / 1e9);
        marks.push(mark(what, &format!("{each:.1} GB/s"), "at least", 4.0, "GB/s", each >= 4.0));
        if let Some(copy) = copy {
            marks.push(format!("that: {:.2} of the rate of a plain copy", rate / copy));
        }
    }
    if let (Some(copy), Some(lines)) = (copy, rate("cut_json_lines")) {
        marks.push(format!("cutting JSON lines: {:.4} of the rate of a plain copy", lines / copy));
    }
    if let Some(rate) = replayed(text) {
        let what = "replayed logs of 100 bytes a chunk";
        marks.push(mark(
            what,
            &format!("{rate:.0} MB/s"),
            "at least",
            400.0,
            "MB/s",
            rate >= 400.0,
        ));
    }
    marks
}

const DOCKER: &str = "open_and_reach_one_operation/docker";
const PODMAN: &str = "open_and_reach_one_operation/podman";

fn mark(what: &str, is: &str, how: &str, asked: f64, unit: &str, reached: bool) -> String {
    let said = if reached { "reached" } else { "missed" };
    format!("{what}: {is} ({how} {asked} {unit}: {said})")
}

/// The client's rate in the line of the logs that dockerd writes.
fn replayed(text: &str) -> Option<f64> {
    let line = text.lines().find(|line| line.starts_with("lines of 100 bytes, one a chunk"))?;
    line.split("MB/s").nth(1)?.trim().parse().ok()
}

/// A bench of divan's tables.
struct Row {
    /// With those of what it is part of before it.
    name: String,
    /// In seconds.
    median: f64,
    /// In bytes a second.
    rate: Option<f64>,
}

/// Reads the tables that divan draws: the third column is the median, and below it may stand a rate.
fn rows(text: &str) -> Vec<Row> {
    let (mut rows, mut above) = (Vec::<Row>::new(), "");
    for line in text.lines() {
        let (is_inner, line) = match line.strip_prefix("│  ").or(line.strip_prefix("   ")) {
            Some(rest) if rest.starts_with(['├', '╰']) => (true, rest),
            _ => (false, line),
        };
        let median = line.trim_start_matches('│').split('│').nth(2).unwrap_or_default();
        let Some(name) = line.strip_prefix(['├', '╰']) else {
            if let (Some(rate), Some(row)) = (number(median, &RATES), rows.last_mut()) {
                row.rate.get_or_insert(rate);
            }
            continue;
        };
        let name = name.trim_start_matches(['─', ' ']).split("  ").next().unwrap_or_default();
        if !is_inner {
            above = name;
        }
        if let Some(median) = number(median, &TIMES) {
            let name = if is_inner { format!("{above}/{name}") } else { name.to_owned() };
            rows.push(Row { name, median, rate: None });
        }
    }
    rows
}

const TIMES: [(&str, f64); 4] = [("s", 1.0), ("ms", 1e-3), ("µs", 1e-6), ("ns", 1e-9)];
const RATES: [(&str, f64); 4] = [("MB/s", 1e6), ("GB/s", 1e9), ("TB/s", 1e12), ("KB/s", 1e3)];

fn number(text: &str, units: &[(&str, f64)]) -> Option<f64> {
    let (number, unit) = text.trim().split_once(' ')?;
    let (_, factor) = units.iter().find(|(own, _)| *own == unit)?;
    Some(number.parse::<f64>().ok()? * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_is_found_in_tables() {
        let text = "\
core                                 fastest       │ slowest       │ median        │ mean
├─ copy_memory                       179.2 µs      │ 458.7 µs      │ 235.1 µs      │ 235 µs
│                                    46.78 GB/s    │ 18.28 GB/s    │ 40 GB/s       │ 35.69 GB/s
├─ cut_json_lines                    2.023 ms      │ 2.402 ms      │ 2.074 ms      │ 2.096 ms
│                                    395.2 MB/s    │ 332.9 MB/s    │ 400 MB/s      │ 381.5 MB/s
├─ decode_and_copy_frames                          │               │               │
│  ├─ 64                             645.4 µs      │ 1.079 ms      │ 757.5 µs      │ 782.2 µs
│  │                                 12.99 GB/s    │ 7.769 GB/s    │ 11.07 GB/s    │ 10.72 GB/s
│  ╰─ 32768                          200.2 µs      │ 693.9 µs      │ 204.2 µs      │ 209.2 µs
│                                    41.89 GB/s    │ 12.09 GB/s    │ 38 GB/s       │ 40.1 GB/s
├─ open_and_reach_one_operation                    │               │               │
│  ├─ docker                         4.485 µs      │ 15.63 µs      │ 4.546 µs      │ 4.665 µs
│  ╰─ podman                         9.964 µs      │ 15.89 µs      │ 25.04 µs      │ 10.92 µs
╰─ resolve_container_list            639.3 ns      │ 2.121 µs      │ 679.3 ns      │ 707.7 ns
                                     max alloc:    │               │               │
                                       4           │ 4             │ 4             │ 4
";
        assert_eq!(
            marks(text),
            [
                "resolving a call: 0.68 µs (at most 1 µs: reached)",
                "opening Docker's pack and reaching an operation: 4.55 µs (at most 25 µs: reached)",
                "opening Podman's pack and reaching an operation: 25.04 µs (at most 25 µs: missed)",
                "decoding frames of 32 KiB and copying what is in them: 38.0 GB/s (at least 4 GB/s: reached)",
                "that: 0.95 of the rate of a plain copy",
                "cutting JSON lines: 0.0100 of the rate of a plain copy",
            ]
        );
        let text = "lines of 100 bytes, one a chunk                194 MB/s  1209 MB/s   6.19";
        let expected = "replayed logs of 100 bytes a chunk: 1209 MB/s (at least 400 MB/s: reached)";
        assert_eq!(marks(text), [expected]);
        assert!(marks("nothing of it").is_empty());
    }
}
