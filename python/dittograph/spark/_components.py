"""Edges to connected components.

In: edges ``a`` and ``b``. Out: each node with the least of its component, ``number`` and ``root``.

Large-star and small-star in turn (Kiveris, Lattanzi, Mirrokni, Rastogi, Vassilvitskii: Connected components in MapReduce
and beyond, 2014): each node links its larger neighbours, then its smaller ones and itself, to the
least of them. Edges never become more, and a few rounds make a star of each component, also of a
long chain. Each round is written, so that the next is planned and repeated without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from dittograph.spark._store import Store

__all__ = ["components"]


def components(edges: DataFrame, store: Store) -> DataFrame:
    """Each node of an edge with the least node of its component; nodes that are the least are left out."""
    # From a larger node to a smaller one.
    links = edges.select(F.greatest("a", "b").alias("number"), F.least("a", "b").alias("root"))
    links = store.save(links.where("number > root").distinct(), "links-0")
    turn = 0
    while _unfinished(links):
        turn += 1
        links = store.save(_small_star(_large_star(links)), f"links-{turn}")
    return links


def _unfinished(links: DataFrame) -> int:
    """How many nodes have two roots, or have one and are one."""
    below = links.select(F.col("number").alias("node"), F.lit(1).alias("roots"), F.lit(0).alias("is_root"))
    above = links.select(F.col("root").alias("node"), F.lit(0).alias("roots"), F.lit(1).alias("is_root"))
    nodes = below.unionByName(above).groupBy("node").agg(F.sum("roots").alias("roots"), F.max("is_root").alias("is_root"))
    unfinished: int = nodes.where("roots > 1 or (roots = 1 and is_root = 1)").count()
    return unfinished


def _large_star(links: DataFrame) -> DataFrame:
    """Links the larger neighbours of each node to the least of all its neighbours and itself."""
    mirrored = links.select(F.col("root").alias("number"), F.col("number").alias("root"))
    both = links.unionByName(mirrored)
    least = both.groupBy("number").agg(F.least(F.min("root"), F.col("number")).alias("least"))
    larger = mirrored.join(least, "number")
    return larger.select(F.col("root").alias("number"), F.col("least").alias("root")).distinct()


def _small_star(links: DataFrame) -> DataFrame:
    """Links the smaller neighbours of each node, and itself, to the least of them."""
    least = links.groupBy("number").agg(F.min("root").alias("least"))
    smaller = links.join(least, "number").select(F.col("root").alias("number"), F.col("least").alias("root"))
    own = least.select("number", F.col("least").alias("root"))
    return smaller.where("number > root").unionByName(own).distinct()
