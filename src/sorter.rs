//! More items than memory holds, in order.
//!
//! In: items in any order, from any thread. Out: the same items sorted, each once, in
//! [chunks](Sorted::next_chunk). What exceeds the memory is sorted a run at a time, put away in a
//! [`Spill`], and merged.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytemuck::Pod;
use rayon::prelude::*;

use crate::error::Result;
use crate::spill::{Held, Spill, Stored};

/// Fewest and most items of a run that are read at a time.
const READ: RangeInclusive<usize> = 512..=1 << 16;

/// Takes items.
#[derive(Debug)]
pub struct Sorter<T, F> {
    spill: Arc<Spill>,
    /// How many items are held.
    most: usize,
    key: F,
    taken: Mutex<Taken<T>>,
}

#[derive(Debug)]
struct Taken<T> {
    held: Vec<T>,
    runs: Vec<Stored<T>>,
}

impl<T, K, F> Sorter<T, F>
where
    T: Pod + Send + Sync + Eq,
    K: Ord + Copy,
    F: Fn(&T) -> K + Sync,
{
    /// A sorter by `key` that holds up to `most` items, and puts away the rest in `spill`. Items
    /// of one key are equal. Several sorters may have one spill.
    pub fn new(spill: impl Into<Arc<Spill>>, most: usize, key: F) -> Self {
        let taken = Taken { held: Vec::new(), runs: Vec::new() };
        Sorter { spill: spill.into(), most: most.max(1), key, taken: Mutex::new(taken) }
    }

    /// Takes some items.
    ///
    /// # Errors
    /// Those of [`Spill::store`].
    pub fn extend(&self, items: &[T]) -> Result<()> {
        for items in items.chunks(self.most) {
            let mut taken = self.taken();
            let is_full = taken.held.len() + items.len() > self.most;
            let full = is_full.then(|| std::mem::take(&mut taken.held));
            taken.held.extend_from_slice(items);
            // A thread that waits for others to sort may be given work that comes here.
            drop(taken);
            if let Some(mut full) = full {
                sort(&mut full, &self.key);
                let run = self.spill.store(&full)?;
                self.taken().runs.push(run);
            }
        }
        Ok(())
    }

    /// How many items it has taken.
    pub fn count(&self) -> usize {
        let taken = self.taken();
        taken.held.len() + taken.runs.iter().map(Stored::len).sum::<usize>()
    }

    fn taken(&self) -> MutexGuard<'_, Taken<T>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sorts what was taken. Cost: a sort, and where it did not fit a merge of its runs.
    ///
    /// # Errors
    /// Those of [`Spill`].
    pub fn sorted(self) -> Result<Sorted<T, K, F>> {
        let Sorter { spill, most, key, taken } = self;
        let Taken { mut held, runs } = taken.into_inner().unwrap_or_else(PoisonError::into_inner);
        sort(&mut held, &key);
        let piece = (most / (runs.len() + 1)).clamp(*READ.start(), *READ.end());
        let mut sorted = Sorted { spill, key, runs: Vec::new(), least: BinaryHeap::new(), piece };
        // What was held is a run of one piece, so that it need not be copied.
        let nothing = Stored::Held(Held::Allocated(Vec::new()));
        sorted.runs.push(Run { stored: nothing, next: 0, piece: held, at: 0 });
        for stored in runs {
            let mut run = Run { stored, next: 0, piece: Vec::new(), at: 0 };
            run.read_on(&sorted.spill, piece)?;
            sorted.runs.push(run);
        }
        (0..sorted.runs.len()).for_each(|number| sorted.note(number));
        Ok(sorted)
    }
}

/// Sorts items and leaves each once.
fn sort<T, K>(items: &mut Vec<T>, key: impl Fn(&T) -> K + Sync)
where
    T: Send + PartialEq,
    K: Ord,
{
    items.par_sort_unstable_by_key(key);
    items.dedup();
}

/// Gives items in order.
#[derive(Debug)]
pub struct Sorted<T, K, F> {
    spill: Arc<Spill>,
    key: F,
    runs: Vec<Run<T>>,
    /// The first item of each run that has one.
    least: BinaryHeap<Reverse<(K, usize)>>,
    /// How many items of a run are read at a time.
    piece: usize,
}

#[derive(Debug)]
struct Run<T> {
    stored: Stored<T>,
    /// The first item that was not read yet.
    next: usize,
    piece: Vec<T>,
    at: usize,
}

impl<T, K, F> Sorted<T, K, F>
where
    T: Pod + Eq,
    K: Ord + Copy,
    F: Fn(&T) -> K,
{
    /// The next items in order: `most` or more, up to one that does not go `together` with the one before, or all
    /// if they were held.
    /// None if there are no more.
    ///
    /// # Errors
    /// Those of [`Spill::read`].
    pub fn next_chunk(
        &mut self,
        most: usize,
        together: impl Fn(&T, &T) -> bool,
    ) -> Result<Option<Vec<T>>> {
        if let [held] = &mut self.runs[..] {
            // Nothing was put away: all of it is there, in order.
            return Ok(Some(std::mem::take(&mut held.piece)).filter(|all| !all.is_empty()));
        }
        let mut chunk: Vec<T> = Vec::new();
        while let Some(Reverse((_, number))) = self.least.pop() {
            let limit = self.least.peek().map(|&Reverse((key, _))| key);
            let run = &mut self.runs[number];
            // From one run as long as no other has a lesser item.
            while let Some(item) = run.piece.get(run.at) {
                if limit.is_some_and(|limit| (self.key)(item) > limit) {
                    break;
                }
                match chunk.last() {
                    Some(last) if last == item => {}
                    Some(last) if chunk.len() >= most && !together(last, item) => {
                        self.note(number);
                        return Ok(Some(chunk));
                    }
                    _ => chunk.push(*item),
                }
                run.at += 1;
                if run.at == run.piece.len() {
                    run.read_on(&self.spill, self.piece)?;
                }
            }
            self.note(number);
        }
        Ok(Some(chunk).filter(|chunk| !chunk.is_empty()))
    }

    /// Notes the next item of a run, if it has one.
    fn note(&mut self, number: usize) {
        let run = &self.runs[number];
        if let Some(item) = run.piece.get(run.at) {
            self.least.push(Reverse(((self.key)(item), number)));
        }
    }
}

impl<T: Pod> Run<T> {
    /// Reads the next piece.
    fn read_on(&mut self, spill: &Spill, piece: usize) -> Result<()> {
        let end = self.stored.len().min(self.next + piece);
        let mut buffer = Vec::new();
        let items = spill.read(&self.stored, self.next..end, &mut buffer)?;
        self.piece.clear();
        self.piece.extend_from_slice(items);
        (self.at, self.next) = (0, end);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_spilled_comes_back_sorted_and_once(
            batches in proptest::collection::vec(proptest::collection::vec(0u32..500, 0..60), 0..40),
            held in 1usize..400,
            most in 1usize..50,
        ) {
            let spill = Spill::new(&std::env::temp_dir(), 0);
            let sorter = Sorter::new(spill, held, |item: &u32| *item);
            batches.par_iter().for_each(|batch| sorter.extend(batch).unwrap());
            let mut sorted = sorter.sorted().unwrap();
            let mut found = Vec::new();
            let together = |one: &u32, other: &u32| one / 10 == other / 10;
            while let Some(chunk) = sorted.next_chunk(most, together).unwrap() {
                let before: Option<&u32> = found.last();
                prop_assert!(before.is_none_or(|before| !together(before, &chunk[0])));
                found.extend(chunk);
            }
            let mut expected = batches.concat();
            expected.sort_unstable();
            expected.dedup();
            prop_assert_eq!(found, expected);
        }
    }
}
