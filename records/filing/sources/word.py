"""Word files (.docx): the text as a reader of the page sees it, with ticks and automatic numbers."""

from __future__ import annotations

import dataclasses
import io
import posixpath
import re
import zipfile
from collections.abc import Iterator

from lxml import etree

from ..shape import FilingError, gettext_noop
from .blocks import TICKED, UNTICKED, Block, Deadline, Flow, symbol
from .numbering import Numbering

MAX_UNZIPPED = 16 * 1024 * 1024  # of the parts that are read; their trees take thirty times that
MAX_ENTRIES = 5000

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_OWN_STYLES = {"IRQuestion", "IRNote"}  # of the content in the form that we write
_STRICT_W = "http://purl.oclc.org/ooxml/wordprocessingml/main"
_W14 = "{http://schemas.microsoft.com/office/word/2010/wordml}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_CODES = re.compile("证券|股票|编号")  # what a page's header or footer says of the form
# Deleted or moved text, field codes, and the second form in which a drawing is kept for old programs.
_HIDDEN = frozenset(
    {f"{W}del", f"{W}moveFrom", f"{W}instrText", f"{W}delText", f"{W}rPr", f"{W}tblPr", f"{W}tcPr"}
) | {f"{_MC}Fallback"}


def docx_blocks(data: bytes, name: str, deadline: Deadline) -> list[Block]:
    """Blocks of a .docx, its page header and footer first, its notes last; FilingError for another kind of archive."""
    parts = _Parts(data, name, deadline)
    numbering = Numbering(parts.tree("word/numbering.xml"), parts.tree("word/styles.xml"))
    document = parts.tree(parts.document)
    if document is None:
        raise FilingError(
            gettext_noop("“%(name)s” is an archive without a Word document: choose the document itself."), name=name
        )
    blocks: list[Block] = []
    seen: set[tuple[str, ...]] = set()
    margins = list(parts.margins(document))
    for root in [*margins, document, *parts.notes()]:
        walker = _Walker(Flow(), numbering, deadline)
        walker.walk(root)
        found = walker.flow.blocks()
        if root in margins:  # the same header on first, odd and even pages; a bare page number is none
            found = [block for block in found if block.cells not in seen and _CODES.search("".join(block.cells))]
            seen.update(block.cells for block in found)
        blocks += [dataclasses.replace(block, own=True) for block in found] if walker.own else found
    return blocks


class _Parts:
    """The XML parts of the package, unzipped within bounds."""

    def __init__(self, data: bytes, name: str, deadline: Deadline) -> None:
        self._name = name
        self._deadline = deadline
        self._left = MAX_UNZIPPED
        self._zip = zipfile.ZipFile(io.BytesIO(data))
        entries = self._zip.infolist()
        if len(entries) > MAX_ENTRIES:
            raise self._too_large()
        self._entries = {entry.filename.lstrip("/"): entry for entry in entries}
        if any(entry.flag_bits & 1 for entry in entries):
            raise FilingError(
                gettext_noop("“%(name)s” is protected by a password: remove it in Word and try again."), name=name
            )
        self.document = self._main_document()

    def _too_large(self) -> FilingError:
        return FilingError(
            gettext_noop("“%(name)s” unpacks to more than a filing can hold: choose the filing itself."),
            name=self._name,
        )

    def _main_document(self) -> str:
        relations = self.tree("_rels/.rels")
        if relations is not None:
            for relation in relations:
                if str(relation.get("Type", "")).endswith("/officeDocument"):
                    target = str(relation.get("Target", "")).lstrip("/")
                    if target.startswith("word/") and target in self._entries:
                        return target
        return "word/document.xml"

    def tree(self, part: str) -> etree._Element | None:
        """The part's root, or None where the package lacks it. Entities are not resolved, nothing is fetched."""
        entry = self._entries.get(part)
        if entry is None:
            return None
        data = self._unzipped(entry)
        if _STRICT_W.encode() in data[:4000]:
            data = data.replace(_STRICT_W.encode(), W[1:-1].encode())
        parser = etree.XMLParser(
            resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True
        )
        return etree.fromstring(data, parser)

    def _unzipped(self, entry: zipfile.ZipInfo) -> bytes:
        if entry.file_size > self._left:
            raise self._too_large()
        chunks = []
        with self._zip.open(entry) as stream:
            # The declared size may be a lie, so what comes out is counted too.
            while chunk := stream.read(1 << 20):
                self._deadline.check()
                self._left -= len(chunk)
                if self._left < 0:
                    raise self._too_large()
                chunks.append(chunk)
        return b"".join(chunks)

    def margins(self, document: etree._Element) -> Iterator[etree._Element]:
        """Headers and footers."""
        folder, file = posixpath.split(self.document)
        relations = self.tree(f"{folder}/_rels/{file}.rels")
        targets = {} if relations is None else {r.get("Id"): str(r.get("Target", "")) for r in relations}
        for reference in document.iter(f"{W}headerReference", f"{W}footerReference"):
            target = targets.get(reference.get(_RELATION))
            root = (
                self.tree(target.lstrip("/") if target.startswith("/") else f"{folder}/{target}") if target else None
            )
            if root is not None:
                yield root

    def notes(self) -> Iterator[etree._Element]:
        """Footnotes and endnotes."""
        folder = posixpath.dirname(self.document)
        for name in ("footnotes", "endnotes"):
            root = self.tree(f"{folder}/{name}.xml")
            if root is not None:
                yield root


class _Walker:
    """Walks the XML without recursion and tells a Flow what it meets."""

    def __init__(self, flow: Flow, numbering: Numbering, deadline: Deadline) -> None:
        self.flow = flow
        self.own = False
        self._numbering = numbering
        self._deadline = deadline
        self._hidden = 0  # depth within elements that the page does not show
        self._boxed = 0  # depth within a content control that is a checkbox
        self._paragraphs: list[bool] = []  # for every open paragraph: whether its number is still to come

    def walk(self, root: etree._Element) -> None:
        for count, (event, element) in enumerate(etree.iterwalk(root, events=("start", "end"))):
            if count % 5000 == 0:
                self._deadline.check()
            if not isinstance(element.tag, str):
                continue
            if event == "start":
                self._start(element, element.tag)
            else:
                self._end(element, element.tag)

    def _start(self, element: etree._Element, tag: str) -> None:
        if tag == f"{W}ffData":  # in the properties of a field, so before what is hidden
            self._legacy_box(element)
        if tag in _HIDDEN or _vanishes(element):
            self._hidden += 1
        if self._hidden:
            return
        if tag == f"{W}sdt":
            self._content_control(element)
        elif tag == f"{W}sdtContent" and self._is_box(element.getparent()):
            self._boxed += 1
        if self._boxed:
            return
        if tag == f"{W}tbl":
            self.flow.open_table()
        elif tag == f"{W}tr":
            self.flow.open_row()
        elif tag == f"{W}tc":
            self.flow.open_cell()
        elif tag == f"{W}p":
            self.flow.line_break()
            if number := self._numbering.number(element):
                self.flow.text(number)
        elif tag == f"{W}pStyle":
            self.own = self.own or element.get(f"{W}val") in _OWN_STYLES
        else:
            self._run(element, tag)

    def _end(self, element: etree._Element, tag: str) -> None:
        if tag in _HIDDEN or _vanishes(element):
            self._hidden -= 1
            return
        if self._hidden:
            return
        if tag == f"{W}sdtContent" and self._is_box(element.getparent()):
            self._boxed -= 1
        elif self._boxed:
            return
        elif tag == f"{W}tc":
            self.flow.close_cell()
        elif tag == f"{W}tbl":
            self.flow.close_table()
        elif tag == f"{W}p":
            self.flow.line_break()

    def _run(self, element: etree._Element, tag: str) -> None:
        if tag == f"{W}t":
            self.flow.text((element.text or "").replace("\n", " "))
        elif tag == f"{W}tab":
            # The same name is a tab stop within a paragraph's properties.
            parent = element.getparent()
            if parent is not None and parent.tag == f"{W}r":
                self.flow.text("\t")
        elif tag in (f"{W}br", f"{W}cr"):
            self.flow.line_break()
        elif tag == f"{W}noBreakHyphen":
            self.flow.text("-")
        elif tag == f"{W}sym":
            self.flow.text(_sym(element))

    def _content_control(self, element: etree._Element) -> None:
        if self._is_box(element):
            checked = element.find(f"{W}sdtPr/{_W14}checkbox/{_W14}checked")
            self.flow.text(TICKED if checked is not None and _on(checked.get(f"{_W14}val")) else UNTICKED)

    @staticmethod
    def _is_box(element: etree._Element | None) -> bool:
        return element is not None and element.find(f"{W}sdtPr/{_W14}checkbox") is not None

    def _legacy_box(self, element: etree._Element) -> None:
        box = element.find(f"{W}checkBox")
        if box is None or self._hidden:
            return
        state = box.find(f"{W}checked")
        if state is None:
            state = box.find(f"{W}default")
        self.flow.text(TICKED if state is not None and _on(state.get(f"{W}val")) else UNTICKED)


def _vanishes(element: etree._Element) -> bool:
    """Whether a run is set as hidden text, as the hints of a template are."""
    if element.tag != f"{W}r":
        return False
    hidden = element.find(f"{W}rPr/{W}vanish")
    return hidden is not None and _on(hidden.get(f"{W}val"))


def _on(value: str | None) -> bool:
    return (value or "1") not in ("0", "false", "off")


def _sym(element: etree._Element) -> str:
    try:
        code = int(element.get(f"{W}char", ""), 16)
    except ValueError:
        return ""
    font = element.get(f"{W}font", "")
    if font.lower().startswith("wingdings"):
        return symbol(code, font)
    return chr(code) if 0x20 <= code < 0xD800 else ""
