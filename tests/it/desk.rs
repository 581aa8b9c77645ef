//! A [`Desk`] is a temporary folder in which the program runs; a [`Session`] is
//! one run, which prints as a transcript, and that is what the snapshots hold.

use std::fmt;
use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread::sleep;
use std::time::{Duration, Instant};

use flate2::write::GzEncoder;
use serde_json::json;
use tempfile::TempDir;

/// A document that is short in the snapshots, and whose encoding matters.
pub const STORY: &str =
    "The ferry to Quai Étoile leaves at nine on market days, café open aboard.\n";

/// A folder with files, and the program to run there.
pub struct Desk {
    pub folder: TempDir,
}

impl Desk {
    pub fn new() -> Self {
        Desk { folder: TempDir::new().unwrap() }
    }

    /// With the corpus that the repository ships, in `corpus`.
    pub fn with_sample() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        walk(&root.join("corpus")).iter().fold(Desk::new(), |desk, file| {
            desk.file(file.strip_prefix(root).unwrap(), fs::read(file).unwrap())
        })
    }

    /// With the same story in each file.
    pub fn with_stories(names: &[&str]) -> Self {
        names.iter().fold(Desk::new(), |desk, name| desk.file(name, STORY))
    }

    /// With the same story twice: one duplicate to be found.
    pub fn with_pair() -> Self {
        Desk::with_stories(&["pair/one.txt", "pair/two.txt"])
    }

    pub fn file(self, name: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
        self
    }

    pub fn link(self, name: &str, target: impl AsRef<Path>) -> Self {
        symlink(target, self.path(name)).unwrap();
        self
    }

    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Everything that lies in the folder, hidden files too.
    pub fn names(&self) -> Vec<String> {
        let name = |path: PathBuf| path.strip_prefix(&self.folder).unwrap().display().to_string();
        walk(self.folder.path()).into_iter().map(name).collect()
    }

    pub fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dittograph"));
        command.current_dir(&self.folder).env_remove("COLUMNS").args(arguments.split_whitespace());
        command
    }

    pub fn run(&self, arguments: &str) -> Session {
        self.feed("", arguments)
    }

    /// Runs with `input` on stdin.
    pub fn feed(&self, input: impl AsRef<[u8]>, arguments: &str) -> Session {
        let output = assert_cmd::Command::from_std(self.command(arguments))
            .write_stdin(input.as_ref())
            .timeout(Duration::from_secs(120))
            .output()
            .unwrap();
        Session::new(arguments, &output)
    }

    /// Several runs, one transcript after the other.
    pub fn runs(&self, all: &[&str]) -> String {
        all.iter().map(|arguments| format!("{}\n", self.run(arguments))).collect()
    }
}

/// One run of the program.
pub struct Session {
    arguments: String,
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Session {
    /// What the run gave, but for the time and the memory it took.
    pub fn new(arguments: &str, output: &Output) -> Self {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        let known = |line: &str| match line.starts_with("took ") {
            true => "took       [TIME, MEMORY]\n".to_owned(),
            false => line.to_owned(),
        };
        Session {
            arguments: arguments.to_owned(),
            code: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr).split_inclusive('\n').map(known).collect(),
        }
    }

    /// The rows of a run that read everything, as `kind doc_a:line_a doc_b:line_b`.
    pub fn rows(&self) -> String {
        assert_eq!(self.code, Some(0), "{self}");
        let mut rows = csv::Reader::from_reader(self.stdout.as_bytes());
        let header = rows.headers().unwrap().clone();
        let column = |name: &str| header.iter().position(|other| other == name).unwrap();
        let shown = ["kind", "doc_a", "line_a", "doc_b", "line_b"].map(column);
        let row = |row: csv::StringRecord| {
            let [kind, doc_a, line_a, doc_b, line_b] = shown.map(|column| row[column].to_owned());
            format!("{kind} {doc_a}:{line_a} {doc_b}:{line_b}\n")
        };
        rows.records().map(|found| row(found.unwrap())).collect()
    }
}

impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Session { arguments, code, stdout, stderr } = self;
        let code = code.map_or("by a signal".to_owned(), |code| code.to_string());
        write!(f, "$ dittograph {arguments}\n{stdout}")?;
        if !stderr.is_empty() {
            write!(f, "--- stderr\n{stderr}")?;
        }
        writeln!(f, "--- exit {code}")
    }
}

/// All files below `folder`, sorted; links are not followed.
pub fn walk(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let mut files: Vec<_> = entries
        .flat_map(|entry| match entry.file_type().unwrap().is_dir() {
            true => walk(&entry.path()),
            false => vec![entry.path()],
        })
        .collect();
    files.sort();
    files
}

/// Waits for something that must come soon, but not at a known time.
pub fn until<T>(what: &str, mut poll: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        match poll() {
            Some(found) => return found,
            None => assert!(Instant::now() < deadline, "waited in vain until {what}"),
        }
        sleep(Duration::from_millis(5));
    }
}

/// One gzip member.
pub fn gzip(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes.as_ref()).unwrap();
    encoder.finish().unwrap()
}

/// One Zstandard frame.
pub fn zstd(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    zstd::encode_all(bytes.as_ref(), 3).unwrap()
}

/// A line of JSON.
pub fn line(value: &serde_json::Value) -> String {
    format!("{value}\n")
}

/// Two records, `a` and `b`, with the same story.
pub fn feed() -> String {
    ["a", "b"].map(|id| line(&json!({"id": id, "text": STORY}))).concat()
}
