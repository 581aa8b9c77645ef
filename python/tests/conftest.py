"""The program to hold the package to, and the sample corpus."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT / "corpus"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--program", help="the `dittograph` to compare with [default: the latest built here]")


@pytest.fixture(scope="session")
def program(request: pytest.FixtureRequest) -> Path:
    """The program that was built of the same code."""
    named = request.config.getoption("--program")
    if named:
        return Path(named).resolve()
    built = [ROOT / "target" / profile / "dittograph" for profile in ("release", "debug")]
    found = [path for path in built if path.exists()]
    if not found:
        pytest.fail("no program to compare with: run `cargo build` first, or name one with `--program`")
    return max(found, key=lambda path: path.stat().st_mtime)


Run = Callable[..., bytes]


@pytest.fixture
def run(program: Path, tmp_path: Path) -> Run:
    """Runs the program and gives the bytes on its standard output."""

    def run(*arguments: str | Path) -> bytes:
        command = [str(program), *map(str, arguments)]
        return subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout

    return run


@pytest.fixture(scope="session")
def articles() -> dict[str, str]:
    """The articles of the sample corpus by name, in the order of their names."""
    paths = sorted(CORPUS.rglob("*.txt"), key=lambda path: str(path.relative_to(CORPUS)).encode())
    return {str(path.relative_to(CORPUS)): path.read_bytes().decode() for path in paths}


@pytest.fixture
def jsonl(articles: dict[str, str], tmp_path: Path) -> Path:
    """The same as a file of JSON lines."""
    path = tmp_path / "articles.jsonl"
    path.write_text("".join(json.dumps({"id": id, "text": text}) + "\n" for id, text in articles.items()))
    return path


def without_prefix(rows: bytes) -> str:
    """The rows of :func:`jsonl` as those of documents in memory, which are called by their ids alone."""
    return rows.decode().replace("articles.jsonl#", "")
