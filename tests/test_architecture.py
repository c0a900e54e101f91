"""Which part may import which: a row may import only rows above it, and none of its own row."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
RECORDS = ROOT / "records"

# Modules of `records`, lowest first. A set is a row whose members stay apart from one another.
ROWS: list[set[str]] = [
    {"filing", "names", "alike", "calendar"},
    {"workflow", "roles", "market", "tables", "filetypes", "snapshots"},
    {"search"},
    {"search_index"},
    {"querysets"},
    {"models"},
    {"similar", "levels", "hits"},
    {"translate", "exports", "insights", "compare", "checks", "filters", "facets", "directory_tables"},
    {"reindexing"},
    {"history", "signals", "integrity"},
    {"backups"},
    {"views", "downloads", "feeds", "crawlers", "admin", "templatetags", "management"},
    {"urls", "apps"},
]
ROW_OF = {name: number for number, row in enumerate(ROWS) for name in row}
WITHOUT_DJANGO = {"filing", "names", "alike", "calendar", "market", "tables"}


def sources() -> list[Path]:
    return [path for path in RECORDS.rglob("*.py") if "migrations" not in path.parts]


def part_of(path: Path) -> str:
    """The part of `records` that a file belongs to."""
    return path.relative_to(RECORDS).parts[0].removesuffix(".py")


class ForTypesOnly(ast.NodeTransformer):
    """Drops `if TYPE_CHECKING:` blocks: they are never run."""

    def visit_If(self, node: ast.If) -> ast.AST | None:
        return None if ast.unparse(node.test) == "TYPE_CHECKING" else self.generic_visit(node)


def imports_of(path: Path) -> set[str]:
    """Full dotted names of everything that a file imports when it runs, wherever in the file."""
    package = path.relative_to(ROOT).with_suffix("").parts
    found = set()
    for node in ast.walk(ForTypesOnly().visit(ast.parse(path.read_text(encoding="utf-8")))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: -node.level] if node.level else ()
            module = ".".join([*base, *(node.module.split(".") if node.module else [])])
            found |= {f"{module}.{alias.name}" for alias in node.names}
    return found


def parts_imported(path: Path) -> set[str]:
    names = [name.split(".") for name in imports_of(path)]
    return {name[1] for name in names if name[0] == "records" and len(name) > 1} - {part_of(path), "__init__"}


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_imports_only_what_stands_below_it(path: Path) -> None:
    part = part_of(path)
    if part == "__init__":
        return
    assert part in ROW_OF, f"{part} has no row yet: give it one in this test"
    upwards = {other for other in parts_imported(path) if ROW_OF.get(other, -1) >= ROW_OF[part]}
    assert not upwards, f"{part} may not import {upwards}"


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_of_the_application_imports_the_site(path: Path) -> None:
    assert not [name for name in imports_of(path) if name.split(".")[0] == "irsite"]


def test_paper_knows_neither_django_nor_the_database() -> None:
    pure = [path for path in sources() if part_of(path) in WITHOUT_DJANGO]
    assert pure
    for path in pure:
        assert not [name for name in imports_of(path) if name.split(".")[0] == "django"], path


def test_only_the_translator_turns_a_filing_into_rows() -> None:
    for path in sources():
        made_here = {"records.filing.shape.Filing", "records.filing.Filing"} & imports_of(path)
        if made_here and part_of(path) != "filing":
            assert part_of(path) == "translate", path


def test_a_rule_is_seen_to_be_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check itself works: a search that imported a view would be found."""
    file = RECORDS / "search.py"
    monkeypatch.setattr(Path, "read_text", lambda self, **options: "from .views import record_list\n")
    assert parts_imported(file) == {"views"}
    assert ROW_OF["views"] >= ROW_OF["search"]
