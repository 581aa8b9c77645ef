"""Texts to documents: numbers, contents and keys.

In: a table of ids and texts. Out: a row a document of ``number``, ``id``, ``content`` (a hash of its words in order),
``words``, ``keys`` and ``spots``, which tell of the first of the keys where in a short document they are from. Of the
texts no more than this is kept; numbers are in the order in which documents are to be kept, and what comes after knows
documents by them alone, 8 bytes each, whatever the ids are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import pyarrow
from pyarrow import compute
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, BinaryType, IntegerType, LongType, StringType, StructField, StructType

from dittograph import _native
from dittograph.spark._options import Options
from dittograph.spark._rare import with_rare_keys
from dittograph.spark._stages import Batches

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from dittograph.spark._store import Store

__all__ = ["documents", "quoted", "texts"]


def texts(table: DataFrame, id_col: str, text_col: str, date_col: str | None) -> DataFrame:
    """The columns that count, by names of our own: ``id``, ``date`` if there is one, ``text``."""
    named = {"id": id_col, "date": date_col, "text": text_col}
    columns = {name: column for name, column in named.items() if column is not None}
    for name in columns.values():
        if name not in table.columns:
            raise ValueError(f"there is no column `{name}` among `{', '.join(table.columns)}`")
    if not isinstance(table.schema[text_col].dataType, StringType):
        found = table.schema[text_col].dataType.simpleString()
        raise TypeError(f"column `{text_col}` holds {found}: texts are strings")
    return table.select(*[table[quoted(column)].alias(name) for name, column in columns.items()])


def quoted(name: str) -> str:
    """A name that is one column, whatever stands in it."""
    return "`" + name.replace("`", "``") + "`"


def documents(table: DataFrame, order: Sequence[Column], store: Store, options: Options) -> DataFrame:
    """Sketches every text; ``order`` are columns over ``id`` and those of the sketch."""
    sketched = StructType(
        [
            *[field for field in table.schema if field.name != "text"],
            StructField("content", BinaryType()),
            StructField("words", LongType()),
            StructField("keys", ArrayType(LongType())),
            StructField("shingles", ArrayType(LongType())),
            StructField("short", IntegerType()),
        ]
    )
    sketches = store.save(table.mapInArrow(_sketch(options), sketched), "sketches")
    sketches = with_rare_keys(sketches, store, options)
    # Sorting samples what it sorts, so that it must not be what takes long.
    ordered = sketches.sort(*order, "id")
    numbered = ordered.select(F.monotonically_increasing_id().alias("number"), "id", "content", "words", "keys", "spots")
    found = store.save(numbered, "documents")
    _check_ids(found)
    return found


def _check_ids(found: DataFrame) -> None:
    unusable = found.groupBy("id").count().where("count > 1 or id is null")
    counts = unusable.agg(
        F.count(F.when(F.col("id").isNotNull(), 1)).alias("repeated"), F.sum("count").alias("rows")
    ).first()
    if counts is not None and counts["rows"]:
        raise ValueError(
            f"{counts['rows']:,} rows have an id that is null or that of another row ({counts['repeated']:,} ids are "
            "repeated): give an `id_col` that tells rows apart"
        )


def _sketch(options: Options) -> Callable[[Batches], Batches]:
    def run(batches: Batches) -> Batches:
        for batch in batches:
            *carried, text = batch.columns
            found = _native.keys(text, options.threshold, options.recall, options.shingle_size, options.seed, 1)
            sketch = pyarrow.table(found).combine_chunks()
            columns = [
                *carried,
                sketch["content"].cast(pyarrow.binary()).combine_chunks(),
                sketch["words"].cast(pyarrow.int64()).combine_chunks(),
                sketch["keys"].combine_chunks(),
                sketch["shingles"].combine_chunks(),
                compute.fill_null(compute.list_value_length(sketch["shingles"]), 0).combine_chunks(),
            ]
            names = [*batch.schema.names[:-1], "content", "words", "keys", "shingles", "short"]
            yield pyarrow.RecordBatch.from_arrays(columns, names)

    return run
