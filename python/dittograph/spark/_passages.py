"""Texts to the passages that any two of them share.

In: ids and texts. Out: a row a passage of two documents. Of each text the wheel takes fingerprints, chosen so that any two
texts that share a run of ``min_words`` have one in common; documents that do are candidates, and are followed word
by word on their texts.

A fingerprint that more than :data:`MANY` documents have is of furniture, a footer or a set phrase: each
of them is followed to the first of them only, so that nothing is quadratic.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import product
from typing import TYPE_CHECKING

import pyarrow
from pyspark.sql import Window
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, LongType, StructField, StructType

from dittograph import _native
from dittograph.spark._options import Options
from dittograph.spark._stages import Batches, grouped, rounded, streamed
from dittograph.spark._verified import verified

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from dittograph.spark._store import Store

__all__ = ["MANY", "passages"]

#: The most documents of a fingerprint that are all compared with one another.
MANY = 100

_SIDES = "words_a bigint, words_b bigint, start_a bigint, end_a bigint, start_b bigint, end_b bigint"
_PASSAGES = f"a bigint, b bigint, jaccard double, containment double, {_SIDES}, text_a string, text_b string"


def passages(documents: DataFrame, apart: DataFrame | None, texts: DataFrame, options: Options, store: Store) -> DataFrame:
    """The passages of ``documents``, but for those of the pairs ``a``, ``b`` in ``apart``."""
    found = store.save(_candidates(documents, texts, options).distinct(), "sharing")
    if apart is not None:
        found = found.join(apart.select("a", "b"), ["a", "b"], "left_anti")
    make = partial(_native.PassageFinder, options.likeness(), options.seed)
    rows = verified(found, documents, texts, make, _PASSAGES, store, "passages")
    return _named(rows, documents)


def _candidates(documents: DataFrame, texts: DataFrame, options: Options) -> DataFrame:
    """Any two documents that share a fingerprint."""
    schema = StructType([texts.schema["id"], StructField("keys", ArrayType(LongType()))])
    prints = texts.mapInArrow(_fingerprints(options), schema)
    keyed = documents.select("number", "id").join(prints, "id").select("number", F.explode("keys").alias("key"))
    met = grouped(keyed, "key", "number").mapInArrow(
        streamed(partial(_native.Meetings, MANY)), "a bigint, b bigint, key bigint"
    )
    first = F.min("a").over(Window.partitionBy("key"))
    furniture = met.where("b is null").select(first.alias("a"), F.col("a").alias("b")).where("a != b")
    return met.where("b is not null").select("a", "b").unionByName(furniture)


def _fingerprints(options: Options) -> Callable[[Batches], Batches]:
    def run(batches: Batches) -> Batches:
        for batch in batches:
            found = pyarrow.table(_native.fingerprints(batch, options.min_words, options.seed)).combine_chunks()
            columns = [batch.column("id"), found["keys"].combine_chunks()]
            yield pyarrow.RecordBatch.from_arrays(columns, ["id", "keys"])

    return run


def _named(rows: DataFrame, documents: DataFrame) -> DataFrame:
    """The rows with ids, the lesser as ``doc_a``."""
    for side in ("a", "b"):
        named = documents.select(F.col("number").alias(side), F.col("id").alias(f"id_{side}"))
        rows = rows.join(named, side)
    in_order = F.col("id_a") <= F.col("id_b")
    sides = {}
    for name, side in product(["words", "id", "start", "end", "text"], ["a", "b"]):
        other = "b" if side == "a" else "a"
        column = F.when(in_order, F.col(f"{name}_{side}")).otherwise(F.col(f"{name}_{other}"))
        sides[f"{name}_{side}"] = column.alias(f"{name.replace('id', 'doc')}_{side}")
    order = ["words_a", "words_b", "id_a", "start_a", "end_a", "id_b", "start_b", "end_b", "text_a", "text_b"]
    return rows.select(rounded("jaccard"), rounded("containment"), *[sides[name] for name in order])
