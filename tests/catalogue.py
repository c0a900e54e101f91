"""Checks that the Chinese catalogue is whole: `python -m tests.catalogue`.

Collects the sentences anew in a copy of the tree and compares: nothing missing, nothing stale, nothing fuzzy or
empty, and the compiled catalogue made from the present one. `make messages` renews both.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

CATALOGUE = Path("records/locale/zh_Hans/LC_MESSAGES/django.po")


def entries(path: Path) -> dict[str, str]:
    """Sentence -> translation, both as they stand in the file, with context and plural; obsolete ones left out."""
    found = {}
    for block in path.read_text(encoding="utf-8").split("\n\n"):
        lines = [line for line in block.splitlines() if line and not line.startswith("#")]
        text = "\n".join(lines)
        if "msgstr" in text:
            source, _, translation = text.partition("\nmsgstr")
            fuzzy = any(line.startswith("#,") and "fuzzy" in line for line in block.splitlines())
            found[source] = "" if fuzzy else translation
    return found


def is_empty(translation: str) -> bool:
    return not re.sub(r'^(\[\d\])? "|"|\s|msgstr(\[\d\])?', "", translation, flags=re.M)


def problems() -> list[str]:
    root = Path.cwd()
    ours = entries(root / CATALOGUE)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "tree"
        skipped = shutil.ignore_patterns(
            ".venv", ".git", "bench", "tests", "__pycache__", "*.sqlite3*", "media", "*_cache", "*.egg-info"
        )
        shutil.copytree(root, copy, ignore=skipped)
        command = ["makemessages", "--locale", "zh_Hans", "--no-location", "--no-wrap", "--verbosity", "0"]
        subprocess.run([sys.executable, "manage.py", *command], cwd=copy, check=True)
        fresh = entries(copy / CATALOGUE)
        compiled = Path(folder) / "django.mo"
        subprocess.run(["msgfmt", "--check-format", "-o", compiled, root / CATALOGUE], check=True)
        same = compiled.read_bytes() == (root / CATALOGUE).with_suffix(".mo").read_bytes()
    found = [f"missing from the catalogue: {source}" for source in fresh if source not in ours]
    found += [f"no longer in the program: {source}" for source in ours if source not in fresh]
    found += [f"not translated: {source}" for source, text in ours.items() if source != 'msgid ""' and is_empty(text)]
    return found if same else [*found, "the compiled catalogue is not made from the present one"]


def main() -> int:
    if not shutil.which("msgfmt"):
        print("translations: SKIPPED, gettext is not installed")
        return 1 if os.environ.get("REQUIRE_ALL") else 0
    found = problems()
    print("\n".join(found) or f"translations: {CATALOGUE} is whole")
    if found:
        print("`make messages` collects and compiles; then translate what is empty in", CATALOGUE)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
