"""A cluster of two workers on this machine, and rows to compare with those of the program."""

from __future__ import annotations

import csv
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conftest import ROOT

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

#: Of the columns of the program, those that tell of more than where a whole document begins and ends.
COLUMNS = ["kind", "jaccard", "containment", "words_a", "words_b", "doc_a", "doc_b", "cluster"]


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """Two workers with an executor each, in processes of their own."""
    pyspark = pytest.importorskip("pyspark", reason="PySpark is not installed: pip install pyspark")
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        pytest.skip("Spark needs Java 17 or later: there is no `java` on the PATH, and no JAVA_HOME")
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ.setdefault("SPARK_HOME", str(Path(pyspark.__file__).parent))
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    folder = tmp_path_factory.mktemp("spark")
    builder = SparkSession.builder.master("local-cluster[2,1,1024]").appName("dittograph")
    for name, value in {
        "spark.ui.enabled": "false",
        "spark.executor.memory": "1g",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        # Many small jobs: compiling what they run would take longer than running it.
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "spark.executor.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "spark.sql.codegen.wholeStage": "false",
    }.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    session.sparkContext.setCheckpointDir(str(folder / "checkpoints"))
    yield session
    session.stop()


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A megabyte of invented text with known duplicates."""
    built = [ROOT / "target" / profile / "examples" / "generate" for profile in ("release", "debug")]
    command = next(([str(path)] for path in built if path.exists()), None)
    if command is None:
        command = ["cargo", "run", "--quiet", "--locked", "--example", "generate", "--"]
    path = tmp_path_factory.mktemp("generated") / "generated.jsonl"
    with path.open("wb") as out:
        arguments = ["--size", "1M", "--duplicates", "0.5"]
        subprocess.run([*command, *arguments], stdout=out, stderr=subprocess.PIPE, check=True, cwd=ROOT)
    return path


def rows_of_program(output: bytes, prefix: str) -> str:
    """The exact and near rows, documents called by their ids alone."""
    rows = [row for row in csv.DictReader(io.StringIO(output.decode())) if row["kind"] in ("exact", "near")]
    for row in rows:
        for side in ("doc_a", "doc_b"):
            row[side] = row[side].removeprefix(prefix)
    return as_csv([[row[column] for column in COLUMNS] for row in rows])


def rows_of_spark(rows: list[Any]) -> str:
    """The same of rows of Spark, with clusters numbered in the order of their least ids."""
    numbers = numbered(row["cluster"] for row in rows)
    cells = [[*map(cell, row[:-1]), str(numbers[row["cluster"]])] for row in rows]
    assert not rows or list(rows[0].asDict()) == COLUMNS
    return as_csv(cells)


def numbered(clusters: Any) -> dict[str, int]:
    return {cluster: number for number, cluster in enumerate(sorted(set(clusters), key=str.encode), 1)}


def cell(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def as_csv(rows: list[list[str]]) -> str:
    return "".join(sorted(",".join(row) + "\n" for row in rows))
