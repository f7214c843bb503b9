//! One line of progress: what it is about, how far it is, fitted to the terminal.

use crate::render::text::{columns, fit, pad};
use crate::screen::Size;

/// Bars are not made longer than this, and left out when shorter.
const LONGEST: usize = 40;
const SHORTEST: usize = 8;

/// How far something is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Amount {
    /// How much is done.
    pub(crate) current: u64,
    /// How much there is to do, when that is known.
    pub(crate) total: Option<u64>,
    /// What is counted, when it is not bytes.
    pub(crate) unit: Option<String>,
}

/// Something that has a line of its own: a layer of an image, an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layer {
    /// The name that messages call it.
    pub(crate) id: String,
    /// What happens to it.
    pub(crate) status: String,
    /// How far that is, while it goes on.
    pub(crate) amount: Option<Amount>,
}

impl Layer {
    /// Tells whether there is more to come of what its status says.
    pub(crate) fn is_at_work(&self) -> bool {
        self.amount
            .as_ref()
            .is_some_and(|amount| amount.total.is_none_or(|total| amount.current < total))
    }

    fn head(&self) -> String {
        match (&*self.id, &*self.status) {
            (id, "") => id.to_owned(),
            ("", status) => status.to_owned(),
            (id, status) => format!("{id}: {status}"),
        }
    }
}

/// Lays layers out in the room there is. When they are more than that, those at work come first,
/// then the latest; they keep their order, and the last line counts the others.
pub(crate) fn fitted(layers: &[Layer], size: Size) -> Vec<String> {
    if layers.len() <= size.rows {
        return all(layers, size.columns);
    }
    let room = size.rows.saturating_sub(1);
    let mut order: Vec<usize> = (0..layers.len()).collect();
    order.sort_by_key(|&at| match layers[at].is_at_work() {
        true => (0, at),
        false => (1, layers.len() - at),
    });
    order.truncate(room);
    order.sort_unstable();
    let shown: Vec<Layer> = order.iter().map(|&at| layers[at].clone()).collect();
    let mut lines = all(&shown, size.columns);
    lines.push(fit(&format!("… and {} more", layers.len() - shown.len()), size.columns));
    lines
}

/// Lays layers out, one a line, with their bars below each other.
pub(crate) fn all(layers: &[Layer], width: usize) -> Vec<String> {
    let busy = layers.iter().filter(|layer| layer.amount.is_some());
    let head = busy.map(|layer| columns(&layer.head())).max().unwrap_or_default();
    layers.iter().map(|layer| line(layer, head, width)).collect()
}

fn line(layer: &Layer, head_width: usize, width: usize) -> String {
    let head = layer.head();
    let Some(amount) = &layer.amount else { return fit(&head, width) };
    let share = amount.share();
    let figures = amount.figures();
    // The head, two spaces, a bar in brackets, two spaces, the figures.
    let room = width.saturating_sub(head_width + columns(&figures) + 6);
    if let Some(share) = share.filter(|_| room >= SHORTEST) {
        let length = room.min(LONGEST);
        // A rounding error is no matter; the share is at most 1.
        let done = (share * length as f64) as usize;
        let bar = format!("{}{}", "=".repeat(done), if done < length { ">" } else { "" });
        return format!("{}  [{}]  {figures}", pad(&head, head_width), pad(&bar, length));
    }
    let (head_width, spare) = (columns(&head), width.saturating_sub(columns(&figures) + 2));
    if head_width <= spare {
        return format!("{head}  {figures}");
    }
    let short = match share {
        Some(share) => format!("{:.0}%", (share * 100.0).floor()),
        None => figures,
    };
    match width.checked_sub(columns(&short) + 1) {
        Some(spare) if spare > 0 => format!("{} {short}", fit(&head, spare)),
        _ => fit(&short, width),
    }
}

impl Amount {
    /// Bytes, done of all.
    pub(crate) fn bytes(current: u64, total: Option<u64>) -> Self {
        Self { current, total, unit: None }
    }

    fn share(&self) -> Option<f64> {
        let total = self.total.filter(|&total| total > 0)?;
        Some((self.current as f64 / total as f64).min(1.0))
    }

    fn figures(&self) -> String {
        let said = |count: u64| match &self.unit {
            Some(unit) => format!("{count} {unit}"),
            None => size(count),
        };
        // Engines guess it at times, and send more.
        match self.total.filter(|&total| total > 0 && total >= self.current) {
            Some(total) => format!("{}/{}", said(self.current), said(total)),
            None => said(self.current),
        }
    }
}

/// A number of bytes for people, in steps of a thousand as the engines' own tools count.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    let mut number = bytes as f64;
    let mut unit = "B";
    for next in UNITS {
        // What would be shown as 1000 is one of the next.
        if number < 999.5 {
            break;
        }
        number /= 1000.0;
        unit = next;
    }
    match unit {
        "B" => format!("{bytes} B"),
        _ if number < 9.995 => format!("{number:.2} {unit}"),
        _ if number < 99.95 => format!("{number:.1} {unit}"),
        _ => format!("{number:.0} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(id: &str, status: &str, amount: Option<(u64, u64)>) -> Layer {
        let amount = amount.map(|(current, total)| Amount::bytes(current, Some(total)));
        Layer { id: id.into(), status: status.into(), amount }
    }

    fn shown(layers: &[Layer], columns: usize, rows: usize) -> String {
        let size = Size::of(columns, rows);
        let lines = fitted(layers, size);
        assert!(lines.len() <= size.rows, "{lines:?}");
        for line in &lines {
            assert!(super::columns(line) <= size.columns, "{line:?} in {columns}");
        }
        lines.join("\n")
    }

    #[track_caller]
    fn check(layers: &[Layer], columns: usize, rows: usize, expected: &[&str]) {
        let shown = shown(layers, columns, rows);
        assert_eq!(shown.lines().collect::<Vec<_>>(), expected, "{shown}");
    }

    fn pull() -> Vec<Layer> {
        vec![
            layer("latest", "Pulling from library/postgres", None),
            layer("5f70bf18a086", "Pull complete", None),
            layer("a3ed95caeb02", "Downloading", Some((12_345_678, 98_765_432))),
            layer("64f98b68a3a5", "Extracting", Some((1_000, 1_000))),
            layer("bd3fd0e3a2c4", "Waiting", None),
        ]
    }

    #[test]
    fn bars_stand_below_each_other() {
        check(
            &pull(),
            80,
            24,
            &[
                "latest: Pulling from library/postgres",
                "5f70bf18a086: Pull complete",
                "a3ed95caeb02: Downloading  [====>                            ]  12.3 MB/98.8 MB",
                "64f98b68a3a5: Extracting   [=================================]  1.00 kB/1.00 kB",
                "bd3fd0e3a2c4: Waiting",
            ],
        );
    }

    #[test]
    fn narrow_terminals_have_less() {
        check(
            &pull(),
            50,
            24,
            &[
                "latest: Pulling from library/postgres",
                "5f70bf18a086: Pull complete",
                "a3ed95caeb02: Downloading  12.3 MB/98.8 MB",
                "64f98b68a3a5: Extracting  1.00 kB/1.00 kB",
                "bd3fd0e3a2c4: Waiting",
            ],
        );
        check(
            &pull(),
            20,
            24,
            &[
                "latest: Pulling fr…",
                "5f70bf18a086: Pull…",
                "a3ed95caeb02: … 12%",
                "64f98b68a3a5:… 100%",
                "bd3fd0e3a2c4: Wait…",
            ],
        );
        check(&pull(), 5, 24, &["lat…", "5f7…", "12%", "100%", "bd3…"]);
    }

    #[test]
    fn any_size_will_do() {
        for columns in 0..120 {
            for rows in 0..8 {
                shown(&pull(), columns, rows);
            }
        }
    }

    #[test]
    fn those_at_work_come_before_those_that_wait() {
        let mut layers = pull();
        layers.extend((0..9).map(|number| layer(&format!("{number:012x}"), "Waiting", None)));
        check(
            &layers,
            80,
            7,
            &[
                "a3ed95caeb02: Downloading  [====>                            ]  12.3 MB/98.8 MB",
                "000000000005: Waiting",
                "000000000006: Waiting",
                "000000000007: Waiting",
                "000000000008: Waiting",
                "… and 9 more",
            ],
        );
    }

    #[test]
    fn wide_characters_take_two_columns() {
        let layers = [layer("像", "ダウンロード中", Some((1, 2))), layer("é", "ok", Some((2, 2)))];
        check(
            &layers,
            60,
            24,
            &[
                "像: ダウンロード中  [==============>             ]  1 B/2 B",
                "é: ok               [============================]  2 B/2 B",
            ],
        );
        check(&layers, 14, 24, &["像: ダウ… 50%", "é: ok 100%"]);
    }

    #[test]
    fn amounts_without_a_total_or_of_other_things() {
        let of = |current, total, unit: Option<&str>| {
            let amount = Amount { current, total, unit: unit.map(Into::into) };
            shown(&[Layer { id: "a".into(), status: "b".into(), amount: Some(amount) }], 40, 2)
        };
        assert_eq!(of(5_300, None, None), "a: b  5.30 kB");
        assert_eq!(of(5, Some(0), None), "a: b  5 B");
        assert_eq!(of(3, None, Some("s")), "a: b  3 s");
        assert_eq!(of(9, Some(3), None), "a: b  [==========================]  9 B");
    }

    #[test]
    fn sizes_have_three_digits() {
        let check = |bytes, expected: &str| assert_eq!(size(bytes), expected);
        check(0, "0 B");
        check(999, "999 B");
        check(1_000, "1.00 kB");
        check(9_994, "9.99 kB");
        check(9_996, "10.0 kB");
        check(99_960, "100 kB");
        check(999_499, "999 kB");
        check(999_500, "1.00 MB");
        check(u64::MAX, "18.4 EB");
    }
}
