"""`scan`, `clean` and `passages`."""

from __future__ import annotations

import dataclasses
import json
import os
import warnings
from collections.abc import Iterable
from typing import Any, Literal

from dittograph import _native
from dittograph._errors import Error, UnreadableWarning
from dittograph._options import Paths, Source, Texts, paths_of, several, sources
from dittograph._progress import Progress, done, watcher
from dittograph._table import Findings

__all__ = ["Cleaned", "clean", "passages", "scan"]

Format = Literal["text", "jsonl", "csv", "tsv", "html", "warc", "parquet"]


def scan(
    source: Source | None = None,
    *,
    texts: Texts | None = None,
    against: Source | None = None,
    find: Literal["documents", "passages", "all"] = "all",
    threshold: float = 0.8,
    containment: float = 0.9,
    method: Literal["complete", "minhash"] = "complete",
    recall: float = 0.999,
    shingle_size: int = 5,
    min_words: int | None = None,
    min_similarity: float = 0.75,
    pairs: Literal["all", "star"] = "all",
    max_occurrences: int | None = None,
    context: int = 0,
    inside_duplicates: bool = False,
    seed: int = 0,
    text_field: str = "text",
    id_field: str | None = None,
    input_format: Format | None = None,
    html: Literal["main", "all", "text"] = "main",
    write_text: str | os.PathLike[str] | None = None,
    exclude: Iterable[str] = (),
    max_document: int = 64 << 20,
    strict: bool = False,
    memory: int | None = None,
    temp_dir: str | os.PathLike[str] | None = None,
    threads: int | None = None,
    progress: bool | Progress | None = None,
) -> Findings:
    """Finds every duplicate: exact, near and contained documents and repeated passages, each verified.

    The rows are those of ``dittograph scan`` with the options of the same names, byte for byte.

    Args:
        source: Files and folders, as for the program; or a table of documents in memory: a frame of
            pandas or Polars, a table of PyArrow, a relation of DuckDB, whatever exports Apache Arrow. It is
            shared, not copied.
        texts: In the place of ``source``, texts themselves: a list, a series, a column.
        against: Reference documents, of either kind: only rows between them and ``source`` are given.
        find: What to find.
        threshold: Least Jaccard similarity of two near-duplicate documents, over runs of five words.
        containment: Least share of a document's shingles that a larger one must have to contain it.
        method: ``complete`` misses no pair; ``minhash`` may miss as many as ``recall`` allows.
        recall: Least share of the pairs at the threshold that ``minhash`` must find.
        shingle_size: How many words in a row make a shingle.
        min_words: Fewest words of a repeated passage; 12 across documents and 8 within one by default.
        min_similarity: Least share of a passage's words that must align, in order, with its repeat.
        pairs: Which rows to give of a cluster: every pair, or each document beside its kept one.
        max_occurrences: Of how many occurrences of a passage to give rows at most.
        context: How many words before and after each passage to give, in four more columns.
        inside_duplicates: Whether passages are listed also between documents that are duplicates as a whole.
        seed: Seed of all hashes.
        text_field: The field or column that holds the text; nested ones with dots.
        id_field: The field or column that holds the id, ``"id"`` where there is one. Rows in memory are called by
            it, those without one by their number from 0.
        input_format: The format of every file, instead of finding out.
        html: What to read of pages of HTML.
        write_text: A folder to write the text into that was read of each page.
        exclude: Globs of what to leave out.
        max_document: Longest document in bytes; longer ones are reported and left out.
        strict: Raise at the first file or record that cannot be read.
        memory: How many bytes of memory to use; half of what there is by default.
        temp_dir: Where to put temporary files.
        threads: How many threads to use; the rows do not depend on it.
        progress: Whether to show how far the run has come, on stderr; by default in terminals and notebooks. Or whom
            to tell instead.

    Raises:
        OptionsError: Options that make no sense.
        Error: What keeps the run from being done. What costs only a file or a record is in ``problems``, and
            an :class:`UnreadableWarning` tells of it.
    """
    watching = watcher(progress)
    try:
        findings, clusters, summary, problems, notices = _native.scan(
            sources(source, texts, id_field, text_field),
            [] if against is None else sources(against, None, id_field, text_field),
            {
                "find": find,
                "method": method,
                "recall": recall,
                "pairs": pairs,
                "max_occurrences": max_occurrences,
                "context": context,
                "inside_duplicates": inside_duplicates,
                "seed": seed,
                "write_text": write_text,
            },
            _likeness(threshold, containment, shingle_size, min_words, min_similarity),
            _reading(
                input_format, text_field, id_field, html, exclude, max_document, strict, memory, temp_dir, threads
            ),
            watching,
        )
    finally:
        done(watching)
    counted: dict[str, Any] = json.loads(summary)
    _warn(problems, counted)
    return Findings(findings, clusters, counted, problems, notices)


def passages(
    a: str,
    b: str,
    *,
    min_words: int | None = None,
    min_similarity: float = 0.75,
    context: int = 0,
) -> Findings:
    """The passages that two texts share, one row each: ``start_a`` to ``end_a`` are bytes of ``a`` as UTF-8.

    Args:
        a: A text.
        b: Another.
        min_words: Fewest words of a passage, 12 by default.
        min_similarity: Least share of its words that must align, in order.
        context: How many words before and after each passage to give.
    """
    return scan(
        _native.MemoryTable.of_texts([a], ["a"]),
        against=_native.MemoryTable.of_texts([b], ["b"]),
        find="passages",
        inside_duplicates=True,
        min_words=min_words,
        min_similarity=min_similarity,
        context=context,
        max_document=(1 << 32) - 2,
        threads=1,
        progress=False,
    )


@dataclasses.dataclass(frozen=True)
class Cleaned:
    """What was cleaned. ``removed.csv`` and ``kept.csv`` in ``.dittograph`` of the output tell of every cut."""

    #: Counts and times, as ``dittograph clean --summary`` writes them.
    summary: dict[str, Any]
    #: What could not be read.
    problems: list[Error]
    #: What one should know although nothing failed.
    notices: list[str]


def clean(
    paths: Paths,
    output: str | os.PathLike[str],
    *,
    force: bool = False,
    output_format: Literal["text", "jsonl"] = "text",
    keep: Literal["first", "longest", "newest"] | list[str] = "first",
    date_field: str | None = None,
    furniture_documents: int = 5,
    source_field: str | None = None,
    source_regex: str | None = None,
    across: bool = False,
    captions: bool = False,
    keep_text: Iterable[str] = (),
    threshold: float = 0.8,
    containment: float = 0.9,
    shingle_size: int = 5,
    min_words: int | None = None,
    min_similarity: float = 0.75,
    text_field: str = "text",
    id_field: str | None = None,
    input_format: Format | None = None,
    html: Literal["main", "all", "text"] = "main",
    exclude: Iterable[str] = (),
    max_document: int = 64 << 20,
    strict: bool = False,
    memory: int | None = None,
    temp_dir: str | os.PathLike[str] | None = None,
    threads: int | None = None,
    progress: bool | Progress | None = None,
) -> Cleaned:
    """Writes a cleaned copy of a corpus, every repeat cut once, with a list of every cut.

    The same as ``dittograph clean`` with the options of the same names, and the same files.

    Args:
        paths: Files and folders to clean; they are never written to.
        output: The folder to write into; it is made, or must be empty.
        force: Whether to write into a folder that has something in it.
        output_format: What pages of HTML become; crawls become JSON lines.
        keep: Which of duplicate documents to keep; or a list of sources, the best first.
        date_field: The field of a record that holds its date, for ``keep="newest"``.
        furniture_documents: In how many documents of one source a line must stand to be furniture.
        source_field: The field of a record that holds its source, instead of the folder of its file.
        source_regex: What of a document's name is its source, instead of its folder.
        across: Whether to cut passages that repeat across documents, from the later document.
        captions: Whether to cut captions that have hardly a word of their own.
        keep_text: Lines that are never cut.

    The others are as for :func:`scan`.

    Raises:
        OptionsError: Options that make no sense.
        Error: What keeps the run from being done.
    """
    watching = watcher(progress)
    try:
        summary, problems, notices = _native.clean(
            paths_of(paths),
            os.fspath(output),
            {
                "keep": keep if isinstance(keep, str) else "priority",
                "priority": [] if isinstance(keep, str) else list(keep),
                "date_field": date_field,
                "source_field": source_field,
                "source_regex": source_regex,
                "furniture_documents": furniture_documents,
                "across": across,
                "captions": captions,
                "keep_text": several("keep_text", keep_text),
                "output_format": output_format,
                "force": force,
            },
            _likeness(threshold, containment, shingle_size, min_words, min_similarity),
            _reading(
                input_format, text_field, id_field, html, exclude, max_document, strict, memory, temp_dir, threads
            ),
            watching,
        )
    finally:
        done(watching)
    counted: dict[str, Any] = json.loads(summary)
    _warn(problems, counted)
    return Cleaned(counted, problems, notices)


def _likeness(
    threshold: float,
    containment: float,
    shingle_size: int,
    min_words: int | None,
    min_similarity: float,
) -> dict[str, object]:
    return {
        "threshold": threshold,
        "containment": containment,
        "shingle_size": shingle_size,
        "min_words": min_words,
        "min_similarity": min_similarity,
    }


def _reading(
    input_format: str | None,
    text_field: str,
    id_field: str | None,
    html: str,
    exclude: Iterable[str],
    max_document: int,
    strict: bool,
    memory: int | None,
    temp_dir: str | os.PathLike[str] | None,
    threads: int | None,
) -> dict[str, object]:
    return {
        "input_format": input_format,
        "text_field": text_field,
        "id_field": id_field,
        "html": html,
        "exclude": several("exclude", exclude),
        "max_document": max_document,
        "strict": strict,
        "memory": memory,
        "temp_dir": temp_dir,
        "threads": threads,
    }


def _warn(problems: list[Error], summary: dict[str, Any]) -> None:
    count = summary["read"]["problems"]
    if count:
        what = "1 file or record" if count == 1 else f"{count:,} files or records"
        message = f"{what} could not be read, the first: {problems[0]}; see `problems`"
        warnings.warn(message, UnreadableWarning, stacklevel=3)
