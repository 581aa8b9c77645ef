//! Helpers: a cleaned corpus, its tables, and what restoring it gives.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use dittograph::clean::{Action, KeptRow, RemovedRow, restore};
use dittograph::pipeline::{CleanOptions, CleanSummary, Destination, clean};
use dittograph::progress::Silent;
use tempfile::TempDir;

use crate::support::write_files;

/// A corpus that was cleaned, and what was written.
pub struct Cleaning {
    pub output: TempDir,
    pub removed: Vec<RemovedRow>,
    pub kept: Vec<KeptRow>,
    pub summary: CleanSummary,
}

impl Cleaning {
    pub fn of(input: &Path, options: &CleanOptions) -> Self {
        let output = TempDir::new().unwrap();
        let destination = Destination::Folder(output.path().to_owned());
        let cleaned = clean(&[input.to_owned()], options, destination, &Silent).unwrap();
        let table = |name: &str| output.path().join(".dittograph").join(name);
        let removed = csv::Reader::from_path(table("removed.csv")).unwrap();
        let kept = csv::Reader::from_path(table("kept.csv")).unwrap();
        Cleaning {
            removed: removed.into_deserialize().map(Result::unwrap).collect(),
            kept: kept.into_deserialize().map(Result::unwrap).collect(),
            output,
            summary: cleaned.summary,
        }
    }

    /// What was cut, a line each.
    pub fn rows(&self) -> String {
        let row = |row: &RemovedRow| {
            let RemovedRow { document, line, reason, kept, similarity, .. } = row;
            let mut shown = format!("{document}:{line} {reason}");
            if let Some(similarity) = similarity {
                shown.push_str(&format!(" {:.2}", similarity.parse::<f64>().unwrap()));
            }
            if let Some(kept) = kept {
                shown.push_str(&format!(" {kept}"));
            }
            shown + "\n"
        };
        self.removed.iter().map(row).collect()
    }

    /// The documents with this action.
    pub fn kept(&self, action: &str) -> Vec<String> {
        let action = match action {
            "kept" => Action::Kept,
            "cut" => Action::Cut,
            "dropped" => Action::Dropped,
            _ => Action::Copied,
        };
        let with = self.kept.iter().filter(|row| row.action == action);
        with.map(|row| row.document.clone()).collect()
    }

    /// A text file as it was written.
    pub fn text(&self, name: &str) -> String {
        fs::read_to_string(self.output.path().join(name)).unwrap()
    }

    /// Everything that was written, our own tables too.
    pub fn tree(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        tree(self.output.path())
    }

    /// What restoring gives.
    pub fn restored(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let folder = TempDir::new().unwrap();
        restore(self.output.path(), &folder.path().join("original"), false).unwrap();
        tree(&folder.path().join("original"))
    }
}

/// Cleans files that are written for it.
pub fn clean_files<N: AsRef<Path>, C: AsRef<[u8]>>(
    files: &[(N, C)],
    options: &CleanOptions,
) -> Cleaning {
    let folder = TempDir::new().unwrap();
    write_files(folder.path(), files.iter().map(|(name, content)| (name, content)));
    let cleaning = Cleaning::of(folder.path(), options);
    assert!(cleaning.restored() == tree(folder.path()), "not restored: {}", cleaning.rows());
    cleaning
}

/// All files below a folder.
pub fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_owned();
                files.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    files
}
