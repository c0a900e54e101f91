"""Text formats: HTML, Markdown and plain text."""

from __future__ import annotations

import re

from lxml import etree, html

from .blocks import TICKED, UNTICKED, Block, Deadline, Flow, clean

_BREAKING = frozenset(
    {
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "br",
        "center",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figure",
    }
    | {
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "html",
        "legend",
        "li",
        "main",
        "nav",
        "ol",
    }
    | {"p", "pre", "section", "table", "tbody", "tfoot", "thead", "title", "tr", "ul"}
)
_SILENT = frozenset({"script", "style", "head", "noscript", "template", "svg", "math", "object", "select", "textarea"})
_SPACE = re.compile(r"[ \t\r\n\f]+")


def html_blocks(text: str, deadline: Deadline) -> list[Block]:
    """Blocks of a whole HTML document or of a piece of one."""
    flow = Flow()
    root = _parsed(text)
    if root is not None:
        _walk(root, flow, deadline)
    return flow.blocks()


def _parsed(text: str) -> etree._Element | None:
    if not text.strip():
        return None
    # An encoding named inside is that of the bytes, which are decoded by now.
    parser = html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True, remove_pis=True)
    return html.document_fromstring(text.encode("utf-8", "ignore"), parser=parser)


def _walk(root: etree._Element, flow: Flow, deadline: Deadline) -> None:
    silent = 0
    preformatted = 0
    for count, (event, element) in enumerate(etree.iterwalk(root, events=("start", "end"))):
        if count % 2000 == 0:
            deadline.check()
        tag = element.tag
        if not isinstance(tag, str):
            continue
        if event == "start":
            silent += tag in _SILENT
            preformatted += tag == "pre"
            if not silent:
                _open(element, tag, flow)
                _text(element.text, flow, bool(preformatted))
            continue
        if not silent:
            if tag in ("td", "th"):
                flow.close_cell()
            elif tag == "table":
                flow.close_table()
            elif tag in _BREAKING and tag != "br":
                flow.line_break()
        silent -= tag in _SILENT
        preformatted -= tag == "pre"
        if not silent:
            _text(element.tail, flow, bool(preformatted))


def _open(element: etree._Element, tag: str, flow: Flow) -> None:
    if tag == "table":
        flow.open_table()
    elif tag == "tr":
        flow.open_row()
    elif tag in ("td", "th"):
        span = element.get("rowspan", "1").strip()
        flow.open_cell(int(span) if span.isascii() and span.isdigit() and len(span) < 4 else 1)
    elif tag == "input":
        if element.get("type", "").lower() in ("checkbox", "radio"):
            flow.text(TICKED if element.get("checked") is not None else UNTICKED)
    elif tag in _BREAKING:
        flow.line_break()


def _text(text: str | None, flow: Flow, preformatted: bool) -> None:
    if text:
        flow.text(text if preformatted else _SPACE.sub(" ", text))


_TABLE = re.compile(r"(<table\b.*?</table\s*>)", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,300}>|&(?:#\d+|#x[0-9a-fA-F]+|\w+);")
_RULE = re.compile(r"^\s*\|?(?:\s*:?-{2,}:?\s*\|)*\s*:?-{2,}:?\s*\|?\s*$")
_PIPE = re.compile(r"(?<!\\)\|")
_HEADING = re.compile(r"^\s{0,3}(?:#{1,6}\s+|>\s?)+")
_TASK = re.compile(r"^\s*[-*+]\s+\[([ xX√✓])\]\s*")
_STRONG = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|~<>])")


def text_blocks(text: str, deadline: Deadline) -> list[Block]:
    """Blocks of plain text or Markdown; tables may be drawn with pipes or written in HTML."""
    markdown = any(_is_row(line) for line in text.split("\n"))
    blocks: list[Block] = []
    tables = 0
    for piece in _TABLE.split(text):
        if _TABLE.match(piece):
            inner = html_blocks(piece, deadline)
            last = tables
            for block in inner:
                number = None if block.table is None else last + block.table
                tables = max(tables, number or 0)
                blocks.append(Block(block.cells, number))
            continue
        in_table = False
        for count, line in enumerate(piece.split("\n")):
            if count % 2000 == 0:
                deadline.check()
            if _is_row(line) or (in_table and line.strip().startswith("|")):
                if not in_table:
                    tables += 1
                in_table = True
                if not _RULE.match(line):
                    line = _STRONG.sub(r"\2", line)
                    cells = tuple(_inline(cell.strip(), deadline) for cell in _PIPE.split(line.strip().strip("|")))
                    if any(cells):
                        blocks.append(Block(cells, tables))
                continue
            in_table = in_table and not line.strip()  # an empty line within an OCR table does not end it
            plain = _inline(_unmarked(line) if markdown or _HEADING.match(line) else _task(line), deadline)
            blocks.extend(Block((part,)) for part in plain.split("\n") if part)
    return blocks


def _is_row(line: str) -> bool:
    line = line.strip()
    return line.startswith("|") and line.endswith("|") and len(line) > 1


def _task(line: str) -> str:
    return _TASK.sub(lambda match: UNTICKED if match[1] == " " else TICKED, line)


def _unmarked(line: str) -> str:
    line = _HEADING.sub("", _task(line))
    return _ESCAPE.sub(r"\1", _STRONG.sub(r"\2", line))


def _inline(text: str, deadline: Deadline) -> str:
    """A line or a pipe cell as plain text; HTML within it becomes lines."""
    if not _TAG.search(text):
        return clean(_ESCAPE.sub(r"\1", text) if "\\|" in text else text)
    flow = Flow()
    root = _parsed(f"<div>{text}</div>")
    if root is not None:
        _walk(root, flow, deadline)
    return "\n".join("\t".join(block.cells) for block in flow.blocks())
