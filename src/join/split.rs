//! Shingles to the two parts of a list: shortened, those of the lower quarter of the hash space apart.
//!
//! In: a block of 64-bit shingles. Out: their 32 bits below those that tell the part, in order, in a [`Split`].
//! Which part the next shingle belongs to is a toss of a coin, so neither way branches on it: the portable one writes each to both
//! parts and counts it in one; with AVX2 eight at a time are moved together by a table of how to.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

use crate::shingle::BLOCK;

/// How many halvings of the hash space leave the low part.
const HALVINGS: u32 = 2;

/// The 32 bits below those that tell the low part from the high one.
fn shorten(shingle: u64) -> u32 {
    (shingle >> (32 - HALVINGS)) as u32
}

/// Whether a shingle is in the low part.
fn is_low(shingle: u64) -> bool {
    shingle >> (64 - HALVINGS) == 0
}

/// Shingles that are moved at a time.
const LANES: usize = 8;

/// A block in two parts; the room is kept from block to block.
#[derive(Clone, Debug)]
pub(super) struct Split {
    /// With room for what is written beyond the last that counts.
    parts: [[u32; BLOCK + LANES]; 2],
    lows: usize,
    highs: usize,
}

impl Default for Split {
    fn default() -> Self {
        Split { parts: [[0; BLOCK + LANES]; 2], lows: 0, highs: 0 }
    }
}

impl Split {
    /// Those of the low part of the last block.
    pub fn low(&self) -> &[u32] {
        &self.parts[0][..self.lows]
    }

    /// Those of the high part of the last block.
    pub fn high(&self) -> &[u32] {
        &self.parts[1][..self.highs]
    }

    /// Splits a block of at most [`BLOCK`] shingles, in the place of the one before.
    pub fn fill(&mut self, block: &[u64]) {
        (self.lows, self.highs) = (0, 0);
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the processor was just found to have AVX2, the one feature the function is compiled for.
            unsafe { self.fill_avx2(block) };
            return;
        }
        self.fill_portable(block);
    }

    fn fill_portable(&mut self, block: &[u64]) {
        let [low, high] = &mut self.parts;
        for &shingle in block {
            let short = shorten(shingle);
            (low[self.lows], high[self.highs]) = (short, short);
            self.lows += usize::from(is_low(shingle));
            self.highs += usize::from(!is_low(shingle));
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn fill_avx2(&mut self, block: &[u64]) {
        let (eights, rest) = block.as_chunks::<LANES>();
        let (mut lows, mut highs) = (self.lows, self.highs);
        let [low, high] = &mut self.parts;
        for eight in eights {
            let [first, second]: [__m256i; 2] = bytemuck::cast(*eight);
            // The lower half of each lane, those of both registers in order.
            let halves = |first: __m256i, second: __m256i| {
                let (first, second) = (_mm256_castsi256_ps(first), _mm256_castsi256_ps(second));
                let halves = _mm256_castps_si256(_mm256_shuffle_ps::<0b10_00_10_00>(first, second));
                _mm256_permute4x64_epi64::<0b11_01_10_00>(halves)
            };
            let moved = |bits| {
                let count = _mm_cvtsi32_si128(bits);
                halves(_mm256_srl_epi64(first, count), _mm256_srl_epi64(second, count))
            };
            let short = moved(32 - HALVINGS as i32);
            let part = moved(64 - HALVINGS as i32);
            let is_low = _mm256_cmpeq_epi32(part, _mm256_setzero_si256());
            let mask = _mm256_movemask_ps(_mm256_castsi256_ps(is_low)) as usize;
            let together = |mask: usize| -> [u32; LANES] {
                let lanes = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128(TOGETHER[mask] as i64));
                bytemuck::cast(_mm256_permutevar8x32_epi32(short, lanes))
            };
            low[lows..][..LANES].copy_from_slice(&together(mask));
            high[highs..][..LANES].copy_from_slice(&together(mask ^ 0xff));
            let count = mask.count_ones() as usize;
            lows += count;
            highs += LANES - count;
        }
        (self.lows, self.highs) = (lows, highs);
        self.fill_portable(rest);
    }
}

/// For each mask of lanes the numbers of those that are set, a byte each.
#[cfg(target_arch = "x86_64")]
const TOGETHER: [u64; 256] = {
    let mut table = [0; 256];
    let mut mask = 0;
    while mask < 256 {
        let (mut lane, mut at) = (0, 0);
        while lane < LANES as u64 {
            if mask >> lane & 1 == 1 {
                table[mask] |= lane << (8 * at);
                at += 1;
            }
            lane += 1;
        }
        mask += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn each_shingle_is_in_its_part_in_order_whichever_way(
            // Of chance alone a quarter is low; of these a half.
            block in proptest::collection::vec((any::<u64>(), any::<bool>()), 0..=BLOCK)
        ) {
            let block: Vec<u64> =
                block.into_iter().map(|(one, low)| if low { one >> HALVINGS } else { one }).collect();
            let of = |wanted: bool| -> Vec<u32> {
                let chosen = block.iter().filter(|&&one| is_low(one) == wanted);
                chosen.map(|&one| shorten(one)).collect()
            };
            let (mut split, mut portable) = (Split::default(), Split::default());
            // What was there before is nothing to what comes.
            split.fill(&[1; BLOCK]);
            split.fill(&block);
            portable.fill_portable(&block);
            for split in [split, portable] {
                prop_assert_eq!(split.low(), of(true));
                prop_assert_eq!(split.high(), of(false));
            }
        }
    }
}
