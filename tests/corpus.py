"""python -m tests.corpus [FOLDER]: score the reader of questions on a corpus of real cells.

FOLDER holds cells.jsonl.gz, labels.jsonl and score_split.py; it is no part of the repository. Exit status 0, or 1
where the folder is not there.
"""

from __future__ import annotations

import importlib.util
import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from types import ModuleType

from records.filing.questions import content_record

NEEDED = ("cells.jsonl.gz", "labels.jsonl", "score_split.py")


def main(folder: Path) -> int:
    missing = [name for name in NEEDED if not (folder / name).is_file()]
    if missing:
        print(f"No corpus in {folder}: {', '.join(missing)} not found. Give its folder as the argument.")
        return 1
    scorer = load(folder / "score_split.py")
    cells = scorer.read(str(folder / "cells.jsonl.gz"))
    began = time.perf_counter()
    records = [content_record(cell) for cell in cells]
    seconds = time.perf_counter() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as predictions:
        for record in records:
            predictions.write(json.dumps(record, ensure_ascii=False) + "\n")
        predictions.flush()
        scorer.main(str(folder / "labels.jsonl"), predictions.name)
    counts = [scorer.lost_lines(cell["text"], record) for cell, record in zip(cells, records, strict=True)]
    lost, lines = (sum(column) for column in zip(*counts, strict=True))
    print(f"all {len(cells)} cells: lines lost {lost} of {lines} ({lost / max(lines, 1):.5f})")
    print(f"{seconds:.1f} s, {memory:.0f} MB at most")
    return 0


def load(path: Path) -> ModuleType:
    """A script as a module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    default = Path(__file__).resolve().parents[2] / "shared" / "corpus"
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else default))
