//! Two documents to the passages they share, from where their fingerprints meet.
//!
//! In: the tokens of two documents and their hits. Out: maximal [`Match`]es. Each hit is
//! extended word by word both ways; at a difference, the nearest place where both texts go
//! on together within [`WIDEST_GAP`] words bridges it, as long as what is gained on the far
//! side pays for the gap and the share of aligned words stays high enough. That takes in
//! words put in, left out and replaced, a word torn in two by a hyphen at the end of a line,
//! and a sentence put in between two that both texts have.

use std::cmp::Reverse;
use std::ops::Range;

use super::align::{Aligner, common_prefix, common_suffix};
use super::meet::Hit;
use super::{Match, PassageParams, Run};
use crate::text::Words;

/// Most words of either side between two stretches of one passage: those of a sentence.
const WIDEST_GAP: u32 = 24;

/// How many of the latest stretches a hit is looked for in; one missed is only extended twice.
const LATEST: usize = 64;

/// Fewest words in a row that show that both texts go on together after a gap.
const ANCHOR: u32 = 3;

/// Follows hits; the buffers are kept from pair to pair.
#[derive(Clone, Debug, Default)]
pub struct Follower {
    pub(super) aligner: Aligner,
    stretches: Vec<Stretch>,
    found: Vec<Match>,
    gaps: Gaps,
}

/// Gaps that may be bridged: how many tokens of either side.
type Gaps = Vec<(usize, usize)>;

impl Follower {
    /// Adds the passages that two documents share, from their hits (ascending), to `matches`.
    /// Cost: linear in the passages; each hit that lies in a passage found before is free.
    pub fn follow(
        &mut self,
        hits: &[Hit],
        words_a: Words<'_>,
        words_b: Words<'_>,
        params: &PassageParams,
        matches: &mut Vec<Match>,
    ) {
        let Follower { aligner, stretches, found, gaps } = self;
        stretches.clear();
        found.clear();
        let sides = Sides { a: words_a, b: words_b, min_similarity: params.min_similarity };
        let mut latest_run = Stretch { a: 0..0, b: 0..0, equal: 0 };
        for hit in hits {
            let (at_a, at_b) = (hit.at_a as usize, hit.at_b as usize);
            // Most hits lie in the run of the hit before them.
            let same_run = latest_run.a.contains(&at_a)
                && latest_run.b.start + (at_a - latest_run.a.start) == at_b;
            if same_run {
                continue;
            }
            let latest = || stretches.iter().rev().take(LATEST);
            if latest().any(|stretch| sides.stays_inside(stretch, (at_a, at_b))) {
                continue;
            }
            let run = sides.equal_stretch(at_a, at_b);
            latest_run = run.clone();
            // A run that stands in both sides of a stretch is told by it, on whichever diagonal.
            if latest().any(|stretch| stretch.holds(&run)) {
                continue;
            }
            let stretch = sides.extend(run, gaps);
            let long = words_a.has_words(stretch.a.clone(), params.min_words_across)
                && words_b.has_words(stretch.b.clone(), params.min_words_across);
            if long {
                let aligned = stretch.aligned(&sides, aligner);
                found.push(Match {
                    a: Run::new(hit.a, stretch.a.clone()),
                    b: Run::new(hit.b, stretch.b.clone()),
                    aligned: aligned as u32,
                });
            }
            stretches.push(stretch);
        }
        take_outer(found, matches);
    }
}

/// Moves to `outer` the matches that have not both sides in the sides of another.
fn take_outer(found: &mut Vec<Match>, outer: &mut Vec<Match>) {
    found.sort_unstable_by_key(|one| (one.a.start, Reverse(one.a.end), one.b.start));
    // Those that may hold a later one: what ended before it does not.
    let mut open: Vec<usize> = Vec::new();
    for one in found.drain(..) {
        let inside = |run: &Run, other: &Run| other.start <= run.start && run.end <= other.end;
        open.retain(|&other| outer[other].a.end > one.a.start);
        let holds = |other: &Match| inside(&one.a, &other.a) && inside(&one.b, &other.b);
        if !open.iter().any(|&other| holds(&outer[other])) {
            open.push(outer.len());
            outer.push(one);
        }
    }
}

/// A stretch that both documents share, with the gaps bridged.
#[derive(Clone, Debug)]
struct Stretch {
    a: Range<usize>,
    b: Range<usize>,
    /// Tokens that are equal one by one, gaps not counted.
    equal: usize,
}

impl Stretch {
    fn holds(&self, other: &Stretch) -> bool {
        let inside = |one: &Range<usize>, other: &Range<usize>| {
            one.start <= other.start && other.end <= one.end
        };
        inside(&self.a, &other.a) && inside(&self.b, &other.b)
    }

    /// How many words align. Past some ten thousand words only those outside of gaps are counted.
    fn aligned(&self, sides: &Sides<'_>, aligner: &mut Aligner) -> usize {
        if self.a.len().max(self.b.len()) > 20_000 {
            return self.equal;
        }
        let (a, b) = (&sides.a.hashes()[self.a.clone()], &sides.b.hashes()[self.b.clone()]);
        aligner.aligned_at_least(a, b, self.equal)
    }

    fn similarity(&self) -> f64 {
        self.equal as f64 / self.a.len().min(self.b.len()) as f64
    }
}

/// The two texts and how alike they must stay.
struct Sides<'a> {
    a: Words<'a>,
    b: Words<'a>,
    min_similarity: f64,
}

/// Which way to go from a place.
#[derive(Clone, Copy)]
enum Way {
    Forth,
    Back,
}

impl Sides<'_> {
    /// Whether the run around two places of a stretch must end in it, for where it would leave the stretch
    /// the texts differ. Of a phrase said a thousand times, each run would else be walked to its end.
    fn stays_inside(&self, stretch: &Stretch, (a, b): (usize, usize)) -> bool {
        if !(stretch.a.contains(&a) && stretch.b.contains(&b)) {
            return false;
        }
        let (hashes_a, hashes_b) = (self.a.hashes(), self.b.hashes());
        let forth = (stretch.a.end - a).min(stretch.b.end - b);
        let back = (a - stretch.a.start).min(b - stretch.b.start) + 1;
        let after = hashes_a.get(a + forth).zip(hashes_b.get(b + forth));
        let before = a.checked_sub(back).zip(b.checked_sub(back));
        after.is_none_or(|(a, b)| a != b) && before.is_none_or(|(a, b)| hashes_a[a] != hashes_b[b])
    }

    /// The run of equal tokens around two equal ones.
    fn equal_stretch(&self, at_a: usize, at_b: usize) -> Stretch {
        let mut stretch = Stretch { a: at_a..at_a, b: at_b..at_b, equal: 0 };
        for way in [Way::Forth, Way::Back] {
            let run = self.equal_run(stretch.edge(way), way);
            stretch.grow(way, (0, 0), run);
        }
        stretch
    }

    /// The longest stretch around a run of equal tokens.
    fn extend(&self, mut stretch: Stretch, gaps: &mut Gaps) -> Stretch {
        // An edit on one side may be paid for by what was gained on the other, so both are tried again.
        loop {
            let before = stretch.equal;
            for way in [Way::Forth, Way::Back] {
                while let Some(longer) = self.bridge(&stretch, way, gaps) {
                    stretch = longer;
                }
            }
            if stretch.equal == before {
                return stretch;
            }
        }
    }

    /// How many tokens are equal from two places on.
    fn equal_run(&self, (a, b): (usize, usize), way: Way) -> usize {
        let (hashes_a, hashes_b) = (self.a.hashes(), self.b.hashes());
        match way {
            Way::Forth => common_prefix(&hashes_a[a..], &hashes_b[b..]),
            Way::Back => common_suffix(&hashes_a[..a], &hashes_b[..b]),
        }
    }

    /// The stretch with the nearest gap bridged, if there is one that pays.
    fn bridge(&self, stretch: &Stretch, way: Way, gaps: &mut Gaps) -> Option<Stretch> {
        let edge = stretch.edge(way);
        // No wider than what stands on this side: a few words reach no further for others.
        let widest = stretch.equal.min(WIDEST_GAP as usize);
        let a = Beyond::of(self.a, edge.0, widest, way);
        let b = Beyond::of(self.b, edge.1, widest, way);
        let over = |gap| self.bridge_over(stretch, edge, gap, way);
        // Another word for a word is the commonest edit, and comes first in the order below.
        let one_word = a.two(1).is_some_and(|two| b.two(1) == Some(two));
        if let Some(longer) = one_word.then(|| over((1, 1))).flatten() {
            return Some(longer);
        }
        a.gaps(&b, gaps);
        // The narrowest first; gaps of one length on both sides are the commonest edits.
        gaps.sort_unstable_by_key(|&(a, b)| (a.max(b), Reverse(a.min(b)), b));
        gaps.iter().copied().find_map(over)
    }

    /// The stretch with this gap bridged, if the far side goes on and pays for it.
    fn bridge_over(
        &self,
        stretch: &Stretch,
        edge: (usize, usize),
        gap: (usize, usize),
        way: Way,
    ) -> Option<Stretch> {
        let far = match way {
            Way::Forth => (edge.0 + gap.0, edge.1 + gap.1),
            Way::Back => (edge.0 - gap.0, edge.1 - gap.1),
        };
        let run = self.equal_run(far, way);
        let anchor = match way {
            Way::Forth => far.0..far.0 + run,
            Way::Back => far.0 - run..far.0,
        };
        if !self.a.has_words(anchor, ANCHOR) || 2 * run < gap.0.max(gap.1) {
            return None;
        }
        let mut longer = stretch.clone();
        longer.grow(way, gap, run);
        (longer.similarity() >= self.min_similarity).then_some(longer)
    }
}

/// How many tokens a gap of up to so many words can have from a place on.
fn reach(words: Words<'_>, at: usize, widest: usize, way: Way) -> usize {
    let left = match way {
        Way::Forth => words.len() - at,
        Way::Back => at,
    };
    let half_words = |count: usize| match way {
        Way::Forth => words.half_words(at..at + count),
        Way::Back => words.half_words(at - count..at),
    };
    let whole = left.min(widest);
    if half_words(whole) == 2 * whole as u32 {
        return whole;
    }
    let most = left.min(2 * widest);
    (whole..=most).take_while(|&count| half_words(count) <= 2 * widest as u32).last().unwrap_or(0)
}

/// Most tokens that stand beyond an edge: a gap of characters, and two behind it.
const MOST_BEYOND: usize = 2 * WIDEST_GAP as usize + 2;

/// Slots for the places of two tokens in a row: several for each, so that few share one.
const SLOTS: usize = 128;

/// The tokens beyond an edge: as many as a gap can have, and two more.
struct Beyond<'a> {
    hashes: &'a [u64],
    way: Way,
}

impl<'a> Beyond<'a> {
    fn of(words: Words<'a>, edge: usize, widest: usize, way: Way) -> Self {
        let count = reach(words, edge, widest, way) + 2;
        let hashes = match way {
            Way::Forth => &words.hashes()[edge..words.len().min(edge + count)],
            Way::Back => &words.hashes()[edge.saturating_sub(count)..edge],
        };
        Beyond { hashes, way }
    }

    /// Where the two tokens stand that are behind a gap, or the gap before two tokens.
    fn across(&self, place: usize) -> Option<usize> {
        let last = self.hashes.len().checked_sub(2)?;
        match self.way {
            Way::Forth => (place <= last).then_some(place),
            Way::Back => last.checked_sub(place),
        }
    }

    /// The two tokens in a row behind a gap, as they stand in the text.
    fn two(&self, gap: usize) -> Option<&[u64]> {
        let place = self.across(gap)?;
        self.hashes.get(place..place + 2)
    }

    /// Puts into `gaps` those of both sides behind which two tokens in a row are equal. Nearly all that is tried
    /// leads nowhere, so the tokens of the other side are put into slots, not gone through each time.
    fn gaps(&self, other: &Beyond<'_>, gaps: &mut Gaps) {
        let slot = |two: &[u64]| {
            let hash = two[0].wrapping_add(two[1].rotate_left(32));
            (hash >> 7) as usize % SLOTS
        };
        // The last place that fell into each slot, and before each place the one before it; from 1.
        let mut last = [0u8; SLOTS];
        let mut before = [0u8; MOST_BEYOND];
        for (place, two) in other.hashes.windows(2).enumerate() {
            before[place] = std::mem::replace(&mut last[slot(two)], place as u8 + 1);
        }
        gaps.clear();
        for (place, two) in self.hashes.windows(2).enumerate() {
            let mut next = last[slot(two)];
            while let Some(there) = usize::from(next).checked_sub(1) {
                if other.hashes[there..there + 2] == *two {
                    gaps.extend(self.across(place).zip(other.across(there)));
                }
                next = before[there];
            }
        }
    }
}

impl Stretch {
    /// The places just outside of it.
    fn edge(&self, way: Way) -> (usize, usize) {
        match way {
            Way::Forth => (self.a.end, self.b.end),
            Way::Back => (self.a.start, self.b.start),
        }
    }

    fn grow(&mut self, way: Way, (gap_a, gap_b): (usize, usize), run: usize) {
        self.equal += run;
        match way {
            Way::Forth => {
                self.a.end += gap_a + run;
                self.b.end += gap_b + run;
            }
            Way::Back => {
                self.a.start -= gap_a + run;
                self.b.start -= gap_b + run;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extend(a: &[u64], b: &[u64], at: (usize, usize)) -> (Range<usize>, Range<usize>, usize) {
        let sides = Sides { a: Words::new(a, &[]), b: Words::new(b, &[]), min_similarity: 0.75 };
        let stretch = sides.extend(sides.equal_stretch(at.0, at.1), &mut Gaps::new());
        (stretch.a, stretch.b, stretch.equal)
    }

    #[test]
    fn edits_are_bridged_and_ends_are_equal_words() {
        let base: Vec<u64> = (100..140).collect();
        let mut edited = base.clone();
        edited[20] = 1; // substituted
        edited.remove(10); // dropped
        edited.insert(30, 2); // inserted
        let a = [&[7, 8][..], &base, &[9, 9, 9]].concat();
        let b = [&[3][..], &edited, &[4, 4]].concat();
        assert_eq!(extend(&a, &b, (3, 2)), (2..42, 1..41, 38));
    }

    #[test]
    fn a_gap_that_nothing_pays_for_is_left() {
        let shared: Vec<u64> = (100..112).collect();
        let a = [&shared[..], &[1, 2, 3, 4, 5, 6, 7, 8, 50, 51, 52]].concat();
        let b = [&shared[..], &[11, 12, 13, 14, 15, 16, 17, 18, 50, 51, 52]].concat();
        assert_eq!(extend(&a, &b, (0, 0)), (0..12, 0..12, 12));
    }
}
