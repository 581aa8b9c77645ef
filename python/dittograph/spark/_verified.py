"""Candidates to pairs, on the texts.

In: candidates ``a`` and ``b``, documents, texts. Out: what a stage in Rust makes of each candidate and its two texts.

Texts are what is expensive to move. A text that went to each of its candidates would move once for each, so
candidates are brought together in homes: that of a candidate is the first document which its
``a`` is a candidate with. The candidates of a group of documents that are all like one another have one home,
and each text moves there once. A home of more than :data:`CANDIDATES_A_HOME` is split by the second document.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from dittograph.spark._stages import Stage, grouped, streamed

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from dittograph.spark._store import Store

__all__ = ["CANDIDATES_A_HOME", "verified"]

#: How many candidates a home has, about: a stage holds the texts of one.
CANDIDATES_A_HOME = 512


def verified(
    found: DataFrame,
    documents: DataFrame,
    texts: DataFrame,
    make: Callable[[], Stage],
    schema: str,
    store: Store,
    name: str,
) -> DataFrame:
    """Compares candidates; the rows are those of the stage that ``make`` makes."""
    # Written, so that Spark knows how small it is and, rather than all texts, sends it to where they are.
    addressed = store.save(_shipments(found).join(documents.select("number", "id"), "number"), f"{name}-shipments")
    # Only texts of candidates come through this.
    delivered = texts.join(addressed, "id").select("home", "number", "text", "partners")
    rows = grouped(delivered, "home", "number").mapInArrow(streamed(make), schema)
    return store.save(rows, name)


def _shipments(found: DataFrame) -> DataFrame:
    """Which text goes to which home, and with which others it is compared there."""
    first = found.groupBy("b").agg(F.min("a").alias("root")).withColumnRenamed("b", "a")
    rooted = found.join(first, "a", "left").withColumn("root", F.coalesce("root", "a"))
    sizes = rooted.groupBy("root").agg(F.ceil(F.count("*") / CANDIDATES_A_HOME).alias("parts"))
    # Two homes of one number would be one larger home.
    part = F.pmod(F.xxhash64("b"), F.col("parts"))
    home = F.when(F.col("parts") == 1, F.col("root")).otherwise(F.xxhash64("root", part))
    housed = rooted.join(sizes, "root").select(home.alias("home"), "a", "b")
    sent = housed.select("home", F.col("a").alias("number"), F.col("b").alias("partner")).unionByName(
        housed.select("home", F.col("b").alias("number"), F.lit(None).cast("bigint").alias("partner"))
    )
    return sent.groupBy("home", "number").agg(F.collect_list("partner").alias("partners"))
