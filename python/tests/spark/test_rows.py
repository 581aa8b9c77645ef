"""The rows of the program, byte for byte, from a cluster."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conftest import Run

pytest.importorskip("pyspark", reason="PySpark is not installed: pip install pyspark")

from spark.conftest import as_csv, cell, numbered, rows_of_program, rows_of_spark

from dittograph import spark as ditto

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

#: So many bands that none of the pairs here is missed: the program finds some that its bands miss, as it also looks
#: for contained documents.
RECALL = 0.999999


def documents(spark: SparkSession, path: Path) -> DataFrame:
    return spark.read.schema("id string, text string").json(str(path)).repartition(3)


def expected(run: Run, path: Path, tmp_path: Path, *options: str) -> tuple[str, str]:
    """The rows and the clusters of the program."""
    clusters = tmp_path / "clusters.csv"
    rows = run(
        "scan", path, "--find", "documents", "--method", "minhash", "--quiet", "--clusters", clusters, *options
    )
    return rows_of_program(rows, path.name + "#"), clusters.read_text().replace(path.name + "#", "")


def clusters_of_spark(table: DataFrame) -> str:
    rows = table.collect()
    numbers = numbered(row["cluster"] for row in rows)
    return as_csv([[row["doc"], str(numbers[row["cluster"]]), row["kept"], cell(row["similarity"])] for row in rows])


def test_the_sample_corpus_has_the_same_rows(
    spark: SparkSession, jsonl: Path, run: Run, tmp_path: Path
) -> None:
    rows, clusters = expected(run, jsonl, tmp_path, "--threshold", "0.5", "--recall", str(RECALL))
    found = ditto.scan(documents(spark, jsonl), threshold=0.5, recall=RECALL)
    assert rows_of_spark(found.pairs().collect()) == rows
    assert rows.count("near") > 2 and rows.count("exact") > 2
    assert clusters_of_spark(found.clusters()) == "".join(sorted(clusters.splitlines(keepends=True)[1:]))


def test_a_generated_corpus_has_the_same_rows(
    spark: SparkSession, generated: Path, run: Run, tmp_path: Path
) -> None:
    rows, clusters = expected(run, generated, tmp_path, "--recall", str(RECALL))
    table = documents(spark, generated)
    found = ditto.scan(table, recall=RECALL)
    assert rows_of_spark(found.pairs().collect()) == rows
    assert rows.count("near") > 40 and rows.count("exact") > 10
    assert clusters_of_spark(found.clusters()) == "".join(sorted(clusters.splitlines(keepends=True)[1:]))
    kept = {row["kept"] for row in csv.DictReader(io.StringIO(clusters))}
    dropped = {row["document"] for row in csv.DictReader(io.StringIO(clusters))} - kept
    assert {row["id"] for row in found.deduplicated().collect()} == {row["id"] for row in table.collect()} - dropped
    assert found.summary.droppable == len(dropped) and found.summary.stars == 0
    star, _ = expected(run, generated, tmp_path, "--recall", str(RECALL), "--pairs", "star")
    assert rows_of_spark(found.pairs("star").collect()) == star


def test_short_documents_have_the_same_rows(
    spark: SparkSession, generated: Path, run: Run, tmp_path: Path
) -> None:
    """Without bands, with bands but perhaps near those without, and with bands only."""
    path = tmp_path / "short.jsonl"
    records = [json.loads(line) for line in generated.read_text().splitlines()]
    with path.open("w") as out:
        for number, record in enumerate(records * 4):
            words = record["text"].split()
            # An original and its copies are cut alike, more or less. A signature has 108 values.
            part = number // len(records)
            length = (50, 100, 112, 150)[part] + number % 8
            cut = {"id": f"{number:06}", "text": " ".join(words[part * 60 :][:length])}
            out.write(json.dumps(cut) + "\n")
    rows, clusters = expected(run, path, tmp_path, "--recall", str(RECALL))
    found = ditto.scan(documents(spark, path), recall=RECALL)
    assert rows_of_spark(found.pairs().collect()) == rows
    assert clusters_of_spark(found.clusters()) == "".join(sorted(clusters.splitlines(keepends=True)[1:]))
    assert rows.count("near") > 40
    # By set phrases alone each would meet many others.
    assert found.summary.candidates < rows.count("near") + found.summary.documents / 2


def executors(spark: SparkSession) -> list[int]:
    """The processes of the executors of this session."""
    application = spark.sparkContext.applicationId
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if b"CoarseGrainedExecutorBackend" in command and application.encode() in command:
            found.append(int(folder.name))
    return found


def test_an_executor_that_dies_changes_no_row(
    spark: SparkSession, generated: Path, run: Run, tmp_path: Path
) -> None:
    before = set(executors(spark))
    if len(before) != 2:
        pytest.skip("executors are looked for in /proc, which is not here")
    rows, _ = expected(run, generated, tmp_path, "--recall", str(RECALL))
    killed = []

    def kill() -> None:
        # Once sketches are there, what executors hold is of the shuffles that follow.
        while not list(tmp_path.glob("dittograph-*/sketches/_SUCCESS")):
            time.sleep(0.01)
        time.sleep(1)
        killed.append(executors(spark)[0])
        os.kill(killed[0], signal.SIGKILL)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    found = ditto.find_duplicates(documents(spark, generated), recall=RECALL, work_dir=str(tmp_path))
    assert rows_of_spark(found.collect()) == rows
    assert killed and killed[0] in before and killed[0] not in executors(spark)
