//! Bulk data between two processes: lists to a file, and back.
//!
//! In: lists of numbers, lists in a [`Spill`], values. Out: bytes that end in a checksum of all before, so that a
//! file that was cut off or changed is told, not used. Numbers are written in the processor's own byte order,
//! which the [name](FORMAT) of the format tells.

use std::io::{self, Read, Write};

use bytemuck::Pod;
use serde::Serialize;
use serde::de::DeserializeOwned;
use xxhash_rust::xxh3::Xxh3;

use crate::error::{Error, ErrorKind, Result};
use crate::spill::{Spill, Stored};

/// What a file begins with: the format, its version, the byte order.
pub const FORMAT: &[u8; 20] =
    if cfg!(target_endian = "little") { b"dittograph shard 1le" } else { b"dittograph shard 1be" };

/// Writes a file.
pub struct ShelfWriter<'a> {
    out: &'a mut dyn Write,
    sum: Xxh3,
}

impl<'a> ShelfWriter<'a> {
    /// Begins a file.
    ///
    /// # Errors
    /// The writer's.
    pub fn new(out: &'a mut dyn Write) -> io::Result<Self> {
        let mut shelf = ShelfWriter { out, sum: Xxh3::new() };
        shelf.bytes(FORMAT)?;
        Ok(shelf)
    }

    fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sum.update(bytes);
        self.out.write_all(bytes)
    }

    /// Writes a list.
    ///
    /// # Errors
    /// The writer's.
    pub fn list<T: Pod>(&mut self, items: &[T]) -> io::Result<()> {
        let bytes: &[u8] = bytemuck::cast_slice(items);
        self.bytes(&(bytes.len() as u64).to_ne_bytes())?;
        self.bytes(bytes)
    }

    /// Writes a list that was put away.
    ///
    /// # Errors
    /// The writer's; those of [`Spill::read`], inside one.
    pub fn stored<T: Pod>(&mut self, spill: &Spill, stored: &Stored<T>) -> io::Result<()> {
        let mut buffer = Vec::new();
        self.list(spill.read_all(stored, &mut buffer).map_err(io::Error::other)?)
    }

    /// Writes a small value.
    ///
    /// # Errors
    /// The writer's.
    pub fn value(&mut self, value: &impl Serialize) -> io::Result<()> {
        self.list(&serde_json::to_vec(value)?)
    }

    /// Ends the file.
    ///
    /// # Errors
    /// The writer's.
    pub fn finish(mut self) -> io::Result<()> {
        let sum = self.sum.digest();
        self.bytes(&sum.to_ne_bytes())?;
        self.out.flush()
    }
}

/// Reads a file.
pub struct ShelfReader<R> {
    source: R,
    sum: Xxh3,
}

impl<R: Read> ShelfReader<R> {
    /// Begins to read a file.
    ///
    /// # Errors
    /// [`ErrorKind::NotShard`]; the reader's.
    pub fn new(source: R) -> Result<Self> {
        let mut shelf = ShelfReader { source, sum: Xxh3::new() };
        match shelf.bytes(FORMAT.len() as u64) {
            Ok(format) if format == FORMAT => Ok(shelf),
            Ok(_) | Err(_) => Err(Error::new(ErrorKind::NotShard(
                "it was not written by `dittograph sketch` of this version, on such a machine",
            ))),
        }
    }

    fn bytes(&mut self, length: u64) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        // A length that lies does not ask for more memory than there are bytes.
        let read = self.source.by_ref().take(length).read_to_end(&mut bytes);
        read.map_err(|error| Error::new(ErrorKind::Io(error)))?;
        if bytes.len() as u64 != length {
            return Err(Error::new(ErrorKind::NotShard("it ends too early")));
        }
        self.sum.update(&bytes);
        Ok(bytes)
    }

    /// The next list.
    ///
    /// # Errors
    /// [`ErrorKind::NotShard`]; the reader's.
    pub fn list<T: Pod>(&mut self) -> Result<Vec<T>> {
        let length = u64::from_ne_bytes(self.bytes(8)?.try_into().unwrap_or_default());
        let bytes = self.bytes(length)?;
        match bytes.len() % size_of::<T>() {
            0 => Ok(bytemuck::pod_collect_to_vec(&bytes)),
            _ => Err(Error::new(ErrorKind::NotShard("it is damaged"))),
        }
    }

    /// The next list, put away.
    ///
    /// # Errors
    /// Those of [`list`](Self::list) and of [`Spill::store`].
    pub fn stored<T: Pod>(&mut self, spill: &Spill) -> Result<Stored<T>> {
        spill.store(&self.list::<T>()?)
    }

    /// The next small value.
    ///
    /// # Errors
    /// Those of [`list`](Self::list).
    pub fn value<T: DeserializeOwned>(&mut self) -> Result<T> {
        let damaged = |_| Error::new(ErrorKind::NotShard("it is damaged"));
        serde_json::from_slice(&self.list::<u8>()?).map_err(damaged)
    }

    /// Ends reading.
    ///
    /// # Errors
    /// [`ErrorKind::NotShard`], if the file is not as it was written.
    pub fn finish(mut self) -> Result<()> {
        let sum = self.sum.digest();
        let is_as_written = self.bytes(8)? == sum.to_ne_bytes();
        let is_end = self.bytes(1).is_err();
        match is_as_written && is_end {
            true => Ok(()),
            false => Err(Error::new(ErrorKind::NotShard("it is damaged"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<(Vec<u32>, Vec<u64>, String)> {
        let mut shelf = ShelfReader::new(bytes)?;
        let read = (shelf.list()?, shelf.list()?, shelf.value()?);
        shelf.finish()?;
        Ok(read)
    }

    #[test]
    fn what_was_written_comes_back_and_what_was_changed_does_not() {
        let spill = Spill::new(&std::env::temp_dir(), 0);
        let stored = spill.store(&[7u64, 8]).unwrap();
        let mut bytes = Vec::new();
        let mut shelf = ShelfWriter::new(&mut bytes).unwrap();
        shelf.list(&[1u32, 2, 3]).unwrap();
        shelf.stored(&spill, &stored).unwrap();
        shelf.value(&"text").unwrap();
        shelf.finish().unwrap();
        assert_eq!(read(&bytes).unwrap(), (vec![1, 2, 3], vec![7, 8], "text".to_owned()));
        for length in 0..bytes.len() {
            assert!(read(&bytes[..length]).is_err(), "{length}");
        }
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(read(&changed).is_err(), "{at}");
        }
    }
}
