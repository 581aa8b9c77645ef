//! Bytes to classes: what each byte of a block is to the word rules of UAX #29.
//!
//! In: 64 bytes of a text in [plain form](super::plain). Out: one bit mask a
//! class, whose lowest bit is the first byte, so that rules about neighbours
//! become shifts. The masks come from AVX-512 or AVX2 where the processor has it, else from
//! a table; a property test holds all of them to the definition bit for bit.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

/// Bytes in a block: one for each bit of a mask.
pub(super) const BLOCK: usize = 64;

/// The classes of a block, a bit a byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Classes {
    /// Letters of ASCII in lower case, and every byte beyond ASCII.
    pub letter: u64,
    pub digit: u64,
    /// ExtendNumLet.
    pub underscore: u64,
    /// MidLetter: joins letters.
    pub mid_letter: u64,
    /// MidNum: joins digits.
    pub mid_number: u64,
    /// MidNumLet and Single_Quote: join letters, or digits.
    pub mid_both: u64,
    /// First bytes of characters of scripts without spaces; letters, too.
    pub unspaced: u64,
}

/// What matters of the byte after a block: 0 or 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Neighbour {
    /// Part of a letter that joins others.
    pub letter: u64,
    pub digit: u64,
}

impl Neighbour {
    /// What `byte` is to the block before it.
    #[inline(always)]
    pub(super) fn of(byte: u8) -> Self {
        let class = u64::from(CLASS[byte as usize]);
        Neighbour { letter: class & !(class >> 6) & 1, digit: class >> 1 & 1 }
    }
}

/// Whether a byte in plain form begins a character of a script without spaces:
/// Hiragana, Katakana or Han (U+3000 to U+9FFF), one token each.
#[inline(always)]
pub(super) fn begins_unspaced(byte: u8) -> bool {
    matches!(byte, 0xe3..=0xe9)
}

/// Which bytes of half a block are not ASCII, on any processor.
#[inline(always)]
pub(super) fn beyond_ascii_portable(half: &[u8; BLOCK / 2]) -> u32 {
    half.as_chunks::<8>().0.iter().rev().fold(0, |mask, eight| {
        let high_bits = u64::from_le_bytes(*eight) & 0x8080_8080_8080_8080;
        // The multiplication moves the eight high bits next to each other.
        mask << 8 | ((high_bits >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u32
    })
}

/// The classes of a block, on any processor.
pub(super) fn classify_portable(block: &[u8; BLOCK]) -> Classes {
    // A byte of the table has a bit for each class; eight of them are a square of
    // bits, and turned over they are eight bits of each mask.
    let mut masks = [0u64; 8];
    for (index, eight) in block.as_chunks::<8>().0.iter().enumerate() {
        let square = transpose(u64::from_le_bytes(eight.map(|byte| CLASS[byte as usize])));
        for (mask, row) in masks.iter_mut().zip(square.to_le_bytes()) {
            *mask |= u64::from(row) << (8 * index);
        }
    }
    let [letter, digit, underscore, mid_letter, mid_number, mid_both, unspaced, _] = masks;
    Classes { letter, digit, underscore, mid_letter, mid_number, mid_both, unspaced }
}

/// Turns eight rows of eight bits into columns: halves, quarters and eighths change places.
fn transpose(mut square: u64) -> u64 {
    for (shift, moved) in
        [(28, 0x0000_0000_f0f0_f0f0), (14, 0x0000_cccc_0000_cccc), (7, 0x00aa_00aa_00aa_00aa)]
    {
        let changed = (square ^ (square >> shift)) & moved;
        square ^= changed ^ (changed << shift);
    }
    square
}

/// For each byte, a bit for each field of [`Classes`] in their order.
const CLASS: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'a'..=b'z' => 1,
            b'0'..=b'9' => 1 << 1,
            b'_' => 1 << 2,
            b':' => 1 << 3,
            b',' | b';' => 1 << 4,
            b'.' | b'\'' => 1 << 5,
            0xe3..=0xe9 => 1 << 6 | 1,
            0x80..=0xff => 1,
            _ => 0,
        };
        byte += 1;
    }
    table
};

/// Whether the processor has what the fast ways through a text are compiled for:
/// AVX2, and the instructions for single bits that all processors with AVX2 have.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(super) fn has_avx2() -> bool {
    use std::arch::is_x86_feature_detected;
    is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("popcnt")
}

/// Whether the processor has what the widest way through a text is compiled for: AVX-512 with instructions for
/// bytes, also those that move chosen ones together.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(super) fn has_avx512() -> bool {
    use std::arch::is_x86_feature_detected;
    has_avx2() && is_x86_feature_detected!("avx512bw") && is_x86_feature_detected!("avx512vbmi2")
}

/// Which bytes of half a block are not ASCII.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
#[inline]
pub(super) fn beyond_ascii_avx2(half: &[u8; BLOCK / 2]) -> u32 {
    _mm256_movemask_epi8(bytemuck::cast(*half)) as u32
}

/// The classes of a block, by comparing 32 bytes at a time.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
#[inline]
pub(super) fn classify_avx2(block: &[u8; BLOCK]) -> Classes {
    /// The masks of 32 bytes.
    #[target_feature(enable = "avx2")]
    #[inline]
    fn masks(half: &[u8; BLOCK / 2]) -> [u32; 7] {
        let bytes: __m256i = bytemuck::cast(*half);
        let mask = |lanes: __m256i| _mm256_movemask_epi8(lanes) as u32;
        let is = |byte: u8| _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(byte as i8));
        // Comparison is signed: counted from the first of the range as the smallest
        // number, what is below the first comes out above the last.
        let within = |first: u8, last: u8| {
            let shift = _mm256_set1_epi8(i8::MIN.wrapping_sub(first as i8));
            let beyond = _mm256_set1_epi8(i8::MIN.wrapping_add((last - first + 1) as i8));
            _mm256_cmpgt_epi8(beyond, _mm256_add_epi8(bytes, shift))
        };
        [
            mask(_mm256_or_si256(within(b'a', b'z'), bytes)),
            mask(within(b'0', b'9')),
            mask(is(b'_')),
            mask(is(b':')),
            mask(_mm256_or_si256(is(b','), is(b';'))),
            mask(_mm256_or_si256(is(b'.'), is(b'\''))),
            mask(within(0xe3, 0xe9)),
        ]
    }

    let halves = block.as_chunks().0;
    let (low, high) = (masks(&halves[0]), masks(&halves[1]));
    let join = |index: usize| u64::from(low[index]) | u64::from(high[index]) << 32;
    Classes {
        letter: join(0),
        digit: join(1),
        underscore: join(2),
        mid_letter: join(3),
        mid_number: join(4),
        mid_both: join(5),
        unspaced: join(6),
    }
}

/// The classes of a block, by comparing all of it at a time.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512bw")]
#[inline]
pub(super) fn classify_avx512(block: &[u8; BLOCK]) -> Classes {
    let bytes: __m512i = bytemuck::cast(*block);
    let all = |byte: u8| _mm512_set1_epi8(byte as i8);
    let is = |byte: u8| _mm512_cmpeq_epi8_mask(bytes, all(byte));
    // Counted from the first of the range, what is below it is a large number.
    let within = |first: u8, last: u8| {
        _mm512_cmple_epu8_mask(_mm512_sub_epi8(bytes, all(first)), all(last - first))
    };
    Classes {
        letter: within(b'a', b'z') | _mm512_movepi8_mask(bytes),
        digit: within(b'0', b'9'),
        underscore: is(b'_'),
        mid_letter: is(b':'),
        mid_number: is(b',') | is(b';'),
        mid_both: is(b'.') | is(b'\''),
        unspaced: within(0xe3, 0xe9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What each class is, a byte at a time.
    fn by_definition(block: &[u8; BLOCK]) -> Classes {
        let mask = |is: &dyn Fn(u8) -> bool| {
            block.iter().rev().fold(0, |mask, &byte| mask << 1 | u64::from(is(byte)))
        };
        Classes {
            letter: mask(&|byte| byte.is_ascii_lowercase() || !byte.is_ascii()),
            digit: mask(&|byte| byte.is_ascii_digit()),
            underscore: mask(&|byte| byte == b'_'),
            mid_letter: mask(&|byte| byte == b':'),
            mid_number: mask(&|byte| b",;".contains(&byte)),
            mid_both: mask(&|byte| b".'".contains(&byte)),
            unspaced: mask(&begins_unspaced),
        }
    }

    fn check(block: &[u8; BLOCK]) {
        let defined = by_definition(block);
        assert_eq!(classify_portable(block), defined);
        let halves = block.as_chunks().0;
        let beyond = [0, 1].map(|half| {
            halves[half].iter().rev().fold(0, |mask, byte| mask << 1 | u32::from(!byte.is_ascii()))
        });
        assert_eq!([0, 1].map(|half| beyond_ascii_portable(&halves[half])), beyond);
        #[cfg(target_arch = "x86_64")]
        if has_avx2() {
            // SAFETY: the processor was just found to have AVX2, the one feature the function is compiled for.
            assert_eq!(unsafe { classify_avx2(block) }, defined);
            // SAFETY: as above.
            assert_eq!([0, 1].map(|half| unsafe { beyond_ascii_avx2(&halves[half]) }), beyond);
        }
        #[cfg(target_arch = "x86_64")]
        if has_avx512() {
            // SAFETY: the processor was just found to have AVX-512BW, the one feature the function is compiled for.
            assert_eq!(unsafe { classify_avx512(block) }, defined);
        }
    }

    #[test]
    fn every_byte_has_its_classes_at_every_place() {
        for first in 0..=u8::MAX {
            check(&std::array::from_fn(|index| first.wrapping_add(index as u8)));
        }
    }

    proptest! {
        #[test]
        fn every_path_agrees_with_the_definition(block: [u8; BLOCK]) {
            check(&block);
        }
    }
}
