"""Components and kept documents, beside the plain way to find them."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("pyspark", reason="PySpark is not installed: pip install pyspark")

from dittograph.spark._clusters import Clusters
from dittograph.spark._store import Store

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Edges = list[tuple[int, int]]


def graph() -> Edges:
    """Random edges, a long chain in the order of its numbers and one in another, and a star around its last."""
    chance = random.Random(7)
    edges = {(a, a + chance.randint(1, 40)) for a in chance.choices(range(400), k=350)}
    chain = chance.sample(range(2000, 2100), 100)
    edges |= {(a, a + 1) for a in range(1000, 1100)}
    edges |= {(min(pair), max(pair)) for pair in zip(chain, chain[1:])}
    edges |= {(a, 3100) for a in range(3000, 3100)}
    return sorted(edges)


def plainly(edges: Edges) -> dict[int, tuple[int, int, float]]:
    """For each node its root, its kept node and how alike these are."""
    nodes = sorted({node for edge in edges for node in edge})
    roots = {node: node for node in nodes}
    while changed := [(a, b) for a, b in edges if roots[a] != roots[b]]:
        for a, b in changed:
            roots[a] = roots[b] = min(roots[a], roots[b])
    found: dict[int, tuple[int, int, float]] = {}
    for node in nodes:
        if node not in found:
            found[node] = (roots[node], node, 1.0)
            for a, b in edges:
                if a == node:
                    found.setdefault(b, (roots[b], a, likeness(a, b)))
    return found


def likeness(a: int, b: int) -> float:
    return 0.8 + (a + b) % 100 / 1000


def test_components_and_kept_documents_are_those_found_plainly(spark: SparkSession, tmp_path: Path) -> None:
    edges = graph()
    pairs = spark.createDataFrame(
        [(a, b, "near", likeness(a, b), 0.9) for a, b in edges],
        "a long, b long, kind string, jaccard double, containment double",
    )
    documents = spark.range(4000).selectExpr("id as number", "id", "7L as words")
    crowded = spark.createDataFrame([(1050,)], "number long")
    clusters = Clusters(documents, pairs, crowded, Store(spark, str(tmp_path)))
    members = {row["number"]: (row["root"], row["kept"], row["similarity"]) for row in clusters.members.collect()}
    assert members == plainly(edges)
    groups = {row["root"]: (row["size"], row["is_large"]) for row in clusters.groups.collect()}
    assert groups[1000] == (101, True) and groups[2000] == (100, False)
    assert sum(size for size, _ in groups.values()) == len(members)
    # All of the star's nodes come before what makes them one, and are kept.
    assert members[3099] == (3000, 3099, 1.0) and members[3100] == (3000, 3000, likeness(3000, 3100))
