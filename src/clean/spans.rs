//! Spans that cuts leave and meet.
//!
//! In: spans of a text. Out: which of them [overlap](Overlaps) another, and where a span of the
//! text that is left stands in the [original](Left). Both by bisection: a text may have a hundred
//! thousand cuts.

use crate::document::Span;

/// Spans with something that belongs to each, to be asked which overlap another span.
#[derive(Debug)]
pub struct Overlaps<T> {
    /// Ascending.
    spans: Vec<(Span, T)>,
    /// How far the spans up to each reach.
    reach: Vec<u32>,
}

impl<T: Ord + Copy> Overlaps<T> {
    /// Of spans in any order; they may overlap one another.
    pub fn new(mut spans: Vec<(Span, T)>) -> Self {
        spans.sort_unstable();
        let mut furthest = 0;
        let reach = spans.iter().map(|(span, _)| {
            furthest = furthest.max(span.end);
            furthest
        });
        Overlaps { reach: reach.collect(), spans }
    }

    /// What belongs to the spans that have a byte in common with this one, the last first. Cost: a
    /// bisection, and a step for each and for those that lie beneath longer ones.
    pub fn of(&self, other: Span) -> impl Iterator<Item = T> {
        let end = self.spans.partition_point(|(span, _)| span.start < other.end);
        (0..end)
            .rev()
            .take_while(move |&at| self.reach[at] > other.start)
            .map(|at| self.spans[at])
            .filter(move |(span, _)| span.end > other.start)
            .map(|(_, owner)| owner)
    }
}

/// What is left of a text.
#[derive(Debug)]
pub struct Left {
    /// Ascending and disjoint.
    gone: Vec<Span>,
    /// Where each of them stood, in what is left.
    places: Vec<u32>,
}

impl Left {
    /// All but what is `gone`, ascending and disjoint.
    pub fn without(gone: Vec<Span>) -> Self {
        let mut removed = 0;
        let places = gone.iter().map(|span| {
            let place = span.start - removed;
            removed += span.end - span.start;
            place
        });
        Left { places: places.collect(), gone }
    }

    /// Where a span of what is left stands in the original: in pieces, where something that is gone stood
    /// between.
    pub fn in_original(&self, span: Span) -> Vec<Span> {
        let mut pieces = Vec::new();
        let first = self.places.partition_point(|&place| place <= span.start);
        let mut from = span.start;
        for next in first..=self.gone.len() {
            let to = self.places.get(next).map_or(span.end, |&place| span.end.min(place));
            // What was gone before is the difference between the two ways of counting.
            let removed = match next.checked_sub(1) {
                Some(before) => self.gone[before].end - self.places[before],
                None => 0,
            };
            if from < to {
                pieces.push(Span { start: from + removed, end: to + removed });
            }
            if to == span.end {
                break;
            }
            from = to;
        }
        pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn span((start, length): (usize, usize)) -> Span {
        Span::new(start, start + length)
    }

    proptest! {
        #[test]
        fn what_overlaps_is_found(
            spans in prop::collection::vec((0usize..40, 1usize..20), 0..12),
            other in (0usize..50, 1usize..20),
        ) {
            let spans: Vec<Span> = spans.into_iter().map(span).collect();
            let other = span(other);
            let overlaps = Overlaps::new(spans.iter().copied().zip(0..).collect());
            let mut found: Vec<usize> = overlaps.of(other).collect();
            found.sort_unstable();
            let meets = |&at: &usize| spans[at].start < other.end && other.start < spans[at].end;
            prop_assert_eq!(found, (0..spans.len()).filter(meets).collect::<Vec<_>>());
        }

        #[test]
        fn a_span_is_found_again_in_the_original(gone in "[01]{0,30}", from in 0usize..30, length in 1usize..30) {
            let is_gone = |at: &usize| gone.as_bytes()[*at] == b'1';
            let left: Vec<usize> = (0..gone.len()).filter(|at| !is_gone(at)).collect();
            let (from, to) = (from.min(left.len()), (from + length).min(left.len()));
            let mut spans: Vec<Span> = Vec::new();
            for at in (0..gone.len()).filter(is_gone) {
                match spans.last_mut() {
                    Some(last) if last.end as usize == at => last.end += 1,
                    _ => spans.push(Span::new(at, at + 1)),
                }
            }
            let found = Left::without(spans).in_original(Span::new(from, to));
            let bytes: Vec<usize> = found.iter().flat_map(|piece| piece.range()).collect();
            prop_assert_eq!(bytes, &left[from..to]);
            prop_assert!(found.windows(2).all(|two| two[0].end < two[1].start));
        }
    }
}
