"""Tables of all kinds: ids, what is kept, crowds, passages, the command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dittograph
import pytest

pytest.importorskip("pyspark", reason="PySpark is not installed: pip install pyspark")

from dittograph import spark as ditto
from dittograph.spark import _candidates, _clusters
from dittograph.spark.__main__ import main

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def words(start: int, end: int, word: str = "word") -> str:
    return " ".join(f"{word}{number}" for number in range(start, end))


def test_ids_of_any_type_come_back_and_the_longest_is_kept(spark: SparkSession) -> None:
    schema = "key struct<site: string, page: int>, `the.text` string, kept boolean"
    rows: list[tuple[tuple[str, int], str | None, bool]] = [
        (("a", 10), words(0, 200), False),
        (("a", 9), words(0, 210), True),
        (("b", 1), words(0, 200).upper() + ".", False),
        (("b", 2), None, True),
        (("b", 3), "", True),
        # Too short for a signature, of which nothing is missed.
        (("c", 1), words(0, 3), False),
        (("c", 2), words(0, 3) + "!", False),
        (("c", 0), words(0, 3) + "?", True),
        (("d", 1), words(500, 700), True),
    ]
    table = spark.createDataFrame(rows, schema)
    found = ditto.scan(table, "key", "the.text", keep="longest")
    assert sorted(row["key"] for row in found.deduplicated().where("kept").collect()) == sorted(
        row[0] for row in rows if row[2]
    )
    assert found.deduplicated().columns == table.columns and found.deduplicated().count() == 5
    pairs = {(row["kind"], row["doc_a"], row["doc_b"]): row for row in found.pairs().collect()}
    assert set(pairs) == {
        ("near", ("a", 9), ("a", 10)),
        ("near", ("a", 9), ("b", 1)),
        ("exact", ("a", 10), ("b", 1)),
        ("exact", ("c", 0), ("c", 1)),
        ("exact", ("c", 0), ("c", 2)),
        ("exact", ("c", 1), ("c", 2)),
    }
    near = pairs["near", ("a", 9), ("a", 10)]
    assert (near["jaccard"], near["words_a"], near["words_b"]) == (round(196 / 206, 4), 210, 200)
    clusters = {row["doc"]: (row["cluster"], row["kept"]) for row in found.clusters().collect()}
    assert clusters["b", 1] == (("a", 9), ("a", 9)) and clusters["c", 2] == (("c", 0), ("c", 0))
    assert (found.summary.documents, found.summary.empty, found.summary.copies) == (9, 2, 3)


def test_what_makes_no_sense_is_refused(spark: SparkSession) -> None:
    table = spark.createDataFrame([(1, "one", 2.0), (2, "two", 2.0), (1, "three", 2.0)], "id int, text string, number double")
    refused: dict[str, dict[str, Any]] = {
        "threshold` is 0.1": {"threshold": 0.1},
        "no column `body` among `id, text, number`": {"text_col": "body"},
        "column `number` holds double": {"text_col": "number"},
        "2 rows have an id that is null or that of another row": {},
        "unknown way to keep `best`": {"keep": "best"},
        "needs `date_col`": {"keep": "newest"},
    }
    for message, options in refused.items():
        with pytest.raises((ValueError, TypeError), match=message):
            ditto.scan(table, **options)


def test_a_crowd_is_a_star_and_loses_nobody(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_candidates, "CROWD_SIZE", 6)
    monkeypatch.setattr(_candidates, "LEADERS", (1, 2))
    # Copies of two templates that are not alike, though they share half of their words; and some others.
    templates = [words(0, 100), words(0, 60) + " " + words(0, 40, "other")]
    rows = [(number, f"{templates[number % 2]} end{number}", number // 2) for number in range(40)]
    rows += [(100 + number, words(number, number + 100, "own"), 0) for number in range(0, 10, 5)]
    table = spark.createDataFrame(rows, "id long, text string, day int")
    with pytest.warns(ditto.SummarisedWarning, match="2 clusters .* given as stars"):
        found = ditto.scan(table, keep="newest", date_col="day")
    pairs = {(row["doc_a"], row["doc_b"]) for row in found.pairs().collect()}
    assert pairs == {(number, 38 + number % 2) for number in range(38)} | {(100, 105)}
    assert found.summary.crowded == 40
    assert {row["id"] for row in found.deduplicated().collect()} == {38, 39, 100}


def test_passages_are_those_of_two_texts(spark: SparkSession, articles: dict[str, str]) -> None:
    table = spark.createDataFrame(list(articles.items()), "id string, text string")
    found = ditto.scan(table)
    passages = found.passages()
    rows = {tuple(row) for row in passages.collect()}
    duplicates = {(row["doc_a"], row["doc_b"]) for row in found.pairs().collect()}
    copies = {row["doc_b"] for row in found.pairs().where("kind = 'exact'").collect()}
    names = sorted(set(articles) - copies)
    expected = set()
    for place, a in enumerate(names):
        for b in names[place + 1 :]:
            if (a, b) in duplicates:
                continue
            for row in dittograph.passages(articles[a], articles[b]).to_arrow().to_pylist():
                row |= {"doc_a": a, "doc_b": b}
                expected.add(tuple(row[name] for name in passages.columns))
    assert rows == expected and len(rows) > 5


def test_the_command_reads_and_writes_files(spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "in.jsonl"
    texts = [words(0, 50), words(0, 51), words(100, 150)]
    source.write_text("".join(json.dumps({"url": f"u{n}", "body": text}) + "\n" for n, text in enumerate(texts)))
    names = ["--id-col", "url", "--text-col", "body"]
    assert main([str(source), str(tmp_path / "clean"), "--find", "clean", *names]) == 0
    # PySpark may have something to say of the versions it finds, before.
    assert json.loads(capsys.readouterr().err.splitlines()[-1])["droppable"] == 1
    assert sorted(row["url"] for row in spark.read.parquet(str(tmp_path / "clean")).collect()) == ["u0", "u2"]
    assert main([str(tmp_path / "clean"), str(tmp_path / "out.jsonl"), "--text-col", "body"]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == "error: there is no column `id` among `body, url`"
