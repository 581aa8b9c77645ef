//! Evidence to cuts: what is to go from a corpus, and why.
//!
//! In: documents as they stand, and what the earlier stages found in them. Out: [`Cut`]s, each
//! with its [`Reason`] and, of a duplicate or a repeat, with the copy that stays; the
//! [`Ledger`] that keeps them; and the written [folder](Folder) with the tables from which
//! [`restore`] makes the original again.
//!
//! What is cut is whole: a document, a block (a line, or the lines that a paragraph was
//! wrapped into) or a sentence ([`Page`]). Furniture is what many unlike documents of one source share
//! ([`furniture`]); of a passage that repeats, [`Repeats`](crate::passage::Repeats) is the
//! evidence and [`repeats`] chooses the side to cut; [`captions`] are asked for; and of
//! duplicate documents [`kept_documents`] chooses those that stay.

mod captions;
mod date;
mod duplicates;
mod folder;
mod furniture;
mod ledger;
mod page;
mod repeats;
mod restore;
mod rewrite;
mod rows;
mod spans;
mod tables;

pub use captions::captions;
pub use date::Date;
pub use duplicates::{Alike, Likeness, kept_documents};
pub use folder::{Folder, KEPT, REMOVED, Targets, escaped_path};
pub use furniture::{
    Furniture, LineKey, LineTable, LineTableBuilder, UnitLines, UnitVoices, VoiceBuilder, Voices,
    furniture,
};
pub use ledger::{Cut, Kept, Ledger, Loss};
pub use page::{Blocks, Page, Piece, is_punctuated};
pub use repeats::{Covered, PageCut, SENTENCE_SHARE, covered_by, repeats, share_in};
pub use restore::{ROWS, Restored, form_name, restore};
pub use rewrite::{Change, Rewriter, compressed};
pub use spans::Left;
pub use tables::{
    Action, KEPT_COLUMNS, KeptRow, REMOVED_COLUMNS, RemovedRow, header, lines, text_hash,
};

/// Why something is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The document is exactly or nearly another one, or stands in it.
    DuplicateDocument,
    /// The passage stands elsewhere in the document, or with `--across` in another one.
    RepeatedPassage,
    /// The line stands in many documents of the source.
    Furniture,
    /// The caption has hardly a word of its own.
    Caption,
}

impl Reason {
    /// All reasons, in the order of the summary.
    pub const ALL: [Reason; 4] =
        [Reason::DuplicateDocument, Reason::RepeatedPassage, Reason::Furniture, Reason::Caption];

    /// Its name in the output.
    pub fn name(self) -> &'static str {
        match self {
            Reason::DuplicateDocument => "duplicate-document",
            Reason::RepeatedPassage => "repeated-passage",
            Reason::Furniture => "furniture",
            Reason::Caption => "caption",
        }
    }
}
