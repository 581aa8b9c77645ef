//! Candidates to groups that are best verified together.
//!
//! In: candidates as edges of a graph. Out: groups of edges, each edge in one. A group is a document
//! with its neighbours, theirs, and so on while there is room, and all edges among these. So the editions of a
//! story come together, and their sets are fetched once and compared as [bits](super::BitSets).
//! Whole components would not do: candidates are not verified yet, and chains of chance
//! tie a large part of a corpus together.

use std::cmp::Reverse;

/// An edge between two places, the smaller first.
pub type Edge = (u32, u32);

/// Among how many times as many neighbours as a group has members these are searched for one by one.
const CROWDED: usize = 8;

/// Groups `edges` (ascending, each once) between `places`. A group is a place with others of at most `most`
/// in all by their `size`, or with one. Cost: nearly linear in the edges.
pub fn groups(
    edges: &[Edge],
    places: usize,
    size: impl Fn(u32) -> usize,
    most: usize,
) -> Vec<Vec<Edge>> {
    let mut around = Neighbours::new(edges, places);
    let mut done = vec![false; edges.len()];
    // The group that each place was last put into.
    let mut last = vec![u32::MAX; places];
    let mut groups: Vec<Vec<Edge>> = Vec::new();
    // The largest come first, each with as many as may be of those around it: a set is fetched for each group it is in.
    let mut order: Vec<u32> = (0..places as u32).collect();
    order.sort_unstable_by_key(|&place| (Reverse(size(place)), place));
    for place in order {
        loop {
            around.forget(place, &done);
            if around.of(place).is_empty() {
                break;
            }
            let number = groups.len() as u32;
            let mut members = vec![place];
            last[place as usize] = number;
            let (mut total, mut next, mut is_full) = (0, 0, false);
            while !is_full && next < members.len() {
                around.forget(members[next], &done);
                let (before, is_half_full) = (members.len(), 2 * total > most);
                for &(neighbour, _) in around.of(members[next]) {
                    if last[neighbour as usize] == number {
                        continue;
                    }
                    total += size(neighbour);
                    is_full = members.len() > 1 && total > most;
                    if is_full {
                        break;
                    }
                    last[neighbour as usize] = number;
                    members.push(neighbour);
                }
                if is_full && is_half_full {
                    // What hangs together is not torn for the sake of a little room.
                    members.drain(before..).for_each(|member| last[member as usize] = u32::MAX);
                }
                next += 1;
            }
            let mut group = Vec::new();
            let mut add = |edge: u32, done: &mut Vec<bool>| {
                if !std::mem::replace(&mut done[edge as usize], true) {
                    group.push(edges[edge as usize]);
                }
            };
            for &member in &members {
                let few = around.of(member).len() <= CROWDED * members.len();
                if few {
                    around.forget(member, &done);
                }
                let around = around.of(member);
                if few {
                    let inside = around.iter().filter(|end| last[end.0 as usize] == number);
                    inside.for_each(|&(_, edge)| add(edge, &mut done));
                } else {
                    // What everybody is a neighbour of must not be gone through again for each of them.
                    for other in &members {
                        if let Ok(end) = around.binary_search_by_key(other, |end| end.0) {
                            add(around[end].1, &mut done);
                        }
                    }
                }
            }
            groups.push(group);
        }
    }
    groups
}

/// The edges around each place.
struct Neighbours {
    starts: Vec<u32>,
    /// The place at the other end, ascending, and the edge.
    ends: Vec<(u32, u32)>,
    /// How many of the edges of each place are still to be grouped: they stand first.
    open: Vec<u32>,
}

impl Neighbours {
    fn new(edges: &[Edge], places: usize) -> Self {
        let mut starts = vec![0u32; places + 2];
        for &(one, other) in edges {
            starts[one as usize + 2] += 1;
            starts[other as usize + 2] += 1;
        }
        for place in 2..starts.len() {
            starts[place] += starts[place - 1];
        }
        let mut ends = vec![(0, 0); 2 * edges.len()];
        for (edge, &(one, other)) in (0..).zip(edges) {
            for (from, to) in [(one, other), (other, one)] {
                let next = &mut starts[from as usize + 1];
                ends[*next as usize] = (to, edge);
                *next += 1;
            }
        }
        let open = starts.windows(2).take(places).map(|ends| ends[1] - ends[0]).collect();
        Neighbours { starts, ends, open }
    }

    /// The edges of a place that are still to be grouped, as far as was noticed.
    fn of(&self, place: u32) -> &[(u32, u32)] {
        let start = self.starts[place as usize] as usize;
        &self.ends[start..start + self.open[place as usize] as usize]
    }

    /// Leaves out the edges of a place that are `done`, so that they are not gone through again.
    fn forget(&mut self, place: u32, done: &[bool]) {
        let start = self.starts[place as usize] as usize;
        let mut kept = start;
        for index in start..start + self.open[place as usize] as usize {
            if !done[self.ends[index].1 as usize] {
                self.ends[kept] = self.ends[index];
                kept += 1;
            }
        }
        self.open[place as usize] = (kept - start) as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn each_edge_is_in_one_group_of_a_bounded_size(
            edges in proptest::collection::btree_set((0u32..30, 0u32..30), 0..150), most in 2usize..40
        ) {
            let edges: Vec<Edge> = edges.into_iter().filter(|(one, other)| one < other).collect();
            let groups = groups(&edges, 30, |place| 1 + place as usize % 5, most);
            for group in &groups {
                let mut places: Vec<u32> = group.iter().flat_map(|edge| [edge.0, edge.1]).collect();
                places.sort_unstable();
                places.dedup();
                let sizes = places.iter().map(|place| 1 + *place as usize % 5);
                let others = sizes.clone().sum::<usize>() - sizes.max().unwrap_or(0);
                prop_assert!(places.len() == 2 || others <= most);
            }
            let mut all: Vec<Edge> = groups.into_iter().flatten().collect();
            all.sort_unstable();
            prop_assert_eq!(all, edges);
        }
    }

    #[test]
    fn what_hangs_together_closely_is_one_group() {
        let clique = |places: std::ops::Range<u32>| {
            places.clone().flat_map(move |one| (one + 1..places.end).map(move |other| (one, other)))
        };
        let mut edges: Vec<Edge> = clique(0..10).chain(clique(10..20)).chain([(9, 10)]).collect();
        edges.sort_unstable();
        let sizes: Vec<usize> = groups(&edges, 20, |_| 1, 15).iter().map(Vec::len).collect();
        assert_eq!(sizes, [46, 45]);
        // All stand in the last.
        let edges: Vec<Edge> = (0..30).map(|place| (place, 30)).collect();
        let size = |place| if place == 30 { 1_000 } else { 1 };
        let sizes: Vec<usize> = groups(&edges, 31, size, 15).iter().map(Vec::len).collect();
        assert_eq!(sizes, [15, 15]);
    }
}
