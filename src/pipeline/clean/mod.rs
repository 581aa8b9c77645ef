//! A corpus to a cleaned corpus.
//!
//! In: PATHs and [`CleanOptions`]. Out: a cleaned copy in a folder, or what it would lack.
//! The work goes in rounds over the documents as they stand: lines that are furniture go, then
//! passages that repeat, then documents that are duplicates, until a round finds nothing
//! ([`Cleaner::clean`]). A round knows nothing of the one before but what it left, so that
//! cleaning what was cleaned changes nothing. What goes is written down in a [`Ledger`] by
//! its place in the original text; later readings leave it out
//! ([`Omissions`](crate::read::Omissions)), and only at the end are files written.

mod across;
mod extract;
mod look;
mod options;
mod pages;
mod show;
mod sources;
mod summary;
mod write;

use std::collections::BTreeMap;
use std::path::PathBuf;

use ahash::{AHashMap, AHashSet, RandomState};

pub use options::{CleanOptions, Destination, Keep, PageFormat, Show, SourceRule};
pub use show::Removal;
pub use summary::{CleanSummary, ReasonCounts};

use crate::clean::{
    Alike, Cut, Folder, Furniture, Kept, Ledger, Left, Likeness, LineKey, LineTable, Reason,
    SENTENCE_SHARE, Targets, kept_documents, share_in,
};
use crate::document::{DocId, Document, Span};
use crate::error::{Error, ErrorKind, Result};
use crate::join::Lists;
use crate::lsh::Bands;
use crate::passage::Aligner;
use crate::pipeline::documents::{DocumentPairs, Suspects};
use crate::pipeline::sides::Sides;
use crate::pipeline::survey::Sketched;
use crate::pipeline::{Clock, Find, Plan};
use crate::progress::Progress;
use crate::read::{Collect, Corpus};
use crate::spill::Workspace;
use crate::text::{Tokenizer, Tokens};

use look::{Looked, Looker};
use pages::{PageCuts, TextCut};
use sources::Sources;

/// More rounds than any corpus has needed. What the last of them cuts stays cut; only that a second
/// run finds nothing more is then not promised.
const MOST_ROUNDS: u32 = 50;

/// What was cleaned.
#[derive(Debug)]
pub struct Cleaned {
    /// What was done.
    pub summary: CleanSummary,
    /// What could not be read.
    pub problems: Vec<Error>,
    /// What the user should know although nothing failed.
    pub notices: Vec<String>,
}

/// Cleans the corpus below `paths`.
///
/// # Errors
/// Options that make no sense; a folder that cannot be written into; names that lead outside of it;
/// a file that changes while it is read; the system's.
pub fn clean(
    paths: &[PathBuf],
    options: &CleanOptions,
    destination: Destination<'_>,
    progress: &dyn Progress,
) -> Result<Cleaned> {
    let mut clock = Clock::start();
    let options = &options.checked()?;
    let plan = Plan::new(&options.scan)?;
    if let Destination::Folder(folder) = &destination {
        Folder::check(folder, paths, options.force)?;
    }
    let corpus = Corpus::open(paths, options.scan.read.clone())?;
    let targets = targets(&corpus)?;
    let workspace =
        Workspace::new(&options.scan.read.temp_dir, options.scan.memory, corpus.bytes());
    let mut cleaner = Cleaner::new(corpus, options, plan, &workspace, progress)?;
    clock.lap("read");
    let formats = cleaner.formats();
    let targets = cleaner.renamed(&targets, &formats)?;
    cleaner.clean(&mut clock)?;
    clock.lap("find what to cut");
    let mut summary = cleaner.summary();
    match destination {
        // Where nothing could be found, nothing is written that could be taken for the whole.
        Destination::Folder(_) if targets.0.is_empty() => {}
        Destination::Folder(folder) => {
            cleaner.write(&folder, (&targets, &formats), &mut summary)?;
        }
        Destination::Shown(show, out) => cleaner.show(show, out)?,
    }
    clock.lap("write");
    summary.seconds = clock.seconds();
    summary.stages = clock.laps;
    let Sketched { problems, notices, .. } = cleaner.sketched;
    Ok(Cleaned { summary, problems, notices })
}

/// Where the files of the corpus belong below the output folder.
fn targets(corpus: &Corpus) -> Result<Targets> {
    if let Some(pipe) = corpus.files().iter().find(|file| file.is_unnamed()) {
        let message = "it has no name to be written under".to_owned();
        return Err(Error::new(ErrorKind::Name(message)).at_path(&pipe.name));
    }
    Targets::of(corpus.files().iter().map(|file| file.target.as_path()))
}

impl CleanOptions {
    /// The options as the stages need them.
    fn checked(&self) -> Result<Self> {
        if self.furniture_documents < 2 {
            return Err(Error::options(
                "`--furniture-documents` must be at least 2: every line stands in one document",
            ));
        }
        let mut checked = self.clone();
        checked.scan.find = if self.across { Find::All } else { Find::Documents };
        checked.scan.inside_duplicates = false;
        // An archive is copied as it is.
        checked.scan.read.archives = false;
        if let SourceRule::Field(field) = &self.source {
            checked.scan.read.extra_fields.push(field.clone());
        }
        checked.scan.read.extra_fields.extend(self.date_field.clone());
        Ok(checked)
    }
}

/// A corpus that is being cleaned.
struct Cleaner<'a> {
    corpus: Corpus,
    options: &'a CleanOptions,
    plan: Plan,
    workspace: &'a Workspace,
    progress: &'a dyn Progress,
    /// The documents as they stand.
    sketched: Sketched,
    lines: LineTable,
    /// Bytes and words of the original texts.
    lengths: Vec<u32>,
    words: Vec<u32>,
    /// Documents that are left as they are.
    fixed: Vec<bool>,
    sources: Sources,
    /// The place of each source in the list of [`Keep::Priority`], if that is how copies are chosen.
    priority: Vec<i64>,
    keep_text: AHashSet<LineKey>,
    ledger: Ledger,
    /// The text of each line that was cut as furniture.
    furniture_text: AHashMap<LineKey, String>,
    /// Whether texts have changed since they were last looked at.
    is_stale: bool,
    rounds: u32,
}

impl<'a> Cleaner<'a> {
    fn new(
        mut corpus: Corpus,
        options: &'a CleanOptions,
        plan: Plan,
        workspace: &'a Workspace,
        progress: &'a dyn Progress,
    ) -> Result<Self> {
        let mut tokenizer = Tokenizer::new(plan.sketch.seed);
        let lines = options.keep_text.iter();
        let keep_text: AHashSet<LineKey> = lines
            .filter_map(|line| LineKey::of(Tokens::of(line, &mut tokenizer).hashes()))
            .collect();
        let looker = Looker::new(&plan, &keep_text, workspace);
        let survey = corpus.survey(progress, &looker)?;
        let looked = looker.assemble(survey.units, true);
        let Looked { facts, lengths, faithful, lists, lines, prints, texts } = looked;
        let is_extracted = |document: u32| survey.catalog.is_extracted(DocId(document));
        let mut fixed: Vec<bool> =
            (0..).zip(faithful).map(|(one, faithful)| !faithful && !is_extracted(one)).collect();
        // Of a file that could not be read to its end nobody knows what else is in it.
        let broken: AHashSet<&str> = survey
            .problems
            .iter()
            .filter(|one| {
                matches!(
                    one.kind(),
                    ErrorKind::Damaged { .. } | ErrorKind::Window | ErrorKind::Io(_)
                )
            })
            .filter_map(Error::path)
            .collect();
        for (number, file) in corpus.files().iter().enumerate() {
            if broken.contains(&*file.path.display().to_string()) {
                let documents = survey.catalog.documents_of(number);
                fixed[documents.start as usize..documents.end as usize].fill(true);
            }
        }
        let mut sources = Sources::find(&corpus, &survey.catalog, options, progress)?;
        let mut notices = survey.notices;
        notices.append(&mut sources.notices);
        let mut priority = Vec::new();
        if let Keep::Priority(order) = &options.keep {
            // The first place of a name that is listed twice.
            let places = order.iter().enumerate().rev();
            let places: BTreeMap<&str, i64> =
                places.map(|(place, name)| (name.as_str(), place as i64)).collect();
            let place = |name: &String| places.get(&**name).copied().unwrap_or(i64::MAX);
            priority.extend(sources.names.iter().map(place));
        }
        Ok(Cleaner {
            words: facts.iter().map(|facts| facts.tokens).collect(),
            sketched: Sketched {
                catalog: survey.catalog,
                totals: survey.totals,
                problems: survey.problems,
                notices,
                facts,
                lists,
                bands: Bands::default(),
                prints,
                texts,
                within: Vec::new(),
                sides: Sides::default(),
            },
            corpus,
            options,
            plan,
            workspace,
            progress,
            lines,
            lengths,
            fixed,
            sources,
            priority,
            keep_text,
            ledger: Ledger::default(),
            furniture_text: AHashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4)),
            is_stale: false,
            rounds: 0,
        })
    }

    fn documents(&self) -> Vec<DocId> {
        (0..self.sketched.catalog.len() as u32).map(DocId).collect()
    }

    /// Rounds, until one finds nothing to cut.
    fn clean(&mut self, clock: &mut Clock) -> Result<()> {
        // Documents whose text was not yet searched for repeats as it stands.
        let mut unsearched: Vec<DocId> = self.documents();
        // The furniture of the round before, and the documents that had some.
        let mut had: (Furniture, Vec<DocId>) = Default::default();
        let mut are_unmatched = true;
        for _ in 0..MOST_ROUNDS {
            self.rounds += 1;
            let mut changed: Vec<DocId> = Vec::new();
            self.look_again()?;
            let (furniture, having) = self.furniture()?;
            let cuts = self.furniture_cuts(&furniture, &having)?;
            changed.extend(self.cut(cuts)?);
            unsearched.extend(&changed);
            // Whether the first line is furniture decides which line is taken for the headline, and
            // that is never cut: where lines are no longer furniture, others may go.
            if furniture != had.0 {
                unsearched.extend(had.1.iter().chain(&having));
                are_unmatched |= self.options.across;
            }
            unsearched.sort_unstable();
            unsearched.dedup();
            clock.lap("furniture");
            let cuts = self.passage_cuts(&unsearched, &furniture)?;
            unsearched = self.cut(cuts)?;
            changed.extend(&unsearched);
            clock.lap("repeats");
            are_unmatched |= !changed.is_empty();
            if are_unmatched {
                self.look_again()?;
                let suspects = Suspects::find(
                    &self.sketched,
                    &self.plan,
                    self.workspace,
                    clock,
                    self.progress,
                )?;
                let found = DocumentPairs::verify(
                    suspects,
                    &self.corpus,
                    &self.sketched,
                    &self.plan,
                    self.workspace,
                    clock,
                    self.progress,
                )?;
                let dropped = self.drop_duplicates(&found)?;
                clock.lap("duplicates");
                let mut cut = Vec::new();
                if self.options.across {
                    let cuts = self.across_cuts(&found, &furniture)?;
                    cut = self.cut(cuts)?;
                    self.is_stale = true;
                    clock.lap("across");
                }
                // In a crowd not all are compared with all, so that fewer of them show more.
                let may_show_more =
                    !dropped.is_empty() && (self.options.across || !found.crowded.is_empty());
                let came_back = dropped.iter().any(|&document| !self.ledger.is_dropped(document));
                are_unmatched = !cut.is_empty() || came_back || may_show_more;
                let still_there = |document: &DocId| !self.ledger.is_dropped(*document);
                unsearched.extend(cut.iter().copied());
                unsearched.extend(dropped.iter().copied().filter(still_there));
                changed.extend(dropped);
                changed.extend(cut);
            }
            had = (furniture, having);
            if changed.is_empty() {
                break;
            }
        }
        self.sketched.lists = Lists::default();
        Ok(())
    }

    /// Looks at the documents as they stand, if they stand otherwise than when last looked at.
    fn look_again(&mut self) -> Result<()> {
        if !self.is_stale {
            return Ok(());
        }
        let looker = Looker::new(&self.plan, &self.keep_text, self.workspace);
        let stage = ("reading again", self.progress);
        let catalog = &self.sketched.catalog;
        let units = self.corpus.revisit(catalog, &self.documents(), stage, &looker)?;
        let Looked { facts, lists, lines, prints, texts, .. } = looker.assemble(units, false);
        (self.sketched.facts, self.sketched.lists) = (facts, lists);
        (self.sketched.prints, self.sketched.texts) = (prints, texts);
        self.lines = lines;
        self.is_stale = false;
        Ok(())
    }

    /// Makes cuts in texts as they stand. Gives the documents that changed, those too to which something came back.
    fn cut(&mut self, cuts: PageCuts) -> Result<Vec<DocId>> {
        let mut made = Vec::with_capacity(cuts.len());
        let mut left: AHashMap<DocId, Left> =
            AHashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
        for (document, cut) in cuts {
            let TextCut { span, reason, kept, similarity, words, line } = cut;
            let mut in_original = |document: DocId, span: Span| {
                let left = left.entry(document);
                left.or_insert_with(|| Left::without(self.ledger.gone(document))).in_original(span)
            };
            let kept = kept.map(|(document, span)| {
                let pieces = in_original(document, span);
                let hull = pieces.iter().copied().reduce(Span::hull).unwrap_or(span);
                Kept { document, span: hull }
            });
            let spans = in_original(document, span);
            if let Some((key, text)) = &line {
                self.furniture_text.entry(*key).or_insert_with(|| text.clone());
            }
            let line = line.map(|(key, _)| key.0);
            let cut = Cut { spans, reason, kept, similarity, words, line };
            if self.ledger.allows(document, &cut) {
                made.push((document, cut));
            }
        }
        self.move_copies(&made)?;
        Ok(self.record(made))
    }

    /// Where cuts would take the copy of an earlier one in favour of a third that has as much of the text,
    /// names this instead.
    fn move_copies(&mut self, made: &[(DocId, Cut)]) -> Result<()> {
        let losses = self.ledger.losses(made);
        let mut wanted: Vec<DocId> =
            losses.iter().flat_map(|loss| [loss.document, loss.instead.document]).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let visitor = Collect {
            begin: Vec::new,
            visit: |texts: &mut Vec<(DocId, String)>, id, document: Document<'_>| {
                texts.push((id, document.text.to_owned()));
            },
        };
        let stage = ("comparing copies", self.progress);
        let units = self.corpus.revisit_whole(&self.sketched.catalog, &wanted, stage, &visitor)?;
        let texts: AHashMap<DocId, String> = units.into_iter().flatten().collect();
        let (mut tokenizer, mut aligner) =
            (Tokenizer::new(self.plan.sketch.seed), Aligner::default());
        for loss in &losses {
            let text = |document: DocId, spans: &[Span]| -> String {
                let text = texts.get(&document).map_or("", String::as_str);
                spans.iter().filter_map(|span| text.get(span.range())).collect()
            };
            let earlier = loss.cut(&self.ledger);
            let lost = text(loss.document, &earlier.spans);
            let instead = text(loss.instead.document, &[loss.instead.span]);
            let least = match earlier.similarity {
                Some(similarity) if similarity < SENTENCE_SHARE => {
                    self.plan.options.passages.min_similarity
                }
                _ => SENTENCE_SHARE,
            };
            match share_in(&lost, &instead, &mut tokenizer, &mut aligner) {
                Some(share) if share >= least => self.ledger.move_copy(loss, share),
                _ => {}
            }
        }
        Ok(())
    }

    fn record(&mut self, cuts: Vec<(DocId, Cut)>) -> Vec<DocId> {
        let changed = self.ledger.cut(cuts);
        for &document in &changed {
            let length = self.lengths[document.index()];
            self.corpus.omissions_mut().set(document, length, self.ledger.gone(document));
            // What is gone as a whole needs no second look.
            self.is_stale |= !self.ledger.is_dropped(document);
        }
        changed
    }

    /// The place of a document in the order of preference, the smallest first.
    fn rank(&self, document: DocId) -> (bool, i64) {
        let rank = match &self.options.keep {
            Keep::First => 0,
            Keep::Longest => -i64::from(self.sketched.facts[document.index()].tokens),
            Keep::Newest => self.sources.date(document).map_or(i64::MAX, |date| -date.0),
            Keep::Priority(_) => self.priority[self.sources.of[document.index()] as usize],
        };
        // What cannot be cut stays in any case.
        (!self.fixed[document.index()], rank)
    }

    /// Drops documents that are duplicates of others. Gives those that went or came back.
    fn drop_duplicates(&mut self, found: &DocumentPairs) -> Result<Vec<DocId>> {
        let copies = &found.copies;
        let best = |first: DocId| {
            let group = copies.group(&first).iter().copied();
            group.min_by_key(|&document| (self.rank(document), document)).unwrap_or(first)
        };
        let mut sizes: AHashMap<DocId, u64> =
            AHashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
        let mut pairs = Vec::new();
        for (pair, contained) in found
            .near
            .iter()
            .map(|pair| (pair, false))
            .chain(found.contained.iter().map(|pair| (pair, true)))
        {
            let words = |document: DocId| self.sketched.facts[document.index()].tokens;
            let size = |size: u32, first: DocId| u64::from(size) << 32 | u64::from(words(first));
            let (size_a, size_b) = (size(pair.size_a, pair.a), size(pair.size_b, pair.b));
            let (a, b) = (best(pair.a), best(pair.b));
            sizes.insert(a, size_a);
            sizes.insert(b, size_b);
            let similarity = if contained { pair.containment() } else { pair.jaccard() };
            let likeness = Likeness { similarity, contained };
            let a_is_larger = (size_a, b) > (size_b, a);
            let (one, other) = if !contained || a_is_larger { (a, b) } else { (b, a) };
            pairs.push(Alike { one, other, likeness });
        }
        let size = |document: DocId| sizes.get(&document).copied().unwrap_or(0);
        let is_fixed = |document: DocId| self.fixed[document.index()];
        let gone = kept_documents(&pairs, |document| self.rank(document), size, is_fixed);
        let kept_of = |document: DocId| {
            let place = gone.binary_search_by_key(&document, |one| one.0).ok()?;
            Some((gone[place].1, gone[place].2.similarity))
        };
        let mut cuts: Vec<(DocId, Cut)> = Vec::new();
        let mut drop = |document: DocId, kept: DocId, similarity: f64| {
            let whole = |document: DocId| Span { start: 0, end: self.lengths[document.index()] };
            let cut = Cut {
                spans: vec![whole(document)],
                reason: Reason::DuplicateDocument,
                kept: Some(Kept { document: kept, span: whole(kept) }),
                similarity: Some(similarity),
                words: self.words[document.index()],
                line: None,
            };
            cuts.push((document, cut));
        };
        for &(document, kept, likeness) in &gone {
            drop(document, kept, likeness.similarity);
        }
        for group in &copies.groups {
            let best = best(group[0]);
            let (kept, similarity) = kept_of(best).unwrap_or((best, 1.0));
            for &document in group.iter().filter(|&&one| one != best && !is_fixed(one)) {
                drop(document, kept, similarity);
            }
        }
        Ok(self.record(cuts))
    }
}
