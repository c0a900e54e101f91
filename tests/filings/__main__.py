"""Write anew what is read from every document: python -m tests.filings (then look at the difference)."""

from . import DOCUMENTS, golden, reading_of

for document in DOCUMENTS:
    golden(document).write_text(reading_of(document), encoding="utf-8")
