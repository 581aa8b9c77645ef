"""``spark-submit`` for whoever wants no program of their own: ``python -m dittograph.spark IN OUT``."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import warnings

from pyspark.sql import DataFrame, SparkSession

import dittograph
from dittograph import spark as ditto


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    spark = SparkSession.builder.appName("dittograph").getOrCreate()
    warnings.showwarning = lambda message, *_: print(f"warning: {message}", file=sys.stderr)
    try:
        table = _read(spark, options.input, options.format)
        if options.find == "passages":
            _write(_passages(table, options), options.output, options)
            return 0
        found = ditto.scan(
            table,
            options.id_col,
            options.text_col,
            threshold=options.threshold,
            recall=options.recall,
            shingle_size=options.shingle_size,
            seed=options.seed,
            keep=options.keep,
            date_col=options.date_col,
            work_dir=options.work_dir,
        )
        wanted = {"pairs": lambda: found.pairs(options.pairs), "clusters": found.clusters, "clean": found.deduplicated}
        _write(wanted[options.find](), options.output, options)
        print(json.dumps(dataclasses.asdict(found.summary)), file=sys.stderr)
    except (dittograph.Error, ValueError, TypeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _passages(table: DataFrame, options: argparse.Namespace) -> DataFrame:
    return ditto.repeated_passages(
        table,
        options.id_col,
        options.text_col,
        min_words=options.min_words,
        min_similarity=options.min_similarity,
        seed=options.seed,
        work_dir=options.work_dir,
    )


def _format(path: str, named: str | None) -> str:
    """``parquet`` or ``jsonl``: as named, or by the ending of a path, which for JSON may be that of a compression."""
    if named is not None:
        return named
    return "jsonl" if any(part in ("json", "jsonl", "ndjson") for part in path.split("/")[-1].split(".")[1:]) else "parquet"


def _read(spark: SparkSession, path: str, named: str | None) -> DataFrame:
    return spark.read.json(path) if _format(path, named) == "jsonl" else spark.read.parquet(path)


def _write(table: DataFrame, path: str, options: argparse.Namespace) -> None:
    writer = table.write.mode("overwrite") if options.force else table.write
    if _format(path, options.output_format) == "jsonl":
        writer.json(path)
    else:
        writer.parquet(path)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dittograph.spark",
        description="Find duplicate documents on a cluster. Run it with spark-submit, or as it is on one machine.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("input", metavar="IN", help="a Parquet or JSONL file or folder, wherever Spark can read it")
    add("output", metavar="OUT", help="the folder to write; Parquet, or JSONL if it is called so")
    add("--find", choices=["pairs", "clusters", "clean", "passages"], default="pairs", help="what to write")
    add("--format", choices=["parquet", "jsonl"], help="the format of IN, instead of going by its name")
    add("--output-format", choices=["parquet", "jsonl"], help="the format of OUT, instead of going by its name")
    add("--force", action="store_true", help="write over what is there")
    add("--id-col", default="id", help="the column that tells rows apart")
    add("--text-col", default="text", help="the column of texts")
    add("--threshold", type=float, default=0.8, help="least Jaccard similarity of a pair")
    add("--recall", type=float, default=0.999, help="least share of the pairs at the threshold to find")
    add("--shingle-size", type=int, default=5, help="how many words in a row make a shingle")
    add("--pairs", choices=["all", "star"], default="all", help="every pair of a cluster, or each document beside its kept one")
    add("--keep", choices=["first", "longest", "newest"], default="first", help="which document of those that match to keep")
    add("--date-col", help="with --keep newest, the column of dates")
    add("--min-words", type=int, default=12, help="fewest words of a passage")
    add("--min-similarity", type=float, default=0.75, help="least share of its words that must align")
    add("--seed", type=int, default=0, help="seed of all hashes")
    add("--work-dir", help="a folder that all machines share, for tables of the run")
    return parser


if __name__ == "__main__":
    sys.exit(main())
