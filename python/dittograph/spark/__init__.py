"""Duplicates in tables of Apache Spark: the same Rust code on every executor.

    >>> from dittograph.spark import deduplicate, find_duplicates      # doctest: +SKIP
    >>> find_duplicates(df).write.parquet("pairs")                      # doctest: +SKIP
    >>> deduplicate(df, keep="longest").write.parquet("clean")          # doctest: +SKIP

Needs PySpark 3.5 or 4 with PyArrow, and this package on every executor; nothing for the JVM. Every pair is
verified on its texts. The driver sees counts and no text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from dittograph.spark._options import MIN_WORDS, Options
from dittograph.spark._scan import Keep, Scan, SummarisedWarning, Summary

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = [
    "Scan",
    "SummarisedWarning",
    "Summary",
    "clusters",
    "deduplicate",
    "find_duplicates",
    "repeated_passages",
    "scan",
]


def scan(
    df: DataFrame,
    id_col: str = "id",
    text_col: str = "text",
    *,
    threshold: float = 0.8,
    recall: float = 0.999,
    shingle_size: int = 5,
    seed: int = 0,
    keep: Keep = "first",
    date_col: str | None = None,
    work_dir: str | None = None,
) -> Scan:
    """Finds the duplicates of a table once, for whoever wants more than one of pairs, clusters and what is to be kept.

    The pairs are those of ``dittograph scan --find documents --method minhash`` that are exact or near, and clusters
    and kept documents follow from them in the same way. Contained documents are not looked for, so that the few near
    pairs which the program meets only there are not found.

    Args:
        df: A table, read three times: for sketches, for the texts of candidates, and for what is kept.
        id_col: The column that tells rows apart, of any type that can be sorted. It comes back as it is.
        text_col: The column of texts. A null is a text without a word.
        threshold: Least Jaccard similarity of two near-duplicate documents.
        recall: Least share of the pairs at the threshold that is found; of more similar ones it is more, and of
            copies and, but for crowds, of short documents it is all.
        shingle_size: How many words in a row make a shingle.
        seed: Seed of all hashes.
        keep: Which document of those that match goes first: ``first`` by id, ``longest`` by words, ``newest`` by
            ``date_col``; then by id.
        date_col: With ``keep="newest"``, the column to sort by, latest first and nulls last.
        work_dir: A folder that the driver and all executors share, in which each run makes one of its own for its
            tables; results are read from there, so it is for you to remove. By default that of checkpoints; with
            a local master a temporary one.

    Raises:
        OptionsError: Options that make no sense.
        ValueError: Ids that are null or repeated; columns that are not there.
    """
    options = Options(threshold=threshold, recall=recall, shingle_size=shingle_size, seed=seed)
    return Scan(df, id_col, text_col, options, keep, date_col, work_dir)


def find_duplicates(
    df: DataFrame,
    id_col: str = "id",
    text_col: str = "text",
    threshold: float = 0.8,
    recall: float = 0.999,
    *,
    shingle_size: int = 5,
    pairs: Literal["all", "star"] = "all",
    seed: int = 0,
    work_dir: str | None = None,
) -> DataFrame:
    """The verified pairs of a table, one a row: ``kind`` (``exact`` or ``near``), ``jaccard``, ``containment``, ``words_a``,
    ``words_b``, ``doc_a``, ``doc_b`` (ids, the lesser first) and ``cluster`` (the least id of it).

    With ``pairs="all"`` every pair of a cluster of up to a thousand documents; a larger one is given as a star,
    each document beside its kept one, and a :class:`SummarisedWarning` tells of it. For the other arguments
    see :func:`scan`.
    """
    found = scan(
        df, id_col, text_col, threshold=threshold, recall=recall, shingle_size=shingle_size, seed=seed, work_dir=work_dir
    )
    return found.pairs(pairs)


def clusters(
    df: DataFrame,
    id_col: str = "id",
    text_col: str = "text",
    threshold: float = 0.8,
    recall: float = 0.999,
    *,
    shingle_size: int = 5,
    keep: Keep = "first",
    date_col: str | None = None,
    seed: int = 0,
    work_dir: str | None = None,
) -> DataFrame:
    """The documents that have duplicates, one a row: ``doc``, ``cluster`` (the least id of its connected component),
    ``kept`` (the document to keep in its stead, perhaps itself) and ``similarity`` to that.

    Each document matches the one that is kept for it directly: what is alike only through others is kept, too. For
    the arguments see :func:`scan`.
    """
    found = scan(
        df,
        id_col,
        text_col,
        threshold=threshold,
        recall=recall,
        shingle_size=shingle_size,
        seed=seed,
        keep=keep,
        date_col=date_col,
        work_dir=work_dir,
    )
    return found.clusters()


def deduplicate(
    df: DataFrame,
    id_col: str = "id",
    text_col: str = "text",
    threshold: float = 0.8,
    recall: float = 0.999,
    *,
    shingle_size: int = 5,
    keep: Keep = "first",
    date_col: str | None = None,
    seed: int = 0,
    work_dir: str | None = None,
) -> DataFrame:
    """The rows of ``df``, with all their columns, but for those in whose stead :func:`clusters` keeps another."""
    found = scan(
        df,
        id_col,
        text_col,
        threshold=threshold,
        recall=recall,
        shingle_size=shingle_size,
        seed=seed,
        keep=keep,
        date_col=date_col,
        work_dir=work_dir,
    )
    return found.deduplicated()


def repeated_passages(
    df: DataFrame,
    id_col: str = "id",
    text_col: str = "text",
    *,
    min_words: int = MIN_WORDS,
    min_similarity: float = 0.75,
    inside_duplicates: bool = False,
    threshold: float = 0.8,
    recall: float = 0.999,
    seed: int = 0,
    work_dir: str | None = None,
) -> DataFrame:
    """The passages that two documents share, one a row and pair of documents: ``jaccard``, ``containment``, ``words_a``,
    ``words_b``, ``doc_a``, ``start_a``, ``end_a``, ``doc_b``, ``start_b``, ``end_b`` (bytes of the text as UTF-8), ``text_a``,
    ``text_b`` (the first 200 characters).

    Of any two documents that share ``min_words`` words in a row the rows are those of ``dittograph.passages``. Where more than
    a hundred documents have a run in common, each is held against the first of them only. Passages within one
    document are not looked for.

    Args:
        df: A table.
        id_col: The column that tells rows apart.
        text_col: The column of texts.
        min_words: Fewest words of a passage.
        min_similarity: Least share of its words that must align, in order.
        inside_duplicates: Whether to tell also of documents that are duplicates as a whole, which are those of
            :func:`find_duplicates` with ``threshold`` and ``recall``.
        threshold: Least Jaccard similarity of two documents that are duplicates as a whole.
        recall: Least share of such pairs that is found.
        seed: Seed of all hashes.
        work_dir: A folder that the driver and all executors share; see :func:`scan`.
    """
    found = scan(df, id_col, text_col, threshold=threshold, recall=recall, seed=seed, work_dir=work_dir)
    return found.passages(min_words=min_words, min_similarity=min_similarity, inside_duplicates=inside_duplicates)
