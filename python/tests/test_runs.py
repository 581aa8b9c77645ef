"""Runs from outside: errors, interrupts, progress, threads, processes."""

from __future__ import annotations

import doctest
import multiprocessing
import signal
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path

import dittograph
import pytest


@pytest.fixture(scope="module")
def long_texts() -> list[str]:
    """Texts that take a while."""
    words = [f"word{number * 7919 % 5000}" for number in range(3000)]
    return [" ".join(words[start % 1000 :] + [f"own{start}x{n}" for n in range(200)]) for start in range(150)]


def test_what_cannot_be_read_is_told_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "a b c"}\n{"text": 7}\n{"text": "a b c"}\n')
    with pytest.warns(dittograph.UnreadableWarning, match="1 file or record could not be read, the first: "):
        found = dittograph.scan(path)
    assert len(found) == 1 and found.summary["read"]["documents"] == 2
    [problem] = found.problems
    assert str(problem) == f"{path}: line 2 (byte 18): field `text` is a number, not a string"
    assert (problem.path, problem.record, problem.offset) == (str(path), 2, 18)
    assert problem.hint == "name the field that holds the text with `text_field`, nested fields with dots"
    with pytest.raises(dittograph.Error, match="line 2"):
        dittograph.scan(path, strict=True)
    with pytest.warns(dittograph.UnreadableWarning):
        assert dittograph.scan(tmp_path / "missing").problems[0].path == str(tmp_path / "missing")


def test_options_that_make_no_sense_are_refused() -> None:
    for options, message in [
        ({"threshold": 2.0}, "`threshold` is 2: it can be from 0.3 to 1"),
        ({"method": "guess"}, "unknown method `guess`: use one of complete, minhash"),
        ({"recall": 1.0}, "`recall` is 1: it can be from 0.5 to below 1; `method complete` misses nothing"),
        ({"max_occurrences": 1}, "`max_occurrences` must be at least 2"),
        ({"memory": 1}, "`memory` must be at least 128M"),
    ]:
        with pytest.raises(dittograph.OptionsError) as raised:
            dittograph.scan(texts=["a"], **options)  # type: ignore[arg-type]
        assert str(raised.value) == message
        assert isinstance(raised.value, ValueError)
    for arguments in [{}, {"source": "a", "texts": ["b"]}, {"texts": "one string"}, {"texts": [b"bytes"]}]:
        with pytest.raises(TypeError):
            dittograph.scan(**arguments)  # type: ignore[arg-type]


def test_what_would_be_taken_for_something_else_is_refused(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    frame = pyarrow.table({"id": ["1"], "text": ["one text"]})
    calls: list[Callable[[], object]] = [
        lambda: dittograph.scan({"id": ["1"], "text": ["one text"]}),
        lambda: dittograph.scan(texts={"a": "one text"}),
        lambda: dittograph.scan("corpus", exclude="*.md"),
        lambda: dittograph.clean(frame, tmp_path / "out"),
        lambda: dittograph.clean("corpus", tmp_path / "out", keep_text="a line"),
        lambda: dittograph.signatures("one text"),
    ]
    for call in calls:
        with pytest.raises(TypeError, match="one string|a mapping|paths are wanted"):
            call()
    with pytest.raises(dittograph.Error, match="field `text` is a number, not a string"):
        dittograph.scan(pyarrow.table({"text": [1, 2]}))


def test_ctrl_c_ends_a_run(long_texts: list[str]) -> None:
    def interrupt(stage: str, done: int, total: int, is_bytes: bool) -> None:
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        dittograph.scan(texts=long_texts, progress=interrupt)
    # And the next one is whole.
    assert len(dittograph.scan(texts=["a b", "a b"])) == 1


def test_what_the_watcher_raises_comes_out(long_texts: list[str]) -> None:
    def watch(stage: str, done: int, total: int, is_bytes: bool) -> None:
        assert 0 <= done <= total
        raise LookupError(stage)

    with pytest.raises(LookupError):
        dittograph.scan(texts=long_texts, progress=watch)


def test_progress_is_shown_on_one_line(long_texts: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    dittograph.scan(texts=long_texts, find="documents", progress=True)
    shown = capsys.readouterr().err
    assert "\n" not in shown and "%" in shown and shown.endswith("\r")
    dittograph.scan(texts=long_texts[:10])
    assert capsys.readouterr().err == ""


def test_other_threads_run_on(long_texts: list[str]) -> None:
    found: list[int] = []
    scan = threading.Thread(target=lambda: found.append(len(dittograph.scan(texts=long_texts, find="documents"))))
    turns = 0
    scan.start()
    while scan.is_alive():
        turns += 1
    scan.join()
    # Without the interpreter this thread would have had a few turns only.
    assert found[0] > 0 and turns > 1000


@pytest.mark.parametrize("threads", [0, 1025, 10**6])
def test_a_number_of_threads_that_stops_a_machine_is_refused(threads: int) -> None:
    with pytest.raises(dittograph.Error, match="from 1 to 1024"):
        dittograph.scan(texts=["a b"], threads=threads)


def test_the_examples_are_true() -> None:
    pytest.importorskip("pyarrow")
    tried = doctest.testmod(dittograph)
    assert tried.attempted > 2 and tried.failed == 0


def length(texts: list[str]) -> int:
    return len(dittograph.scan(texts=texts))


@pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux only")
def test_a_forked_process_can_scan_too() -> None:
    texts = ["one and the same", "one and the same"]
    assert length(texts) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        with multiprocessing.get_context("fork").Pool(2) as pool:
            assert pool.map(length, [texts, texts * 2]) == [1, 6]
