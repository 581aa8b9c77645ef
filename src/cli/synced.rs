//! Files that are on the disk when they are done.
//!
//! In: a file, and what writes it. Out: the file, synced. The system would leave all of it in memory until
//! it is asked at the end, and the disk would have nothing to do before. So it is asked meanwhile, from a thread that
//! waits in the writer's stead.

use std::fs::File;
use std::io::{self, Write};
use std::sync::mpsc::{self, SyncSender};
use std::thread;

/// How many bytes are written before the disk is asked for them.
const BYTES_A_SYNC: usize = 4 << 20;

/// Has `write` write to a file, and waits until all of it is on the disk.
///
/// # Errors
/// The writer's, and the system's.
pub fn write_synced(
    file: &File,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    thread::scope(|scope| {
        let (due, asked) = mpsc::sync_channel(0);
        let sync = move || asked.iter().try_for_each(|()| file.sync_data());
        // Without a thread it is all synced at the end.
        let syncing = thread::Builder::new().spawn_scoped(scope, sync);
        let written = write(&mut Syncing { file, unsynced: 0, due });
        // The system tells of an error only once: who asks again may hear of none.
        let synced = syncing.map_or(Ok(()), |thread| match thread.join() {
            Ok(synced) => synced,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        written.and(synced).and_then(|()| file.sync_all())
    })
}

/// Writes, and tells when there is enough to sync.
struct Syncing<'f> {
    file: &'f File,
    unsynced: usize,
    due: SyncSender<()>,
}

impl Write for Syncing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.unsynced += written;
        // While the disk is busy it is not asked for more.
        if self.unsynced >= BYTES_A_SYNC && self.due.try_send(()).is_ok() {
            self.unsynced = 0;
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Seek};

    #[test]
    fn all_is_written_in_order_and_an_error_of_the_writer_comes_through() {
        let mut file = tempfile::tempfile().unwrap();
        let part = |number: usize| vec![number as u8; BYTES_A_SYNC / 3 + number];
        write_synced(&file, |out| (0..20).try_for_each(|number| out.write_all(&part(number))))
            .unwrap();
        let mut written = Vec::new();
        file.rewind().unwrap();
        file.read_to_end(&mut written).unwrap();
        assert!(written == (0..20).flat_map(part).collect::<Vec<u8>>());
        let failed = write_synced(&file, |out| {
            out.write_all(&part(1))?;
            Err(io::ErrorKind::InvalidData.into())
        });
        assert_eq!(failed.unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
