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
/// pays for that: so each comes after each other one equally often, from one round to the next, too.
///
/// # Errors
///
/// With the first error of a contender, and its name.
pub fn in_turn(mut contenders: Vec<Contender<'_>>, rounds: usize) -> Outcome<Vec<Times>> {
    let mut all: Vec<Times> = contenders
        .iter()
        .map(|contender| Times { name: contender.name, rounds: Vec::with_capacity(rounds) })
        .collect();
    let mut order = Order::new(contenders.len());
    for round in 0..=rounds {
        for at in order.next() {
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

/// The order of the rounds.
struct Order {
    all: Vec<Vec<usize>>,
    /// How often each came after each.
    after: Vec<Vec<u32>>,
    /// How often each was at each place.
    at: Vec<Vec<u32>>,
    last: Option<usize>,
}

impl Order {
    /// Of so few contenders that all their orders can be compared.
    fn new(count: usize) -> Self {
        let mut all = vec![Vec::new()];
        for _ in 0..count {
            let longer = all.iter().flat_map(|order: &Vec<usize>| {
                let left = (0..count).filter(|one| !order.contains(one));
                left.map(|one| [&order[..], &[one]].concat()).collect::<Vec<_>>()
            });
            all = longer.collect();
        }
        let none = vec![vec![0; count]; count];
        Self { all, after: none.clone(), at: none, last: None }
    }

    /// The order that leaves the least of a difference: nobody comes after itself, and then those come
    /// after each other that did so least, at the places where they were least.
    fn next(&mut self) -> Vec<usize> {
        let Self { all, after, at, last } = self;
        let cost = |order: &Vec<usize>| {
            let follows: u32 = pairs(*last, order).map(|(one, other)| after[one][other]).sum();
            let places: u32 = order.iter().enumerate().map(|(place, one)| at[place][*one]).sum();
            (last.is_some() && *last == order.first().copied(), follows, places)
        };
        let next = all.iter().min_by_key(|order| cost(order)).cloned().unwrap_or_default();
        pairs(*last, &next).for_each(|(one, other)| after[one][other] += 1);
        next.iter().enumerate().for_each(|(place, one)| at[place][*one] += 1);
        *last = next.last().copied();
        next
    }
}

/// Those that come after another one, beginning with the last of the round before.
fn pairs(last: Option<usize>, order: &[usize]) -> impl Iterator<Item = (usize, usize)> {
    let first = usize::from(last.is_none());
    last.into_iter().chain(order.iter().copied()).zip(order.iter().copied().skip(first))
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
            for rounds in [15, 51, 101] {
                let mut order = Order::new(count);
                let all: Vec<usize> = (0..rounds).flat_map(|_| order.next()).collect();
                for round in all.chunks(count) {
                    assert!((0..count).all(|one| round.contains(&one)), "{round:?}");
                }
                let mut after = vec![vec![0; count]; count];
                all.windows(2).for_each(|pair| after[pair[0]][pair[1]] += 1);
                let (mut least, mut most) = (usize::MAX, 0);
                for (one, row) in after.iter().enumerate() {
                    assert_eq!(row[one], 0, "{after:?}");
                    let others = row.iter().enumerate().filter(|(other, _)| *other != one);
                    for (_, times) in others {
                        (least, most) = (least.min(*times), most.max(*times));
                    }
                }
                assert!(most - least <= 1, "{count} in {rounds}: {after:?}");
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
