//! How much memory the machine has, how much the process took, and lists that have pages of their own.

use std::hint::black_box;
use std::io;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use bytemuck::Pod;
use memmap2::MmapMut;
use sysinfo::{MemoryRefreshKind, System};

/// Bytes of memory that this process could take: the machine's, or what its container allows.
pub fn of_machine() -> u64 {
    let mut system = System::new();
    system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
    let allowed = system.cgroup_limits().map_or(u64::MAX, |limits| limits.total_memory);
    system.total_memory().min(allowed)
}

/// The largest resident size of this process so far, in bytes, where the system tells.
pub fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1024)
}

/// Reads a little of each list, so that all are asked for at once: where lists are far from the processor, in no order, many
/// of them come in the time of one.
pub fn touch<'a>(lists: impl Iterator<Item = &'a [u64]>) {
    let of_list = |list: &'a [u64]| list.iter().step_by(WORDS_A_LINE).chain(list.last());
    black_box(lists.flat_map(of_list).fold(0, |sum, word| sum ^ word));
}

/// How many words of 64 bits are in a line of the caches.
const WORDS_A_LINE: usize = 8;

/// Items in pages of their own, which go back to the system at once when they are no more: among others, large lists
/// that come and go leave holes, and the allocator keeps these.
#[derive(Debug)]
pub struct Pages<T> {
    bytes: MmapMut,
    items: PhantomData<T>,
}

impl<T: Pod> Pages<T> {
    /// A table of so many numbers, at least one, all zero at first, in large pages where the system has them: of
    /// one that is larger than the caches and read in no order, every second access would miss the processor's list
    /// of pages otherwise.
    ///
    /// # Errors
    /// The system's, if there is no such memory.
    pub fn zeroed(length: usize) -> io::Result<Self> {
        let bytes = MmapMut::map_anon(length * size_of::<T>())?;
        // Without large pages it is only slower.
        #[cfg(target_os = "linux")]
        let _ = bytes.advise(memmap2::Advice::HugePage);
        Ok(Pages { bytes, items: PhantomData })
    }

    /// A copy of a list that is not empty.
    ///
    /// # Errors
    /// The system's, if there is no such memory.
    pub fn copied(items: &[T]) -> io::Result<Self> {
        let mut bytes = MmapMut::map_anon(size_of_val(items))?;
        bytes.copy_from_slice(bytemuck::cast_slice(items));
        Ok(Pages { bytes, items: PhantomData })
    }
}

impl<T: Pod> Deref for Pages<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        bytemuck::cast_slice(&self.bytes)
    }
}

impl<T: Pod> DerefMut for Pages<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        bytemuck::cast_slice_mut(&mut self.bytes)
    }
}
