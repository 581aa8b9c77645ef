"""A run over a table: its pairs, its clusters, and what of it to keep."""

from __future__ import annotations

import dataclasses
import warnings
from functools import cached_property, partial
from typing import TYPE_CHECKING, Literal

from pyspark.sql import functions as F

from dittograph import _native
from dittograph._errors import OptionsError
from dittograph.spark import _candidates, _sketches
from dittograph.spark._clusters import LARGEST_COMPONENT, Clusters
from dittograph.spark._options import MIN_WORDS, Options
from dittograph.spark._passages import passages
from dittograph.spark._store import Store
from dittograph.spark._verified import verified

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["Keep", "Scan", "Summary", "SummarisedWarning"]

Keep = Literal["first", "longest", "newest"]

_PAIRS = "a bigint, b bigint, kind string, jaccard double, containment double, words_a bigint, words_b bigint"

class SummarisedWarning(UserWarning):
    """Some clusters are given as stars: each document beside its kept one, not every pair."""


@dataclasses.dataclass(frozen=True)
class Summary:
    """What a run came to."""

    documents: int
    #: Documents without a word, which are in no pair.
    empty: int
    #: Documents that are the same text as an earlier one.
    copies: int
    #: Pairs of documents that share a key; copies aside.
    candidates: int
    #: Documents that were compared with those that lead a crowd, not with all of it.
    crowded: int
    clusters: int
    #: Documents in clusters.
    clustered: int
    #: Documents in whose stead another is kept.
    droppable: int
    #: Clusters of more than a thousand documents or with crowded ones, given as stars.
    stars: int


class Scan:
    """The duplicates of a table, found once; see :func:`dittograph.spark.scan`."""

    def __init__(
        self,
        table: DataFrame,
        id_col: str,
        text_col: str,
        options: Options,
        keep: Keep,
        date_col: str | None,
        work_dir: str | None,
    ) -> None:
        if keep not in ("first", "longest", "newest"):
            raise OptionsError(f"unknown way to keep `{keep}`: use one of first, longest, newest")
        if (keep == "newest") != (date_col is not None):
            raise OptionsError("`keep=\"newest\"` needs `date_col`, and nothing else does")
        # Checks the options here, and not first on an executor.
        _native.Comparisons(options.likeness(), options.seed)
        self._table, self._id_col, self._options = table, id_col, options
        self._store = Store(table.sparkSession, work_dir)
        texts = _sketches.texts(table, id_col, text_col, date_col)
        order = {"first": [], "longest": [F.desc("words")], "newest": [F.desc_nulls_last("date")]}[keep]
        self._documents = _sketches.documents(texts, order, self._store, options)
        self._texts = texts.select("id", "text")
        copies = _candidates.copies(self._documents, self._store)
        found = _candidates.candidates(self._documents, copies, self._store, options)
        crowd = found.where("b is null").select("key", "a")
        crowded = crowd.select(F.col("a").alias("number")).distinct()
        self._candidates, self._crowded = found, crowded.count()
        self._pairs = self._compared(found.where("b is not null").select("a", "b"), copies, crowd)
        self._clusters = Clusters(self._documents, self._pairs, crowded, self._store)
        self._tell()

    @cached_property
    def summary(self) -> Summary:
        """What the run came to; counted when it is asked for."""
        documents = _sums(self._documents, documents="1", empty="if(words = 0, 1, 0)")
        candidates = _sums(self._candidates, candidates="if(b is null, 0, 1)")
        groups = _sums(self._clusters.groups, clusters="1", stars="if(is_large, 1, 0)")
        members = _sums(
            self._clusters.members,
            clustered="1",
            droppable="if(kept != number, 1, 0)",
            copies="if(first != number, 1, 0)",
        )
        return Summary(**documents, **candidates, **groups, **members, crowded=self._crowded)

    def pairs(self, pairs: Literal["all", "star"] = "all") -> DataFrame:
        """A row a pair; see :func:`dittograph.spark.find_duplicates`."""
        if pairs not in ("all", "star"):
            raise OptionsError(f"unknown way to give pairs `{pairs}`: use one of all, star")
        return self._clusters.pairs(pairs == "star")

    def clusters(self) -> DataFrame:
        """A row a document; see :func:`dittograph.spark.clusters`."""
        return self._clusters.documents()

    def deduplicated(self) -> DataFrame:
        """The rows of the table but for those that another is kept for; see :func:`dittograph.spark.deduplicate`."""
        dropped = self._clusters.members.where("kept != number").select(F.col("id").alias("dittograph dropped"))
        column = self._table[_sketches.quoted(self._id_col)]
        return self._table.join(dropped, column == dropped["dittograph dropped"], "left_anti")

    def passages(self, *, min_words: int = MIN_WORDS, min_similarity: float = 0.75, inside_duplicates: bool = False) -> DataFrame:
        """A row a passage of two documents; see :func:`dittograph.spark.repeated_passages`."""
        options = dataclasses.replace(self._options, min_words=min_words, min_similarity=min_similarity)
        # What is out of range is told before anything runs.
        _native.Comparisons(options.likeness(), options.seed)
        documents, apart = self._documents, None
        if not inside_duplicates:
            # Copies are told of by the first of them.
            later = self._clusters.members.where("number != first").select("number")
            documents, apart = documents.join(later, "number", "left_anti"), self._pairs
        return passages(documents, apart, self._texts, options, self._store)

    def _compared(self, found: DataFrame, copies: DataFrame, crowd: DataFrame) -> DataFrame:
        """The pairs among candidates, of copies, and among the leaders of crowds and their members."""
        later = copies.where("number > first").select(F.col("first").alias("a"), F.col("number").alias("b"))
        pairs = self._verified(found.unionByName(later), "compared")
        if not self._crowded:
            return pairs
        for turn, leaders in enumerate(_candidates.LEADERS):
            led = self._store.save(_candidates.led(crowd, leaders), f"led-{turn}")
            more = self._verified(led.select("a", "b").distinct(), f"compared-{turn}")
            pairs = pairs.unionByName(more)
            # Who matches a leader is left to it.
            settled = led.join(more, ["a", "b"]).select("key", F.col("b").alias("a")).unionByName(led.select("key", "a"))
            crowd = self._store.save(crowd.join(settled.distinct(), ["key", "a"], "left_anti"), f"crowd-{turn}")
        return self._store.save(pairs.dropDuplicates(["a", "b"]), "pairs")

    def _verified(self, found: DataFrame, name: str) -> DataFrame:
        make = partial(_native.Comparisons, self._options.likeness(), self._options.seed)
        pairs = verified(found, self._documents, self._texts, make, _PAIRS, self._store, name)
        return pairs.where("kind in ('exact', 'near')")

    def _tell(self) -> None:
        """Says what is given otherwise than usual."""
        stars = self._clusters.groups.where("is_large").count()
        if stars:
            warnings.warn(
                f"{stars:,} clusters of more than {LARGEST_COMPONENT:,} documents, or with some of the "
                f"{self._crowded:,} documents that share a key with more than {_candidates.CROWD_SIZE:,}, are given as "
                "stars: each document beside its kept one, not every pair",
                SummarisedWarning,
                stacklevel=4,
            )


def _sums(table: DataFrame, **columns: str) -> dict[str, int]:
    """The sums of some columns."""
    row = table.agg(*[F.sum(F.expr(column)).alias(name) for name, column in columns.items()]).first()
    return {name: 0 if row is None else row[name] or 0 for name in columns}
