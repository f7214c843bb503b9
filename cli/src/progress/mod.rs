//! Pulls, pushes, builds and loads: the messages that engines send meanwhile, for people.
//!
//! Each message names a layer (`id`, `status`, `progressDetail`), or carries text (`stream`,
//! `status`), a result (`aux`, `images`) or what BuildKit has to say ([`buildkit`]). Layers have a line
//! each, drawn again and again on standard error when that is a terminal; text goes to standard output
//! as it comes, above them while there is work. Where standard output is no terminal, a layer is a line
//! each time that its status changes.
//!
//! Nothing that an engine says reaches the terminal as it is: see [`clean`].

mod buildkit;
pub(crate) mod layer;

use std::io::Write as _;
use std::time::Instant;

use serde_json::Value;
use unicode_width::UnicodeWidthChar as _;

use crate::failure::Failure;
use crate::output::Output;
use crate::progress::buildkit::{Steps, TRACE};
use crate::progress::layer::{Amount, Layer, all, fitted};
use crate::render::is_unsafe;
use crate::screen::{self, PERIOD, Size};

/// The most of an id or a status that is kept.
const LONGEST: usize = 200;
/// The most of a line that is told once: the step of a build may be a long command.
const LONGEST_LINE: usize = 10_000;
/// The most layers, and the most results, that are kept; images have no more than 127 layers.
const MOST: usize = 1000;

/// What a message is to people.
#[derive(Debug, PartialEq, Eq)]
enum Message {
    /// A layer, and whether its status is a new one.
    Layer { at: usize, is_news: bool },
    /// Text, perhaps a part of a line.
    Text(String),
    /// Names of what came of it, for the end.
    Results(Vec<String>),
    /// Nothing worth showing.
    Nothing,
    /// None that is known.
    Unknown,
}

/// The layers so far, in the order in which they appeared, and the steps of a build.
#[derive(Debug, Default)]
struct Layers(Vec<Layer>, Steps);

impl Layers {
    fn take(&mut self, message: &Value) -> Message {
        let text = |name: &str| message.get(name).and_then(Value::as_str);
        if let (Some(TRACE), Some(aux)) = (text("id"), text("aux")) {
            let lines = self.1.lines(aux);
            return if lines.is_empty() { Message::Nothing } else { Message::Text(lines) };
        }
        if let Some(text) = text("stream") {
            return Message::Text(clean_text(text));
        }
        let status = text("status");
        if let Some(id) = text("id").filter(|id| !id.is_empty())
            && let Some(status) = status
        {
            // An import by Podman 4.3.
            if id == status.trim_end() {
                return Message::Results(vec![clean(id)]);
            }
            return self.update(&clean(id), &clean(status), message.get("progressDetail"));
        }
        if let Some(status) = status {
            return Message::Text(clean_to(status, LONGEST_LINE) + "\n");
        }
        if let Some(images) = message.get("images").and_then(Value::as_array) {
            return Message::Results(images.iter().filter_map(Value::as_str).map(clean).collect());
        }
        match message.get("aux") {
            // A push says the same in a status.
            Some(aux) => match aux.get("ID").and_then(Value::as_str) {
                Some(id) => Message::Results(vec![clean(id)]),
                None => Message::Nothing,
            },
            None if message.get("progressDetail").is_some() => Message::Nothing,
            None => Message::Unknown,
        }
    }

    fn update(&mut self, id: &str, status: &str, detail: Option<&Value>) -> Message {
        let at = match self.0.iter().position(|layer| layer.id == id) {
            Some(at) => at,
            None if self.0.len() == MOST => return Message::Text(format!("{id}: {status}\n")),
            None => {
                self.0.push(Layer { id: id.into(), status: String::new(), amount: None });
                self.0.len() - 1
            }
        };
        let layer = &mut self.0[at];
        layer.amount = amount(detail);
        let is_news = !status.trim().is_empty() && layer.status != status;
        if is_news {
            layer.status = status.into();
        }
        Message::Layer { at, is_news }
    }
}

/// What `progressDetail` says; it is empty for what does not go on.
fn amount(detail: Option<&Value>) -> Option<Amount> {
    let number = |name: &str| detail?.get(name)?.as_u64();
    let unit = detail?.get("units").and_then(Value::as_str).filter(|unit| !unit.is_empty());
    Some(Amount { current: number("current")?, total: number("total"), unit: unit.map(clean) })
}

/// Makes a line of what an engine says: control characters are escaped and those without a width
/// left out, which could change how the rest of the line looks.
fn clean(text: &str) -> String {
    clean_to(text, LONGEST)
}

/// The same of up to so many characters; a sign tells that there were more.
fn clean_to(text: &str, longest: usize) -> String {
    let mut out = String::new();
    let mut rest = text.trim_end().chars();
    for c in rest.by_ref().take(longest) {
        match c {
            '\t' | '\n' => out.push(' '),
            c if c.is_control() => out.extend(c.escape_default()),
            c if c.width() == Some(0) => {}
            c => out.push(c),
        }
    }
    if rest.next().is_some() {
        out.push('…');
    }
    out
}

/// Makes lines of what a build says: colours are taken out and other control characters escaped;
/// a program that goes back to the beginning of its line gets a new one.
fn clean_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(length) = colour(rest) {
            rest = &rest[length..];
            continue;
        }
        rest = &rest[c.len_utf8()..];
        match c {
            '\r' if rest.starts_with('\n') => {}
            '\r' => out.push('\n'),
            '\n' | '\t' => out.push(c),
            c if is_unsafe(c) => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
    out
}

/// The length of the sequence for a colour that a text begins with.
fn colour(text: &str) -> Option<usize> {
    let parameters = text.strip_prefix("\x1b[")?;
    let end = parameters.find(|c: char| !c.is_ascii_digit() && c != ';')?;
    parameters[end..].starts_with('m').then_some("\x1b[".len() + end + 1)
}

/// What goes to standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lines {
    /// Text, and a line for each change of a layer.
    All,
    /// Text; the layers are drawn right below it.
    Text,
    /// Nothing: documents are written there.
    Nothing,
}

/// Shows messages as they come. What is drawn stays when it is dropped.
#[derive(Debug)]
pub(crate) struct Display {
    layers: Layers,
    lines: Lines,
    is_drawn: bool,
    /// When it was drawn last.
    drawn: Option<Instant>,
    /// Whether there is something new to draw.
    is_stale: bool,
    /// Whether the text so far ends in the middle of a line.
    in_line: bool,
    results: Vec<String>,
}

impl Display {
    /// Shows lines, and draws layers where there is a terminal for them.
    pub(crate) fn new(lines: Lines, is_drawn: bool) -> Self {
        Self {
            layers: Layers::default(),
            lines,
            is_drawn,
            drawn: None,
            is_stale: false,
            in_line: false,
            results: Vec::new(),
        }
    }

    /// Takes a message; `false` when it is none that is known.
    pub(crate) fn take(&mut self, message: &Value, output: &mut Output) -> Result<bool, Failure> {
        match self.layers.take(message) {
            Message::Unknown => return Ok(false),
            Message::Nothing => {}
            Message::Layer { at, is_news } => {
                self.is_stale = true;
                if is_news && self.lines == Lines::All {
                    let Layer { id, status, .. } = &self.layers.0[at];
                    self.text(&format!("{id}: {status}\n"), output)?;
                }
            }
            Message::Text(text) => self.text(&text, output)?,
            Message::Results(results) => {
                for result in results {
                    if !self.results.contains(&result) && self.results.len() < MOST {
                        self.results.push(result);
                    }
                }
            }
        }
        Ok(true)
    }

    fn text(&mut self, text: &str, output: &mut Output) -> Result<(), Failure> {
        if self.lines == Lines::Nothing || text.is_empty() {
            return Ok(());
        }
        // In the middle of a line nothing is drawn.
        if self.lines == Lines::Text && !self.layers.0.is_empty() && !self.in_line {
            if !self.layers.0.iter().any(Layer::is_at_work) {
                // Nothing is at work: the text is about what came after.
                output.flush()?;
                self.settle();
            } else {
                screen::erase();
                self.is_stale = true;
            }
        }
        output.write_all(text.as_bytes())?;
        self.in_line = !text.ends_with('\n');
        Ok(())
    }

    /// Returns when to draw, if nothing comes before.
    pub(crate) fn due(&self) -> Option<Instant> {
        if !self.is_stale || !self.has_room() {
            return None;
        }
        Some(self.drawn.map_or_else(Instant::now, |drawn| drawn + PERIOD))
    }

    /// Tells whether layers can be drawn: not below the middle of a line.
    fn has_room(&self) -> bool {
        self.is_drawn && !(self.in_line && self.lines == Lines::Text)
    }

    /// Draws, when it is time.
    pub(crate) fn draw_if_due(&mut self) {
        if self.due().is_some_and(|due| due <= Instant::now()) {
            screen::draw(&fitted(&self.layers.0, Size::now()));
            self.drawn = Some(Instant::now());
            self.is_stale = false;
        }
    }

    /// Ends the line that text is in the middle of, for what comes below.
    pub(crate) fn end_line(&mut self, output: &mut Output) -> Result<(), Failure> {
        if self.in_line {
            self.text("\n", output)?;
        }
        // Layers are drawn below all that was said.
        Ok(output.flush()?)
    }

    /// Writes what is for the end.
    pub(crate) fn finish(mut self, output: &mut Output) -> Result<(), Failure> {
        self.end_line(output)?;
        self.settle();
        for result in std::mem::take(&mut self.results) {
            self.text(&format!("{result}\n"), output)?;
        }
        Ok(())
    }

    /// Draws all layers a last time, and lets them stand.
    fn settle(&mut self) {
        if self.has_room() && !self.layers.0.is_empty() {
            screen::draw(&all(&self.layers.0, Size::now().columns));
            screen::keep();
        }
        self.layers.0.clear();
        self.is_stale = false;
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        self.settle();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(text: &str) -> Message {
        Message::Text(text.into())
    }

    fn results(names: &[&str]) -> Message {
        Message::Results(names.iter().map(|&name| name.into()).collect())
    }

    #[test]
    fn layers_are_kept_in_order_and_news_told_once() {
        let mut layers = Layers::default();
        let mut take = |message: Value| layers.take(&message);
        let layer = |at, is_news| Message::Layer { at, is_news };
        let a = |status: &str, detail: Value| json!({ "id": "a", "status": status, "progressDetail": detail, "progress": "[=> ]" });
        assert_eq!(take(a("Waiting", json!({}))), layer(0, true));
        assert_eq!(take(json!({ "id": "b", "status": "Already exists" })), layer(1, true));
        assert_eq!(take(a("Downloading", json!({ "current": 1, "total": 4 }))), layer(0, true));
        assert_eq!(take(a("Downloading", json!({ "current": 2, "total": 4 }))), layer(0, false));
        // Says nothing new.
        assert_eq!(take(a(" ", json!({}))), layer(0, false));
        assert_eq!(take(a("Extracting", json!({ "current": 3, "units": "s" }))), layer(0, true));
        let amount = Amount { current: 3, total: None, unit: Some("s".into()) };
        let expected = [
            Layer { id: "a".into(), status: "Extracting".into(), amount: Some(amount) },
            Layer { id: "b".into(), status: "Already exists".into(), amount: None },
        ];
        assert_eq!(layers.0, expected);
    }

    #[test]
    fn memory_has_a_bound() {
        let mut layers = Layers::default();
        for id in 0..MOST {
            layers.take(&json!({ "id": id.to_string(), "status": "Waiting" }));
        }
        assert_eq!(layers.take(&json!({ "id": "a", "status": "b" })), text("a: b\n"));
        assert_eq!(layers.0.len(), MOST);
    }

    #[test]
    fn messages_of_every_kind() {
        let check = |message: Value, expected: Message| {
            assert_eq!(Layers::default().take(&message), expected, "{message}");
        };
        check(json!({ "stream": "Step 1/2 : FROM x" }), text("Step 1/2 : FROM x"));
        check(json!({ "stream": "\n" }), text("\n"));
        check(json!({ "status": "Status: Downloaded" }), text("Status: Downloaded\n"));
        check(json!({ "aux": { "ID": "sha256:1" } }), results(&["sha256:1"]));
        check(
            json!({ "id": "moby.image.id", "aux": { "ID": "sha256:1" } }),
            results(&["sha256:1"]),
        );
        check(json!({ "id": "moby.buildkit.trace", "aux": "Cg==" }), Message::Nothing);
        check(json!({ "progressDetail": {}, "aux": { "Tag": "a", "Size": 1 } }), Message::Nothing);
        let imported = json!({ "status": "sha256:1", "progressDetail": {}, "id": "sha256:1" });
        check(imported, results(&["sha256:1"]));
        check(json!({ "images": ["1", "2"], "id": "2" }), results(&["1", "2"]));
        check(json!({ "status": null, "id": null, "images": null }), Message::Unknown);
        check(json!({ "Type": "container", "Action": "start" }), Message::Unknown);
        check(json!("text"), Message::Unknown);
        check(json!(null), Message::Unknown);
    }

    #[test]
    fn no_word_of_an_engine_moves_the_cursor() {
        for text in ["\x1b[2J", "\r", "\u{9b}1A", "\x08", "\x07", "\x1b]0;title\x07", "\x7f"] {
            let mut layers = Layers::default();
            layers.take(&json!({ "id": text, "status": text, "progressDetail":
                { "current": 1, "units": text } }));
            let lines = all(&layers.0, 80).concat();
            let messages = [json!({ "stream": text }), json!({ "status": text })];
            let texts = messages.iter().map(|message| match layers.take(message) {
                Message::Text(text) => text,
                other => panic!("{other:?}"),
            });
            let all = lines + &texts.collect::<String>();
            assert!(!all.contains(|c: char| is_unsafe(c) && c != '\n'), "{all:?}");
        }
        assert_eq!(clean("a\u{202e}b\u{200d}c\nd\te "), "abc d e");
        assert_eq!(clean(&"x".repeat(5000)), "x".repeat(LONGEST) + "…");
        assert_eq!(clean(&"x".repeat(LONGEST)), "x".repeat(LONGEST));
    }

    #[test]
    fn colours_of_a_build_are_taken_out() {
        let check = |text: &str, expected: &str| assert_eq!(clean_text(text), expected);
        check("\x1b[1;31mred\x1b[0m\x1b[m\r\n", "red\n");
        check("50%\r100%\r\n", "50%\n100%\n");
        check("\x1b[2K\x1b[31", "\\u{1b}[2K\\u{1b}[31");
        check("a\tb é像\n", "a\tb é像\n");
    }
}
