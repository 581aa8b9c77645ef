//! Bulk data between two stages: in memory while it is little, in a file when it is not.
//!
//! In: lists of numbers or bytes, from any thread. Out: a [`Stored`] for each, by which
//! it is [read](Spill::read) again, whole or in part, by any thread. What a spill holds
//! in memory stays under the size it was made with; the rest goes to one unnamed
//! temporary file, which the system removes when the process ends, however it ends. Until the
//! [`Workspace`] is gone, the file of a spill that is no more serves the next one.
//!
//! The lists are written and read in the processor's own byte order: a spill does not
//! outlive its process.

use std::fs::File;
use std::io;
use std::ops::{Deref, Range};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::thread;

use bytemuck::Pod;

use crate::error::{Error, Result};
use crate::memory::Pages;

/// How much memory a run may take, and where it puts the rest.
#[derive(Clone, Debug)]
pub struct Workspace {
    folder: PathBuf,
    memory: u64,
    input: u64,
    held: u64,
    idle: Arc<Idle>,
}

/// The files of spills that are no more, for those to come: to write over what the system holds of a file takes less
/// time than to have it make room for another and give back the first.
#[derive(Debug, Default)]
struct Idle(Mutex<Vec<File>>);

/// What is held at least: a corpus of half a megabyte is worked on in memory alone.
const SMALL: u64 = 1 << 19;

impl Workspace {
    /// A workspace of `memory` bytes for a corpus of `input` bytes, with a folder for temporary files.
    pub fn new(folder: &Path, memory: u64, input: u64) -> Self {
        // More could be held, but the system holds what was just written as well, and
        // gives it back when others need it.
        // A 24th, since several spills are there at a time, beside an index that takes a quarter of the memory.
        let held = (input / 128).max(SMALL).min(memory / 24);
        Workspace { folder: folder.to_owned(), memory, input, held, idle: Arc::default() }
    }

    /// Bytes that all of a run may take.
    pub fn memory(&self) -> u64 {
        self.memory
    }

    /// A new spill.
    pub fn spill(&self) -> Spill {
        self.spill_beyond(self.held)
    }

    /// The workspace that is left beside so many bytes that are held elsewhere: a third of this one, at least.
    pub fn beside(&self, bytes: u64) -> Workspace {
        Workspace { memory: self.memory.saturating_sub(bytes).max(self.memory / 3), ..self.clone() }
    }

    /// A new spill for what is read in no order and comes to so many bytes for each byte of input, as
    /// [`spill_for`](Self::spill_for) makes it.
    pub fn spill_of(&self, bytes_a_byte: f64, most: u64) -> Spill {
        self.spill_for((self.input as f64 * bytes_a_byte) as u64, most)
    }

    /// A new spill for what is read in no order and comes to about so many bytes: all in
    /// memory if that is no more than `most`, and else little of it, for a part that is
    /// held makes little faster and takes the room of what is worked on.
    pub fn spill_for(&self, bytes: u64, most: u64) -> Spill {
        self.spill_beyond(if bytes <= most { most } else { self.held.min(most) })
    }

    /// A new spill that holds up to so many bytes.
    pub fn spill_beyond(&self, bytes: u64) -> Spill {
        Spill::among(&self.folder, bytes, Arc::downgrade(&self.idle))
    }
}

impl Default for Workspace {
    /// All in memory, whatever it takes.
    fn default() -> Self {
        Workspace {
            folder: std::env::temp_dir(),
            memory: u64::MAX,
            input: 0,
            held: u64::MAX,
            idle: Arc::default(),
        }
    }
}

/// A place for lists.
#[derive(Debug)]
pub struct Spill {
    folder: PathBuf,
    /// How many bytes may be held in memory.
    limit: u64,
    held: AtomicU64,
    file: OnceLock<File>,
    making: Mutex<()>,
    /// Where the file ends, as far as this spill has written it.
    end: AtomicU64,
    /// Where the file is taken from and left to, while there is a workspace.
    idle: Weak<Idle>,
}

/// A list in a [`Spill`].
#[derive(Debug)]
pub enum Stored<T> {
    /// In memory.
    Held(Held<T>),
    /// In the file, from this byte on, so many items.
    Written {
        /// First byte.
        start: u64,
        /// Number of items.
        length: usize,
    },
}

/// A list in memory.
#[derive(Debug)]
pub enum Held<T> {
    /// Where the allocator found room.
    Allocated(Vec<T>),
    /// In pages of its own.
    Paged(Pages<T>),
}

/// Bytes from which on a list has pages of its own: then less than a quarter of them is empty.
const FEWEST_PAGED: usize = 1 << 14;

impl<T: Pod> Held<T> {
    fn copied(items: &[T]) -> Self {
        let apart = (size_of_val(items) >= FEWEST_PAGED).then(|| Pages::copied(items));
        match apart {
            Some(Ok(pages)) => Held::Paged(pages),
            // The system gives so many pieces of memory and no more.
            Some(Err(_)) | None => Held::Allocated(items.to_vec()),
        }
    }
}

impl<T: Pod> Deref for Held<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            Held::Allocated(items) => items,
            Held::Paged(items) => items,
        }
    }
}

impl<T: Pod> Stored<T> {
    /// How many items the list has.
    pub fn len(&self) -> usize {
        match self {
            Stored::Held(items) => items.len(),
            Stored::Written { length, .. } => *length,
        }
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Spill {
    /// A spill that holds up to `limit` bytes in memory and the rest in a file in `folder`.
    pub fn new(folder: &Path, limit: u64) -> Self {
        Spill::among(folder, limit, Weak::new())
    }

    fn among(folder: &Path, limit: u64, idle: Weak<Idle>) -> Self {
        Spill {
            folder: folder.to_owned(),
            limit,
            held: AtomicU64::new(0),
            file: OnceLock::new(),
            making: Mutex::new(()),
            end: AtomicU64::new(0),
            idle,
        }
    }

    /// Keeps a list.
    ///
    /// # Errors
    /// The system's, when the temporary file cannot be made or written.
    pub fn store<T: Pod>(&self, items: &[T]) -> Result<Stored<T>> {
        let bytes: &[u8] = bytemuck::cast_slice(items);
        let size = bytes.len() as u64;
        let fits = |held: u64| Some(held + size).filter(|&held| held <= self.limit);
        if self.held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).is_ok() {
            return Ok(Stored::Held(Held::copied(items)));
        }
        let start = self.end.fetch_add(size, Ordering::Relaxed);
        self.file()
            .and_then(|file| write_all_at(file, bytes, start))
            .map_err(|error| self.place(error))?;
        Ok(Stored::Written { start, length: items.len() })
    }

    /// A part of a list: borrowed where it is held, read into `buffer` where it is not.
    ///
    /// # Errors
    /// The system's, when the temporary file cannot be read.
    ///
    /// # Panics
    /// If the part is not inside the list.
    pub fn read<'a, T: Pod>(
        &self,
        stored: &'a Stored<T>,
        part: Range<usize>,
        buffer: &'a mut Vec<T>,
    ) -> Result<&'a [T]> {
        match stored {
            Stored::Held(items) => Ok(&items[part]),
            Stored::Written { .. } => {
                buffer.resize(part.len(), T::zeroed());
                self.read_into(stored, part, buffer)?;
                Ok(buffer)
            }
        }
    }

    /// Copies a part of a list into a `room` of its size.
    ///
    /// # Errors
    /// Those of [`Spill::read`].
    ///
    /// # Panics
    /// If the part is not inside the list, or the room is not of its size.
    pub fn read_into<T: Pod>(
        &self,
        stored: &Stored<T>,
        part: Range<usize>,
        room: &mut [T],
    ) -> Result<()> {
        match stored {
            Stored::Held(items) => room.copy_from_slice(&items[part]),
            Stored::Written { start, length } => {
                assert!(part.start <= part.end && part.end <= *length, "a part is inside its list");
                assert_eq!(part.len(), room.len(), "a part fits into its room");
                let start = start + (part.start * size_of::<T>()) as u64;
                self.file()
                    .and_then(|file| read_exact_at(file, bytemuck::cast_slice_mut(room), start))
                    .map_err(|error| self.place(error))?;
            }
        }
        Ok(())
    }

    /// A list whole.
    ///
    /// # Errors
    /// Those of [`Spill::read`].
    pub fn read_all<'a, T: Pod>(
        &self,
        stored: &'a Stored<T>,
        buffer: &'a mut Vec<T>,
    ) -> Result<&'a [T]> {
        self.read(stored, 0..stored.len(), buffer)
    }

    /// The file, made when it is first needed.
    fn file(&self) -> io::Result<&File> {
        if let Some(file) = self.file.get() {
            return Ok(file);
        }
        let _one_at_a_time = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        match self.file.get() {
            Some(file) => Ok(file),
            None => {
                let idle = self.idle.upgrade().and_then(|idle| idle.take());
                let file = match idle {
                    Some(file) => file,
                    None => tempfile::tempfile_in(&self.folder)?,
                };
                Ok(self.file.get_or_init(|| file))
            }
        }
    }

    fn place(&self, error: io::Error) -> Error {
        Error::new(crate::error::ErrorKind::Temporary(error)).at_path(self.folder.display())
    }
}

impl Drop for Spill {
    /// Leaves the file to the next spill, or closes it.
    fn drop(&mut self) {
        let Some(file) = self.file.take() else { return };
        match self.idle.upgrade() {
            Some(idle) => idle.give_back(file),
            None => close(file),
        }
    }
}

impl Idle {
    /// The longest, of which most can be written over.
    fn take(&self) -> Option<File> {
        let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (longest, _) = files.iter().enumerate().max_by_key(|(_, file)| length(file))?;
        Some(files.swap_remove(longest))
    }

    fn give_back(&self, file: File) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(file);
    }
}

impl Drop for Idle {
    fn drop(&mut self) {
        let files = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        if !files.is_empty() {
            close(std::mem::take(files));
        }
    }
}

/// How long a file is, as far as the system tells.
fn length(file: &File) -> u64 {
    file.metadata().map_or(0, |metadata| metadata.len())
}

/// Closes files beside the work that goes on: to give back what the system holds of them takes as long as to
/// write it.
fn close(files: impl Send + 'static) {
    // Without a thread they are closed here.
    let _ = thread::Builder::new().spawn(move || drop(files));
}

/// Fills `buffer` from `offset`.
///
/// # Errors
/// The system's; [`io::ErrorKind::UnexpectedEof`] if the file ends before.
pub fn read_exact_at(file: &File, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !buffer.is_empty() {
        match read_at(file, buffer, offset) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                buffer = &mut buffer[count..];
                offset += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn write_all_at(file: &File, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match write_at(file, bytes, offset) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => {
                bytes = &bytes[count..];
                offset += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Reads some bytes from `offset`, leaving no position behind.
#[cfg(unix)]
pub fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

/// Reads some bytes from `offset`.
#[cfg(windows)]
pub fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::write_at(file, bytes, offset)
}

#[cfg(windows)]
fn write_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_write(file, bytes, offset)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rayon::prelude::*;

    #[test]
    fn lists_come_back_whole_and_in_part_held_or_written() {
        for (length, limit) in [100, 3000]
            .into_iter()
            .flat_map(|length| [0, 5 * 8 * length, u64::MAX].map(|limit| (length, limit)))
        {
            let spill = Spill::new(&std::env::temp_dir(), limit);
            let list = |number: u64| (number..number + length).collect::<Vec<u64>>();
            let stored: Vec<Stored<u64>> =
                (0..50).into_par_iter().map(|number| spill.store(&list(number)).unwrap()).collect();
            let is_held = |stored: &&Stored<u64>| match stored {
                Stored::Held(held) => {
                    assert_eq!(matches!(held, Held::Paged(_)), length == 3000);
                    true
                }
                Stored::Written { .. } => false,
            };
            let held = stored.iter().filter(is_held).count();
            assert_eq!(held as u64, (limit / (8 * length)).min(50));
            let mut buffer = Vec::new();
            for (number, stored) in (0..).zip(&stored) {
                assert_eq!(spill.read_all(stored, &mut buffer).unwrap(), list(number));
                let part = spill.read(stored, 7..9, &mut buffer).unwrap();
                assert_eq!(part, [number + 7, number + 8]);
            }
        }
    }

    #[test]
    fn what_is_held_elsewhere_is_taken_off_and_something_is_left() {
        let workspace = Workspace::new(&std::env::temp_dir(), 900 << 20, 1 << 30);
        assert_eq!(workspace.beside(100 << 20).memory(), 800 << 20);
        assert_eq!(workspace.beside(1 << 40).memory(), 300 << 20);
        assert_eq!(workspace.beside(100 << 20).beside(100 << 20).memory(), 700 << 20);
        assert_eq!(workspace.beside(1 << 40).held, workspace.held);
    }

    #[test]
    fn what_is_read_in_no_order_is_held_if_it_fits() {
        let workspace = Workspace::new(&std::env::temp_dir(), 1 << 30, 1 << 20);
        let held = |bytes, most| {
            let spill = workspace.spill_for(bytes, most);
            let stored = spill.store(&vec![0u8; 1 << 20]).unwrap();
            matches!(stored, Stored::Held(_))
        };
        assert!(held(1 << 20, 1 << 20) && held(0, 1 << 21));
        assert!(!held(1 << 22, 1 << 21));
    }

    #[test]
    fn the_file_of_a_spill_serves_the_next_and_no_two_at_a_time() {
        let workspace = Workspace::new(&std::env::temp_dir(), 1 << 20, 1 << 20);
        let spill = || workspace.spill_beyond(0);
        let idle = || workspace.idle.0.lock().unwrap().iter().map(length).collect::<Vec<_>>();
        let (long, short) = (spill(), spill());
        long.store(&[1u8; 1000]).unwrap();
        short.store(&[2u8; 10]).unwrap();
        assert!(idle().is_empty());
        drop((long, short));
        assert_eq!(idle(), [1000, 10]);
        // Nothing is taken before it is needed, and then the longest.
        let spills = [spill(), spill(), spill()];
        assert_eq!(idle(), [1000, 10]);
        let stored: Vec<Stored<u8>> =
            (3..).zip(&spills).map(|(byte, spill)| spill.store(&[byte; 20]).unwrap()).collect();
        assert!(idle().is_empty());
        for ((byte, spill), stored) in (3..).zip(&spills).zip(&stored) {
            assert_eq!(spill.read_all(stored, &mut Vec::new()).unwrap(), [byte; 20]);
        }
        let lengths = spills.each_ref().map(|spill| length(spill.file().unwrap()));
        assert_eq!(lengths, [1000, 20, 20]);
        // A spill may outlive the workspace.
        let [first, ..] = spills;
        drop(workspace);
        assert_eq!(first.read_all(&stored[0], &mut Vec::new()).unwrap(), [3; 20]);
    }

    #[test]
    fn a_folder_that_cannot_be_written_to_is_named() {
        let spill = Spill::new(Path::new("no/such/folder"), 0);
        let message = spill.store(&[1u8]).unwrap_err().to_string();
        assert!(message.starts_with("no/such/folder: "), "{message}");
    }
}
