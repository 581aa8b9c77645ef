//! Where data goes: stdout, a file that is whole or not there, a device or pipe.

use std::fs::{self, File};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use dittograph::error::{Error, Result};
use serde::Serialize;
use tempfile::NamedTempFile;

use super::interrupt;
use super::synced::write_synced;

/// An output that is open before the work starts, so that a bad path is told at once.
pub struct Output {
    /// What the user called it.
    name: String,
    place: Place,
}

enum Place {
    Stdout,
    /// A device or a pipe, written directly.
    Direct(File),
    /// A regular file: written beside, and renamed when it is whole.
    Beside(PathBuf, NamedTempFile),
}

impl Output {
    /// Standard output, if there is no path or it is `-`.
    ///
    /// # Errors
    /// The system's, of the path as the user typed it.
    pub fn open(path: Option<&Path>) -> Result<Self> {
        match path.filter(|path| *path != Path::new("-")) {
            None => Ok(Output { name: "standard output".to_owned(), place: Place::Stdout }),
            Some(path) => {
                let place = open_place(path).map_err(|error| Error::io(path, error))?;
                Ok(Output { name: path.display().to_string(), place })
            }
        }
    }

    /// Whether it takes the place of a file that is there.
    pub fn replaces(&self) -> bool {
        matches!(&self.place, Place::Beside(path, _) if path.exists())
    }

    /// Whether somebody looks at what is written.
    pub fn is_terminal(&self) -> bool {
        matches!(self.place, Place::Stdout) && io::stdout().is_terminal()
    }

    /// Writes everything, and puts the file in its place.
    ///
    /// # Errors
    /// The system's; a file that was there before is then as it was.
    pub fn finish(self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
        let written = match self.place {
            Place::Stdout => unless_closed(write(&mut io::stdout().lock())),
            Place::Direct(mut file) => unless_closed(write(&mut file)),
            Place::Beside(path, file) => {
                let temporary = file.path().to_owned();
                let written = write_synced(file.as_file(), write);
                interrupt::forget(&temporary, || {
                    written
                        .and_then(|()| file.persist(&path).map_err(|error| error.error))
                        .map(drop)
                })
            }
        };
        // What is written may itself have to be read, and then that is what failed.
        written.map_err(|error| match error.downcast::<Error>() {
            Ok(error) => error,
            Err(error) => Error::io(&self.name, error),
        })
    }

    /// Writes a value as JSON, in lines, and puts the file in its place.
    ///
    /// # Errors
    /// Those of [`finish`](Self::finish).
    pub fn finish_json(self, value: &impl Serialize) -> Result<()> {
        self.finish(|out| {
            serde_json::to_writer_pretty(&mut *out, value)?;
            out.write_all(b"\n")
        })
    }
}

fn open_place(path: &Path) -> io::Result<Place> {
    let path = written_through(path)?;
    let before = fs::metadata(&path).ok();
    match &before {
        Some(metadata) if metadata.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
        Some(metadata) if !metadata.is_file() => {
            return Ok(Place::Direct(File::options().write(true).open(path)?));
        }
        _ => {}
    }
    let folder =
        path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Asked for its own sake: the error of a temporary file would name that file.
    fs::read_dir(folder)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".dittograph-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let file = builder.tempfile_in(folder).map_err(|error| io::Error::from(error.kind()))?;
    if let Some(metadata) = before {
        file.as_file().set_permissions(metadata.permissions())?;
    }
    interrupt::remember(file.path());
    Ok(Place::Beside(path, file))
}

/// Where a path leads: a link is written through, not replaced, even one to nothing yet.
fn written_through(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..40 {
        match fs::read_link(&path) {
            Ok(target) => path = path.parent().unwrap_or(Path::new("")).join(target),
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("too many levels of symbolic links"))
}

/// A reader that has seen enough, such as `head`, is no error.
pub fn unless_closed(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
