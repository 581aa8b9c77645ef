"""Where the stages of a job leave their tables.

A table that is written is computed once, whatever happens later: it needs none of the executors that made it, and no
stage behind it is planned through those before.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
import uuid
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["Store"]


class Store:
    """A folder of one run, below the folder that is shared by the driver and all executors."""

    def __init__(self, spark: SparkSession, work_dir: str | None) -> None:
        self._spark = spark
        self._names: Counter[str] = Counter()
        self.path = f"{(work_dir or _usual(spark)).rstrip('/')}/dittograph-{uuid.uuid4().hex}"

    def save(self, table: DataFrame, name: str) -> DataFrame:
        """Writes a table, and gives it as it was written."""
        self._names[name] += 1
        turn = self._names[name]
        path = f"{self.path}/{name}" + (f"-again-{turn}" if turn > 1 else "")
        table.write.parquet(path)
        return self._spark.read.schema(table.schema).parquet(path)


def _usual(spark: SparkSession) -> str:
    """The folder of checkpoints; where Spark runs on one machine, one of its own that goes with the process."""
    context = spark.sparkContext
    folder: str | None = context.getCheckpointDir()
    if folder:
        return folder
    if not (context.master or "").startswith("local"):
        raise ValueError(
            "a folder is needed that the driver and all executors share: give `work_dir`, or set the folder of "
            "checkpoints with `spark.sparkContext.setCheckpointDir`"
        )
    folder = tempfile.mkdtemp(prefix="dittograph-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
