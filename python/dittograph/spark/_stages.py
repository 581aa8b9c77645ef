"""Stages in Rust as functions over batches of a partition, for ``DataFrame.mapInArrow``.

What is passed in is sorted where it has to be, by :func:`grouped`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Protocol

import pyarrow
from pyspark.sql import functions as F

from dittograph import _native

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

__all__ = ["Batches", "Stage", "grouped", "rounded", "streamed"]

Batches = Iterator[pyarrow.RecordBatch]


class Stage(Protocol):
    """Takes the rows of a partition, batch by batch, and gives what they complete."""

    def push(self, rows: pyarrow.RecordBatch, /) -> _native.Table: ...
    def finish(self) -> _native.Table: ...


def streamed(make: Callable[[], Stage]) -> Callable[[Batches], Batches]:
    """The function that has a stage of its own for each partition."""

    def run(batches: Batches) -> Batches:
        stage = make()
        for batch in batches:
            yield from pyarrow.table(stage.push(batch)).to_batches()
        yield from pyarrow.table(stage.finish()).to_batches()

    return run


def grouped(table: DataFrame, group: str, *order: str) -> DataFrame:
    """The rows with those of a group in one partition and beside one another, in this order."""
    return table.repartition(group).sortWithinPartitions(group, *order)


def rounded(share: str) -> Column:
    """A similarity as it is told everywhere, with four decimals."""
    return (F.round(F.col(share) * 1e4) / 1e4).alias(share)
