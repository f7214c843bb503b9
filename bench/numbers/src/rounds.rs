//! Measuring contenders in turn.

use std::time::Duration;

use crate::Outcome;

/// Someone who does the same work as the others.
pub struct Contender<'a> {
    pub name: &'static str,
    /// Does one round and says how long it took.
    pub round: Box<dyn FnMut() -> Outcome<Duration> + 'a>,
}

impl<'a> Contender<'a> {
    pub fn new(name: &'static str, round: impl FnMut() -> Outcome<Duration> + 'a) -> Self {
        Self { name, round: Box::new(round) }
    }
}

/// The times of all rounds of one contender.
pub struct Times {
    pub name: &'static str,
    pub rounds: Vec<Duration>,
}

impl Times {
    pub fn median(&self) -> f64 {
        median(self.rounds.iter().map(Duration::as_secs_f64).collect())
    }

    /// How many times faster the first one is: the median of the ratios of each round.
    pub fn slower_than(&self, first: &Self) -> f64 {
        let pairs = self.rounds.iter().zip(&first.rounds);
        median(pairs.map(|(mine, its)| mine.as_secs_f64() / its.as_secs_f64()).collect())
    }
}

/// Lets each contender do its rounds; a round before does not count.
///
/// Who comes after a contender that leaves the engine with much to clean up, or lets it fall asleep,
/// pays for that: so each comes after each other one equally often.
///
/// # Errors
///
/// With the first error of a contender, and its name.
pub fn in_turn(mut contenders: Vec<Contender<'_>>, rounds: usize) -> Outcome<Vec<Times>> {
    let mut all: Vec<Times> = contenders
        .iter()
        .map(|contender| Times { name: contender.name, rounds: Vec::with_capacity(rounds) })
        .collect();
    let count = contenders.len();
    for round in 0..=rounds {
        for step in 0..count {
            let at = turn(count, round, step);
            let contender = &mut contenders[at];
            let time =
                (contender.round)().map_err(|error| format!("{}: {error}", contender.name))?;
            if round > 0 {
                all[at].rounds.push(time);
            }
        }
    }
    Ok(all)
}

/// Who is next: a Latin square that is balanced for what the one before leaves behind (by Williams).
fn turn(count: usize, round: usize, step: usize) -> usize {
    // With an odd number of contenders every other square goes the other way.
    let is_turned = count % 2 == 1 && (round / count) % 2 == 1;
    let step = if is_turned { count - 1 - step } else { step };
    // 0, 1, n - 1, 2, n - 2 …
    let first = if step % 2 == 1 { step.div_ceil(2) } else { count - step / 2 };
    (first + round) % count
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyone_has_the_same_rounds_and_ratios_are_of_one_round() {
        let mut tick = 0;
        let mut order = Vec::new();
        let first = Contender::new("first", || Ok(Duration::from_millis(2)));
        let second = Contender::new("second", || {
            tick += 1;
            order.push(tick);
            Ok(Duration::from_millis(4))
        });
        let times = in_turn(vec![first, second], 5).unwrap();
        assert_eq!(times[0].rounds.len(), 5);
        assert_eq!(times[1].rounds.len(), 5);
        assert!((times[1].slower_than(&times[0]) - 2.0).abs() < 1e-9);
        assert!((times[0].slower_than(&times[1]) - 0.5).abs() < 1e-9);
        assert_eq!(order, [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn each_comes_after_each_other_one_equally_often() {
        for count in 2..6 {
            let mut after = vec![vec![0; count]; count];
            for round in 0..2 * count {
                let turns: Vec<usize> = (0..count).map(|step| turn(count, round, step)).collect();
                assert_eq!((0..count).filter(|at| turns.contains(at)).count(), count);
                turns.windows(2).for_each(|pair| after[pair[0]][pair[1]] += 1);
            }
            for (at, row) in after.iter().enumerate() {
                let others = row.iter().enumerate().filter(|(other, _)| *other != at);
                assert!(others.clone().all(|(_, times)| *times == 2), "{count}: {after:?}");
            }
        }
    }

    #[test]
    fn who_fails_is_named() {
        let failing = Contender::new("curl", || Err("no answer".into()));
        let error = in_turn(vec![failing], 3).err().unwrap();
        assert_eq!(error.to_string(), "curl: no answer");
    }
}
