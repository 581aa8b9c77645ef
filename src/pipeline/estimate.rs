//! What a run will need, told before it starts.
//!
//! In: how much there is to read, and what is to be found. Out: a note, if that will not be held in memory or
//! there is too little room for temporary files.

use std::path::Path;

use super::{Find, ScanOptions};
use crate::read::Corpus;
use crate::report::bytes;

/// Bytes of temporary files for each byte of text, at most: measured on real prose and on generated
/// text with `--memory 128M` (1.0 to 1.2 without passages, 2.5 to 3.0 with them).
const WITHOUT_PASSAGES: f64 = 1.2;
const WITH_PASSAGES: f64 = 3.0;

/// What there is to say of the room that a scan of a corpus takes.
pub fn note(corpus: &Corpus, options: &ScanOptions) -> Option<String> {
    let folder = &options.read.temp_dir;
    let share = if options.find == Find::Documents { WITHOUT_PASSAGES } else { WITH_PASSAGES };
    let needed = (corpus.text_estimate() as f64 * share) as u64;
    told(needed, options.memory, fs4::available_space(folder).ok(), folder)
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
}
