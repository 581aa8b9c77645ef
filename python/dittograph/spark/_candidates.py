"""Documents to candidates: which of them may be pairs.

In: documents with their keys. Out: pairs of numbers, ``a`` before ``b``, each once; and the members of crowds. A key
that more than :data:`CROWD_SIZE` documents have tells of a crowd, whose pairs would be quadratic: copies of one
template. Its members are compared with the few that lead it, not with one another.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pyspark.sql import Window
from pyspark.sql import functions as F

from dittograph import _native
from dittograph.spark._options import Options
from dittograph.spark._stages import grouped, streamed

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from dittograph.spark._store import Store

__all__ = ["CROWD_SIZE", "LEADERS", "candidates", "copies", "led"]

#: The largest group whose pairs are all made candidates, as on one machine.
CROWD_SIZE = 1000

#: How many members lead a crowd: the first, then the next of those that match none, and so on.
LEADERS = (1, 3, 28)


def copies(documents: DataFrame, store: Store) -> DataFrame:
    """The documents of a content that others have, too: ``number`` and ``first``, the first of them. Equal hashes only say
    where to look: each is compared with the first on their texts."""
    worded = documents.where("words > 0").select("number", "content")
    groups = worded.groupBy("content").agg(F.min("number").alias("first"), F.count("*").alias("members"))
    found = worded.join(groups.where("members > 1"), "content").select("number", "first")
    return store.save(found, "copies")


def candidates(documents: DataFrame, copied: DataFrame, store: Store, options: Options) -> DataFrame:
    """Any two documents that share a key, ``a`` and ``b``, but for short ones that cannot be a pair by where in them it
    is from; the members of a crowd as ``a``, with its ``key``."""
    later = copied.where("number > first").select("number")
    first = documents.where("words > 0").join(later, "number", "left_anti")
    # There are fewer spots than keys: those of bands have none.
    keyed = first.select("number", F.explode(F.arrays_zip("keys", "spots")).alias("met"))
    keyed = keyed.select("number", F.col("met.keys").alias("key"), F.col("met.spots").alias("spot"))
    make = partial(_native.Meetings, CROWD_SIZE, (options.threshold, options.recall))
    met = grouped(keyed, "key", "spot", "number").mapInArrow(streamed(make), "a bigint, b bigint, key bigint")
    return store.save(met.distinct(), "candidates")


def led(open_members: DataFrame, leaders: int) -> DataFrame:
    """The members of each crowd with the first so many of them: ``a`` leads, ``b`` is to be compared."""
    rank = F.row_number().over(Window.partitionBy("key").orderBy("a"))
    leading = open_members.withColumn("rank", rank).where(F.col("rank") <= leaders).select("key", "a")
    others = open_members.select("key", F.col("a").alias("b"))
    return leading.join(others, "key").where("a < b")
