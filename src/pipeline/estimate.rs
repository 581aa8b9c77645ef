//! What a run will need, told before it starts.
//!
//! In: how much there is to read, and what is to be found. Out: notes, if that will not be held in memory,
//! there is too little room for temporary files, or a document is so large that it takes more than the memory.

use std::path::Path;

use super::{Find, ScanOptions};
use crate::read::Corpus;
use crate::report::bytes;

/// Bytes of temporary files for each byte of text, at most: measured on real prose and on generated
/// text with `--memory 128M` (1.0 to 1.2 without passages, 2.5 to 3.0 with them).
const WITHOUT_PASSAGES: f64 = 1.2;
const WITH_PASSAGES: f64 = 3.0;

/// Bytes of memory for each byte of a document while it is looked at, at most: measured on texts of 60 MB and of
/// 1 GB (4 to 6 without passages, 13 to 14 with them).
const HELD_WITHOUT_PASSAGES: u64 = 6;
const HELD_WITH_PASSAGES: u64 = 16;

/// What there is to say of the room that a scan of a corpus takes.
pub fn notes(corpus: &Corpus, options: &ScanOptions) -> Vec<String> {
    let (share, held) = match options.find {
        Find::Documents => (WITHOUT_PASSAGES, HELD_WITHOUT_PASSAGES),
        _ => (WITH_PASSAGES, HELD_WITH_PASSAGES),
    };
    let needed = (corpus.text_estimate() as f64 * share) as u64;
    let folder = &options.read.temp_dir;
    let temporary = told(needed, options.memory, fs4::available_space(folder).ok(), folder);
    let largest = corpus.largest_text().map(|file| (&*file.name, file.unpacked_size()));
    let whole =
        largest.and_then(|(name, size)| held_whole(name, size, size * held, options.memory));
    temporary.into_iter().chain(whole).collect()
}

fn held_whole(name: &str, size: u64, needed: u64, memory: u64) -> Option<String> {
    let [size, about, limit] = [size, needed, memory].map(bytes);
    (needed > memory).then(|| {
        format!(
            "{name} is one document of {size} and is held whole: that takes up to {about} of memory, \
             and `--memory` is {limit}"
        )
    })
}

fn told(needed: u64, memory: u64, free: Option<u64>, folder: &Path) -> Option<String> {
    let is_short = free.is_some_and(|free| free < needed);
    if needed <= memory && !is_short {
        return None;
    }
    let folder = folder.display();
    let about = format!("about {} will go to temporary files in {folder}", bytes(needed));
    Some(match free {
        Some(free) if is_short => format!(
            "{about}, where only {} are free: name a folder with more room with `--temp-dir`",
            bytes(free)
        ),
        _ => format!("{about}, since `--memory` is {}", bytes(memory)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_told_with_where_it_goes() {
        let folder = Path::new("/var/tmp");
        let told = |needed, memory, free| told(needed, memory, free, folder);
        assert_eq!(told(1 << 20, 1 << 28, Some(1 << 30)), None);
        assert_eq!(told(1 << 20, 1 << 28, None), None);
        assert_eq!(
            told(3_000_000_000, 256 << 20, Some(1 << 40)).unwrap(),
            "about 3.0 GB will go to temporary files in /var/tmp, since `--memory` is 268.4 MB"
        );
        assert_eq!(
            told(3_000_000_000, 1 << 40, Some(2_000_000_000)).unwrap(),
            "about 3.0 GB will go to temporary files in /var/tmp, where only 2.0 GB are free: \
             name a folder with more room with `--temp-dir`"
        );
    }

    #[test]
    fn a_document_that_takes_more_than_the_memory_is_told() {
        assert_eq!(held_whole("a.txt", 1 << 20, 16 << 20, 16 << 20), None);
        assert_eq!(
            held_whole("a.txt", 60_000_000, 960_000_000, 1 << 28).unwrap(),
            "a.txt is one document of 60.0 MB and is held whole: that takes up to 960.0 MB of memory, \
             and `--memory` is 268.4 MB"
        );
    }
}
