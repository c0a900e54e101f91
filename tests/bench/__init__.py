"""Measures the pages on a made-up market, beside Datasette on the same one: `make bench`, `python -m tests.bench`."""
