//! Units to partners: which sentences of a document may repeat one another.
//!
//! In: the units of a document, and which runs of [four](super::twice::GRAM) words stand in it twice.
//! Out: for each unit those longer ones that more than half of its words may stand in, in such runs.
//!
//! In a document of a million sentences each small phrase stands in thousands of them, and all
//! pairs of these would be quadratic. As in a join of sets (Chaudhuri, Ganti and Kaushik, 2006),
//! it suffices to follow the rarest runs of a unit: the others together are at most half of it, so
//! whatever has more than half of it has one of the rarest.

use std::ops::Range;

use super::twice::Twice;
use crate::text::Tokens;

/// A run that stands in more units than this is followed only from or to the first of them: a
/// document of thousands of like lines is a table, and all pairs of them would be quadratic.
const MOST_UNITS: usize = 1000;

/// From or to how many of the first units such a run is followed.
const FIRST_UNITS: usize = 8;

/// In which units each run that stands twice stands.
pub struct Standing<'a> {
    tokens: &'a Tokens,
    twice: &'a Twice,
    /// The tokens of each unit.
    ranges: Vec<Range<usize>>,
    /// The runs of all units, one unit after the other, each by its number and the token that it begins with.
    runs: Vec<(u32, u32)>,
    /// Where the runs of each unit begin, and the end.
    starts: Vec<usize>,
    /// The units that have each run, run after run, ascending.
    units: Vec<u32>,
    /// Where the units of each run begin, and the end.
    firsts: Vec<usize>,
}

/// What it takes to find the rarest runs of a unit, kept from unit to unit.
#[derive(Default)]
pub struct Rarest {
    /// The runs of the unit, each with how many units have it, the most common first.
    order: Vec<(usize, u32, u32)>,
    /// Whether each token of the unit stands in a run that is left out.
    left_out: Vec<bool>,
}

impl<'a> Standing<'a> {
    /// Of the tokens of the units, in order. Cost: a sort of their runs.
    pub fn new(tokens: &'a Tokens, twice: &'a Twice, ranges: Vec<Range<usize>>) -> Self {
        let (mut runs, mut starts) = (Vec::new(), vec![0]);
        // Each run with its unit and its place in `runs`.
        let mut places: Vec<(u32, u32, u32)> = Vec::new();
        for (unit, range) in (0..).zip(&ranges) {
            for (run, start) in twice.runs(tokens, range.clone()) {
                places.push((run, unit, runs.len() as u32));
                runs.push((run, start));
            }
            starts.push(runs.len());
        }
        places.sort_unstable();
        let (mut units, mut firsts) = (Vec::new(), vec![0]);
        for (number, same) in (0..).zip(places.chunk_by(|one, other| one.0 == other.0)) {
            for of_unit in same.chunk_by(|one, other| one.1 == other.1) {
                units.push(of_unit[0].1);
            }
            same.iter().for_each(|&(_, _, place)| runs[place as usize].0 = number);
            firsts.push(units.len());
        }
        Standing { tokens, twice, ranges, runs, starts, units, firsts }
    }

    /// The runs of a unit, in order, each with the token that it begins with.
    pub fn runs(&self, unit: usize) -> &[(u32, u32)] {
        &self.runs[self.starts[unit]..self.starts[unit + 1]]
    }

    /// The units that have a run.
    fn units(&self, run: u32) -> &[u32] {
        &self.units[self.firsts[run as usize]..self.firsts[run as usize + 1]]
    }

    fn half_words(&self, unit: usize) -> u32 {
        self.tokens.half_words(self.ranges[unit].clone())
    }

    /// Whether a unit is shorter than another; of two of one length the first is.
    fn is_shorter(&self, unit: usize, other: usize) -> bool {
        (self.ranges[unit].len(), unit) < (self.ranges[other].len(), other)
    }

    /// Replaces `partners` by the units longer than a unit that may have most of its words in common
    /// runs, ascending.
    pub fn partners(&self, unit: usize, rarest: &mut Rarest, partners: &mut Vec<usize>) {
        partners.clear();
        for &(count, run, _) in rarest.of(self, unit) {
            let units = self.units(run);
            let is_first = units.iter().take(FIRST_UNITS).any(|&first| first as usize == unit);
            let most = if count > MOST_UNITS && !is_first { FIRST_UNITS } else { count };
            let units = units.iter().take(most).map(|&other| other as usize);
            partners.extend(units.filter(|&other| self.is_shorter(unit, other)));
        }
        partners.sort_unstable();
        partners.dedup();
    }

    /// Whether more than half of a unit stands in runs that a longer one has too, and two of
    /// these begin with one word and the next.
    pub fn is_in_runs(&self, shorter: usize, longer: usize) -> bool {
        let (mut half_words, mut reached) = (0, 0);
        let (mut before, mut adjacent) = (None, false);
        for &(run, start) in self.runs(shorter) {
            if self.units(run).binary_search(&(longer as u32)).is_ok() {
                let end = self.twice.end(self.tokens, start as usize);
                half_words += self.tokens.half_words(reached.max(start as usize)..end);
                reached = end;
                adjacent |= before.is_some_and(|before| before + 1 == start);
                before = Some(start);
            }
        }
        adjacent && 2 * half_words > self.half_words(shorter)
    }
}

impl Rarest {
    /// The runs of a unit but those most common ones that together are at most half of it.
    fn of(&mut self, standing: &Standing<'_>, unit: usize) -> &[(usize, u32, u32)] {
        let runs = standing.runs(unit).iter();
        self.order.clear();
        self.order.extend(runs.map(|&(run, start)| (standing.units(run).len(), run, start)));
        self.order.sort_unstable_by(|one, other| other.cmp(one));
        let range = &standing.ranges[unit];
        self.left_out.clear();
        self.left_out.resize(range.len(), false);
        let mut half_words = 0;
        let is_needed = |&(_, _, start): &(usize, u32, u32)| {
            let start = start as usize;
            for token in start..standing.twice.end(standing.tokens, start) {
                if !std::mem::replace(&mut self.left_out[token - range.start], true) {
                    half_words += standing.tokens.half_words(token..token + 1);
                }
            }
            2 * half_words > standing.half_words(unit)
        };
        let first = self.order.iter().position(is_needed).unwrap_or(self.order.len());
        &self.order[first..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Tokenizer;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]
        #[test]
        fn whatever_has_most_of_a_unit_is_among_its_partners(
            text in "([a-e] |[a-b] c d |[日月火]){0,150}",
            lengths in prop::collection::vec(4usize..16, 40),
        ) {
            let tokens = Tokens::of(&text, &mut Tokenizer::new(0));
            let mut twice = Twice::default();
            twice.close(&tokens);
            let mut end = 0;
            let ranges = lengths.iter().map(|length| {
                let start = end;
                end = tokens.len().min(start + length);
                start..end
            });
            let ranges: Vec<Range<usize>> = ranges.filter(|range| !range.is_empty()).collect();
            let units = ranges.len();
            let standing = Standing::new(&tokens, &twice, ranges);
            let (mut rarest, mut partners) = (Rarest::default(), Vec::new());
            for unit in 0..units {
                standing.partners(unit, &mut rarest, &mut partners);
                let expected = |&other: &usize| {
                    other != unit && standing.is_shorter(unit, other) && standing.is_in_runs(unit, other)
                };
                for other in (0..units).filter(expected) {
                    prop_assert!(partners.contains(&other), "{} with {} in {:?}", unit, other, text);
                }
            }
        }
    }
}
