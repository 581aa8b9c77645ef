"""The rows of the program, byte for byte, from files and from memory."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import dittograph
import pytest
from conftest import CORPUS, Run, without_prefix

OPTIONS: list[dict[str, Any]] = [
    {},
    {"find": "documents", "threshold": 0.5, "containment": 0.7},
    {"find": "passages", "min_words": 6, "min_similarity": 0.6, "context": 5},
    {"method": "minhash", "recall": 0.9, "threshold": 0.4, "seed": 7},
    {"pairs": "star", "inside_duplicates": True, "max_occurrences": 2},
    {"shingle_size": 3, "exclude": ["*.md"], "threads": 1, "memory": 128 << 20},
]


def typed(options: dict[str, Any]) -> list[str]:
    """The options as they are typed on the command line."""
    arguments = []
    for name, value in options.items():
        option = "--" + name.replace("_", "-")
        for one in value if isinstance(value, list) else [value]:
            arguments += [option] if one is True else [option, str(one)]
    return arguments


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_a_folder_has_the_same_rows(options: dict[str, Any], run: Run, tmp_path: Path) -> None:
    clusters = tmp_path / "clusters.csv"
    expected = run("scan", CORPUS, "--quiet", "--clusters", clusters, *typed(options))
    found = dittograph.scan(CORPUS, **options)
    found.to_csv(tmp_path / "rows.csv")
    assert (tmp_path / "rows.csv").read_bytes() == expected
    assert found.clusters.to_csv() == clusters.read_text()
    assert len(found) == expected.count(b"\n") - 1 > 0
    expected = run("scan", CORPUS, "--quiet", "--format", "jsonl", *typed(options))
    assert found.to_jsonl() == expected.decode()


def test_several_paths_and_references(run: Run, tmp_path: Path) -> None:
    folders = sorted(str(path) for path in CORPUS.iterdir() if path.is_dir())
    first, *others = folders
    expected = run("scan", first, "--quiet", *[word for other in others for word in ("--against", other)])
    assert dittograph.scan(first, against=others).to_csv() == expected.decode()
    expected = run("scan", *folders, "--quiet")
    assert dittograph.scan([Path(folder) for folder in folders]).to_csv() == expected.decode()


def frames(articles: dict[str, str]) -> dict[str, Any]:
    """The articles in whatever people have."""
    columns = {"id": list(articles), "text": list(articles.values())}
    made: dict[str, Any] = {}
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.table(columns)
    made["pyarrow"] = table
    made["batch"] = table.to_batches()[0]
    made["reader"] = table.to_reader(max_chunksize=7)
    made["dictionary"] = table.set_column(1, "text", table["text"].dictionary_encode())
    pandas = pytest.importorskip("pandas")
    made["pandas"] = pandas.DataFrame(columns)
    made["objects"] = pandas.DataFrame(columns).astype(object)
    polars = pytest.importorskip("polars")
    made["polars"] = polars.DataFrame(columns)
    try:
        import duckdb
    except ImportError:
        pass
    else:
        connection = duckdb.connect()
        connection.register("articles", table)
        made["duckdb"] = connection.sql("select id, text from articles")
    return made


@pytest.mark.parametrize("find", ["all", "documents"])
def test_tables_have_the_same_rows(find: Any, articles: dict[str, str], jsonl: Path, run: Run) -> None:
    expected = without_prefix(run("scan", jsonl, "--quiet", "--find", find))
    for name, frame in frames(articles).items():
        assert dittograph.scan(frame, find=find).to_csv() == expected, name


def test_columns_are_found_by_name(articles: dict[str, str], jsonl: Path, run: Run) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    body = pyarrow.array([{"text": text} for text in articles.values()])
    table = pyarrow.table({"name": list(articles), "body": body})
    expected = without_prefix(run("scan", jsonl, "--quiet"))
    assert dittograph.scan(table, id_field="name", text_field="body.text").to_csv() == expected
    with pytest.raises(dittograph.Error, match="no column `id` among `name, body`"):
        dittograph.scan(table, id_field="id", text_field="body.text")
    with pytest.raises(dittograph.Error, match="no column `text`") as raised:
        dittograph.scan(table)
    assert raised.value.hint == "name the column that holds the text with `text_field`, nested ones with dots"


def test_texts_are_called_by_their_numbers(articles: dict[str, str]) -> None:
    pandas = pytest.importorskip("pandas")
    texts = list(articles.values())
    found = dittograph.scan(texts=texts, find="documents")
    names = list(articles)
    by_name = dittograph.scan(CORPUS, exclude=["*.md"], find="documents").to_arrow()
    expected = {frozenset(pair) for pair in zip(by_name["doc_a"].to_pylist(), by_name["doc_b"].to_pylist())}
    rows = found.to_arrow()
    pairs = zip(rows["doc_a"].to_pylist(), rows["doc_b"].to_pylist())
    assert {frozenset(names[int(number)] for number in pair) for pair in pairs} == expected
    for column in (pandas.Series(texts), (text for text in texts)):
        assert dittograph.scan(texts=column, find="documents").to_csv() == found.to_csv()


def test_whole_numbers_are_ids_and_a_repeated_one_is_told() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.table({"id": [7, 8, 7], "text": ["two words", "one more", "two words"]})
    found = dittograph.scan(table)
    row = found.to_arrow().to_pylist()[0]
    assert (row["doc_a"], row["doc_b"]) == ("7", "7:2")
    assert found.notices == [
        "table: a record repeats the id of an earlier record, the first is row 2; the row number is added to the name"
    ]


def test_ids_of_any_type_tell_rows_apart() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    text = "one two three four five six"
    day = datetime.date(2024, 5, 2)
    bytes_of = bytes(range(200, 216))
    for ids, expected in [
        (pyarrow.array([40, None, 10], pyarrow.float64()), ["40", "1", "10"]),
        (pyarrow.array([1.5, 2.0, 3.25], pyarrow.float32()), ["1.5", "2", "3.25"]),
        (pyarrow.array([day, day + datetime.timedelta(1), None]), ["2024-05-02", "2024-05-03", "2"]),
        (pyarrow.array([bytes_of, b"plain", b""], pyarrow.binary()), [bytes_of.hex(), "plain", "2"]),
        (pyarrow.array(["1", None, "x"]), ["1", "1:1", "x"]),
    ]:
        rows = dittograph.scan(pyarrow.table({"id": ids, "text": [text] * 3}), find="documents").to_arrow()
        assert set(rows["doc_a"].to_pylist()) | set(rows["doc_b"].to_pylist()) == set(expected), ids


def test_columns_have_the_values_of_the_rows(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    found = dittograph.scan(CORPUS)
    frame = found.to_pandas()
    assert list(frame.columns) == list(found.column_names)
    written = pandas.read_csv(__import__("io").StringIO(found.to_csv()), dtype={"text_a": str})
    for column in ("doc_a", "start_a", "end_b", "line_b", "words_a", "kind"):
        assert frame[column].tolist() == written[column].tolist()
    assert frame["jaccard"].tolist() == written["jaccard"].tolist()
    assert frame["passage"].isna().tolist() == written["passage"].isna().tolist()
    assert found.to_polars().shape == frame.shape == (len(found), 18)
    found.to_parquet(tmp_path / "rows.parquet")
    assert pandas.read_parquet(tmp_path / "rows.parquet")["text_b"].tolist() == frame["text_b"].tolist()
    nothing = dittograph.scan(texts=[])
    assert (len(nothing), nothing.to_pandas().shape, nothing.to_polars().shape) == (0, (0, 18), (0, 18))


def test_a_cleaned_corpus_has_the_same_files(run: Run, tmp_path: Path) -> None:
    run("clean", CORPUS, "--output", tmp_path / "program", "--quiet", "--across", "--furniture-documents", "3")
    cleaned = dittograph.clean(CORPUS, tmp_path / "python", across=True, furniture_documents=3)
    files = [
        {path.relative_to(tmp_path / name): path.read_bytes() for path in (tmp_path / name).rglob("*") if path.is_file()}
        for name in ("program", "python")
    ]
    assert files[0] == files[1] and len(files[0]) > 40
    assert cleaned.summary["dropped"] > 0 and cleaned.problems == []
    with pytest.raises(dittograph.Error, match="there is something in it"):
        dittograph.clean(CORPUS, tmp_path / "python")
    with pytest.raises(dittograph.OptionsError, match="`furniture_documents` must be at least 2"):
        dittograph.clean(CORPUS, tmp_path / "other", furniture_documents=1)
