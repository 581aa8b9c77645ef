"""Short documents to their rarest shingles.

In: sketches; of a document that is too short for the keys of bands, or may be like such a one, also its shingles. Out: the
same with keys that are the rarest of these, and no shingles.

Any few shingles of a short document would do, if they are the first in an order that is the same everywhere. With the
rarest, set phrases that many share bring nobody together. How often shingles occur is counted in a table of cells, of
16 MB at most, which is all that the driver sees, and what every executor gets. Where no document is short, there is
one sum of a column.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import pyarrow
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, IntegerType, StructField, StructType

from dittograph import _native
from dittograph.spark._options import Options
from dittograph.spark._stages import Batches, grouped, streamed

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from dittograph.spark._store import Store

__all__ = ["with_rare_keys"]


def with_rare_keys(sketches: DataFrame, store: Store, options: Options) -> DataFrame:
    """``sketches`` without ``shingles`` and how many there are (``short``); with more ``keys``, the first of them with ``spots``."""
    total = sketches.agg(F.sum("short").alias("shingles")).first()
    shingles = 0 if total is None else total["shingles"] or 0
    if not shingles:
        return sketches.drop("shingles", "short").withColumn("spots", F.expr("cast(array() as array<int>)"))
    make = partial(_native.ShingleCounter, options.threshold, options.recall, shingles)
    ranks = _ranks(sketches, make)
    fields = [field for field in sketches.schema if field.name not in ("shingles", "short")]
    schema = StructType([*fields, StructField("spots", ArrayType(IntegerType()))])
    chosen = sketches.drop("short").mapInArrow(_choose(options, ranks, make().is_whole), schema)
    return store.save(chosen, "keys")


def _ranks(sketches: DataFrame, make: Callable[[], _native.ShingleCounter]) -> bytes:
    """For each cell how rare its shingles are."""
    counted = sketches.where("short > 0").select("shingles").mapInArrow(streamed(make), "slice int, entries array<int>")
    sums = grouped(counted, "slice").mapInArrow(streamed(_native.SliceSums), "slice int, ranks binary")
    ranks = bytearray(make().cells)
    for row in sums.collect():
        start = row["slice"] * len(row["ranks"])
        ranks[start : start + len(row["ranks"])] = row["ranks"]
    return bytes(ranks)


def _choose(options: Options, ranks: bytes, is_whole: bool) -> Callable[[Batches], Batches]:
    def run(batches: Batches) -> Batches:
        for batch in batches:
            found = pyarrow.table(_native.rare_keys(batch, options.threshold, options.recall, ranks, is_whole)).combine_chunks()
            columns = dict(zip(batch.schema.names, batch.columns))
            del columns["shingles"]
            columns |= {name: found[name].combine_chunks() for name in ("keys", "spots")}
            yield pyarrow.RecordBatch.from_arrays(list(columns.values()), list(columns))

    return run
