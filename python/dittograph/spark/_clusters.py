"""Pairs to clusters, and both to rows.

In: verified pairs of numbers, the documents. Out: for each document of a cluster the one that is kept; and the pairs,
those of copies too. Up to there copies of a text were known by the first of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from dittograph import _native
from dittograph.spark._components import components
from dittograph.spark._stages import grouped, rounded, streamed

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from dittograph.spark._store import Store

__all__ = ["LARGEST_COMPONENT", "Clusters"]

#: The largest cluster whose pairs are all given, as on one machine.
LARGEST_COMPONENT = 1000


class Clusters:
    """The components of exact and near pairs, and the kept groups inside them."""

    #: A row a document: ``number``, ``id``, ``words``, ``first`` of its text, ``root``, ``kept``, ``similarity``.
    members: DataFrame
    #: A row a component: ``root``, ``cluster`` (its least id), ``size``, ``is_large``.
    groups: DataFrame

    def __init__(self, documents: DataFrame, pairs: DataFrame, crowded: DataFrame, store: Store) -> None:
        self._near = pairs.where("kind = 'near'")
        copied = pairs.where("kind = 'exact'").select(F.col("b").alias("number"), F.col("a").alias("first"))
        firsts = store.save(self._kept(store), "kept")
        alone = copied.select(F.col("first").alias("number")).distinct().join(firsts, "number", "left_anti")
        alone = alone.select(
            F.col("number").alias("root"), "number", F.col("number").alias("kept"), F.lit(1.0).alias("similarity")
        )
        firsts = firsts.unionByName(alone).withColumnRenamed("number", "first")
        every = copied.unionByName(firsts.select(F.col("first").alias("number"), "first"))
        members = every.join(firsts, "first").join(documents.select("number", "id", "words"), "number")
        self.members = store.save(members, "members")
        marked = self.members.join(crowded.withColumn("is_crowded", F.lit(True)), "number", "left")
        groups = marked.groupBy("root").agg(
            F.min("id").alias("cluster"),
            F.count("*").alias("size"),
            ((F.count("*") > LARGEST_COMPONENT) | (F.count("is_crowded") > 0)).alias("is_large"),
        )
        self.groups = store.save(groups, "groups")

    def _kept(self, store: Store) -> DataFrame:
        roots = components(self._near, store)
        of_a = roots.withColumnRenamed("number", "a")
        edges = self._near.join(of_a, "a", "left").select(F.coalesce("root", "a").alias("root"), "b", "a", "jaccard")
        # A document may be like later ones only, and not be the first of its component.
        none = F.lit(None)
        nodes = roots.select("root", F.col("number").alias("b"), none.cast("long").alias("a"), none.cast("double").alias("jaccard"))
        rooted = edges.unionByName(nodes)
        return grouped(rooted, "root", "b", "a").mapInArrow(
            streamed(_native.KeptGroups), "root bigint, number bigint, kept bigint, similarity double"
        )

    def documents(self) -> DataFrame:
        """A row a document: ``doc``, ``cluster``, ``kept``, ``similarity``."""
        kept = self.members.select(F.col("number").alias("kept"), F.col("id").alias("kept_id"))
        named = self.members.join(self.groups, "root").join(kept, "kept")
        return named.select(F.col("id").alias("doc"), "cluster", F.col("kept_id").alias("kept"), rounded("similarity"))

    def pairs(self, star: bool) -> DataFrame:
        """A row a pair: every pair of a cluster, or of a large one each document beside its kept one."""
        groups = self.groups.withColumn("is_star", F.lit(True) if star else F.col("is_large"))
        members = self.members.join(groups, "root")
        whole, starred = members.where("not is_star"), members.where("is_star")
        near = self._near.select("a", "b", "kind", "jaccard", "containment")
        a, b = _side(whole, "a"), _side(whole, "b")
        exact = a.join(b, F.col("first_a") == F.col("first_b")).where("number_a < number_b")
        alike = near.join(a, F.col("a") == F.col("first_a")).join(b, F.col("b") == F.col("first_b"))
        kept, dropped = _side(starred, "a"), _side(starred.where("kept != number"), "b")
        beside = dropped.join(kept, F.col("kept_b") == F.col("number_a"))
        beside = beside.join(near, (F.col("a") == F.col("number_a")) & (F.col("b") == F.col("first_b")), "left")
        told = [_told(_as_exact(exact)), _told(alike), _told(_as_exact(beside))]
        return told[0].unionByName(told[1]).unionByName(told[2])


def _side(members: DataFrame, side: str) -> DataFrame:
    names = ["number", "id", "words", "first", "kept", "cluster"]
    return members.select(*[F.col(name).alias(f"{name}_{side}") for name in names])


def _as_exact(table: DataFrame) -> DataFrame:
    """Rows of which no near pair is known, which are copies."""
    if "kind" not in table.columns:
        none = F.lit(None)
        table = table.withColumn("kind", none).withColumn("jaccard", none).withColumn("containment", none)
    return (
        table.withColumn("kind", F.coalesce("kind", F.lit("exact")))
        .withColumn("jaccard", F.coalesce("jaccard", F.lit(1.0)))
        .withColumn("containment", F.coalesce("containment", F.lit(1.0)))
    )


def _told(table: DataFrame) -> DataFrame:
    """The columns of a finding, the lesser id as ``doc_a``."""
    in_order = F.col("id_a") <= F.col("id_b")

    def side(name: str, one: str, other: str) -> Column:
        return F.when(in_order, F.col(f"{name}_{one}")).otherwise(F.col(f"{name}_{other}"))

    return table.select(
        "kind",
        rounded("jaccard"),
        rounded("containment"),
        side("words", "a", "b").alias("words_a"),
        side("words", "b", "a").alias("words_b"),
        side("id", "a", "b").alias("doc_a"),
        side("id", "b", "a").alias("doc_b"),
        F.col("cluster_a").alias("cluster"),
    )
