//! Bars, one for each who did a task.

use std::path::Path;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::Outcome;
use crate::clients::{Contajners, Side};
use crate::report::Row;

const WIDTH: i32 = 760;
/// Where bars begin and the longest of them ends.
const LEFT: i32 = 290;
const RIGHT: i32 = 610;
const LINE: i32 = 18;
const HEAD: i32 = 44;

const INK: RGBColor = RGBColor(0x33, 0x33, 0x33);
const PALE: RGBColor = RGBColor(0x77, 0x77, 0x77);
const OURS: RGBColor = RGBColor(0x1f, 0x6f, 0xb4);
const THEIRS: RGBColor = RGBColor(0xb8, 0xc4, 0xce);

/// Draws how long everyone takes, as a multiple of what contajners takes.
///
/// # Errors
///
/// If the file cannot be written.
pub(crate) fn bars(file: &Path, title: &str, rows: &[&Row]) -> Outcome {
    let lines: i32 = rows.iter().map(|row| row.times.len() as i32).sum();
    let height = HEAD + lines * LINE + rows.len() as i32 * 10 + 10;
    let area = SVGBackend::new(file, (WIDTH as u32, height as u32)).into_drawing_area();
    area.fill(&WHITE)?;
    let style = |size: i32, colour: RGBColor, at: HPos| {
        ("sans-serif", size).into_font().color(&colour).pos(Pos::new(at, VPos::Center))
    };
    let text = |text: String, at: (i32, i32), style: TextStyle<'static>| {
        area.draw(&Text::new(text, at, style)).map_err(|error| error.to_string())
    };
    text(format!("{title}: time taken, contajners = 1"), (12, 20), style(16, INK, HPos::Left))?;
    let longest = rows.iter().flat_map(|row| ratios(row)).fold(1.0_f64, f64::max);
    let mut y = HEAD;
    for row in rows {
        text(row.task.to_owned(), (12, y + LINE / 2), style(13, INK, HPos::Left))?;
        for (times, ratio) in row.times.iter().zip(ratios(row)) {
            let middle = y + LINE / 2;
            let ours = times.name == Contajners::NAME;
            let (colour, ink) = if ours { (OURS, INK) } else { (THEIRS, PALE) };
            text(times.name.to_owned(), (LEFT - 8, middle), style(12, ink, HPos::Right))?;
            let end = LEFT + ((RIGHT - LEFT) as f64 * ratio / longest).round().max(1.0) as i32;
            area.draw(&Rectangle::new([(LEFT, y + 2), (end, y + LINE - 2)], colour.filled()))?;
            let shown = format!("{ratio:.2}  {}", row.unit.show(times.median()));
            text(shown, (end + 6, middle), style(12, ink, HPos::Left))?;
            y += LINE;
        }
        y += 10;
    }
    area.present()?;
    Ok(())
}

fn ratios(row: &Row) -> Vec<f64> {
    row.times.iter().map(|times| times.slower_than(&row.times[0])).collect()
}
