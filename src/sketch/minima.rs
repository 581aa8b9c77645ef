//! The inner loop of MinHash, once, compiled twice.
//!
//! In: shingles and a hash family. Out: the minimum of each hash over all
//! shingles. The loop is plain Rust that the compiler turns into vector code;
//! on x86-64 a second copy of it is compiled for AVX2 and chosen at run time
//! when the processor has it. Both give the same numbers, bit for bit.

/// Hashes worked on at a time: their minima stay in registers over all shingles.
pub const LANES: usize = 32;

/// As many hash functions `a·h + b` as fit the lanes.
#[derive(Clone, Debug)]
pub struct Family {
    /// The odd factors `a`.
    pub multipliers: [u32; LANES],
    /// The summands `b`.
    pub offsets: [u32; LANES],
}

/// Writes, for each hash function, its minimum over `shingles`, all ones if
/// there are none; `signature` may end inside the last family.
pub fn minima(shingles: &[u64], families: &[Family], signature: &mut [u32]) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor was just found to have AVX2, the one feature the function is compiled for.
        unsafe { minima_avx2(shingles, families, signature) };
        return;
    }
    minima_portable(shingles, families, signature);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn minima_avx2(shingles: &[u64], families: &[Family], signature: &mut [u32]) {
    minima_portable(shingles, families, signature);
}

#[inline(always)]
fn minima_portable(shingles: &[u64], families: &[Family], signature: &mut [u32]) {
    for (family, minima) in families.iter().zip(signature.chunks_mut(LANES)) {
        let mut lanes = [u32::MAX; LANES];
        for &shingle in shingles {
            let hash = (shingle >> 32) as u32;
            let functions = family.multipliers.iter().zip(&family.offsets);
            for (minimum, (multiplier, offset)) in lanes.iter_mut().zip(functions) {
                *minimum = (*minimum).min(hash.wrapping_mul(*multiplier).wrapping_add(*offset));
            }
        }
        minima.copy_from_slice(&lanes[..minima.len()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_path_agrees_with_the_definition(
            shingles in proptest::collection::vec(any::<u64>(), 0..50),
            families in proptest::collection::vec((any::<[u32; LANES]>(), any::<[u32; LANES]>()), 1..4),
            cut in 0..LANES,
        ) {
            let families: Vec<Family> =
                families.into_iter().map(|(multipliers, offsets)| Family { multipliers, offsets }).collect();
            let width = families.len() * LANES - cut;
            let functions = families.iter().flat_map(|family| family.multipliers.iter().zip(&family.offsets));
            let defined: Vec<u32> = functions.take(width).map(|(a, b)| {
                shingles.iter().map(|&s| a.wrapping_mul((s >> 32) as u32).wrapping_add(*b)).min().unwrap_or(u32::MAX)
            }).collect();
            let (mut chosen, mut portable) = (vec![0; width], vec![0; width]);
            minima(&shingles, &families, &mut chosen);
            minima_portable(&shingles, &families, &mut portable);
            prop_assert_eq!(&chosen, &defined);
            prop_assert_eq!(&portable, &defined);
        }
    }
}
