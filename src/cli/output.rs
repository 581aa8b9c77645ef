//! Where data goes: stdout, a file that is whole or not there, a device or pipe.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use tempfile::NamedTempFile;

use super::interrupt;

/// An output that is open before the work starts, so that a bad path is told at once.
pub enum Output {
    /// Standard output.
    Stdout,
    /// A device or a pipe, written directly.
    Direct(PathBuf, File),
    /// A regular file: written beside, and renamed when it is whole.
    Beside(PathBuf, NamedTempFile),
}

impl Output {
    /// Standard output, if there is no path or it is `-`.
    pub fn open(path: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = path.filter(|path| *path != Path::new("-")) else {
            return Ok(Output::Stdout);
        };
        Self::open_file(path).with_context(|| path.display().to_string())
    }

    fn open_file(path: &Path) -> io::Result<Self> {
        // A link is written through, not replaced.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Ok(metadata) if !metadata.is_file() => {
                return Ok(Output::Direct(path.clone(), File::options().write(true).open(path)?));
            }
            _ => {}
        }
        let folder =
            path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut builder = tempfile::Builder::new();
        builder.prefix(".dittograph-");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode =
                fs::metadata(&path).map_or(0o666, |metadata| metadata.permissions().mode() & 0o777);
            builder.permissions(fs::Permissions::from_mode(mode));
        }
        let file = builder.tempfile_in(folder)?;
        interrupt::remember(file.path());
        Ok(Output::Beside(path, file))
    }

    /// Writes everything, and puts the file in its place.
    pub fn finish(
        self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> anyhow::Result<()> {
        match self {
            Output::Stdout => {
                unless_closed(write(&mut io::stdout().lock())).context("standard output")
            }
            Output::Direct(path, mut file) => {
                unless_closed(write(&mut file)).with_context(|| path.display().to_string())
            }
            Output::Beside(path, mut file) => {
                let temporary = file.path().to_owned();
                let written = write(&mut file).and_then(|()| file.as_file().sync_all());
                interrupt::forget(&temporary, || {
                    written
                        .and_then(|()| file.persist(&path).map_err(|error| error.error))
                        .map(drop)
                })
                .with_context(|| path.display().to_string())
            }
        }
    }
}

/// A reader that has seen enough, such as `head`, is no error.
pub fn unless_closed(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
