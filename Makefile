# Two commands do everything: `make run` and `make test`.
PORT ?= 8000
PYTHON ?= python3
# Of `make bench`: how many records, and sqlite or postgres.
N ?= 20000
DB ?= sqlite
# Of `make fuzz`.
TIMES ?= 25
BIN := .venv/bin

# Of `make crash`, `make load` and `make soak`.
KILLS ?= 200
SEED ?= 1
CLIENTS ?= 100
SECONDS ?= 60
MINUTES ?= 30
PAUSE ?= 0

.PHONY: run test setup lint messages pictures corpus fuzz bench crash load soak clean

run: setup ## Serve the site on 127.0.0.1:$(PORT); the first time with sample data and a login
	$(BIN)/python manage.py migrate --verbosity 0
	$(BIN)/python manage.py first_run
	@echo "irsite: http://127.0.0.1:$(PORT)/  (desk: http://127.0.0.1:$(PORT)/admin/)"
	@# Lines of any length, so that it is a page of ours that says when an address is too long.
	$(BIN)/gunicorn irsite.wsgi --bind 127.0.0.1:$(PORT) --workers 2 --threads 4 --limit-request-line 0 --log-level warning

setup: .venv/installed .env ## Prepare .venv and the local settings

# The stamp is older than what it was made from only when something has to be installed.
.venv/installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --group dev
	touch $@

.env:
	@umask 077 && printf 'SECRET_KEY=%s\nALLOWED_HOSTS=127.0.0.1,localhost\nHTTPS=False\n' \
	  "$$($(PYTHON) -c 'import secrets; print(secrets.token_urlsafe(50))')" > $@

lint: setup ## Everything that is checked without running the program
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	git ls-files -z 'templates/*.html' | xargs -0 $(BIN)/djade --check --target-version 5.2
	$(BIN)/mypy
	$(BIN)/python manage.py check --fail-level WARNING
	$(BIN)/python manage.py makemigrations --check --dry-run --verbosity 0
	$(BIN)/python -m tests.catalogue

test: lint ## All checks, then the suite on SQLite and again on PostgreSQL
	$(BIN)/python -m pytest --numprocesses 2
	$(BIN)/python -m tests.postgres $(BIN)/python -m pytest --numprocesses 2

messages: setup ## Collect the sentences to translate, and compile the catalogue
	$(BIN)/python manage.py makemessages --locale zh_Hans --no-location --no-wrap --ignore '.venv/*' --ignore 'tests/*'
	$(BIN)/python manage.py compilemessages --locale zh_Hans --ignore '.venv/*' --ignore 'tests/*'

pictures: setup ## Renew the pictures in README
	$(BIN)/python -m tests.pictures

corpus: setup ## Score the reader of questions on a corpus of real cells that lies beside the repository
	$(BIN)/python -m tests.corpus

fuzz: setup ## Feed whatever reads outside input with generated input, TIMES as much as the suite does
	FUZZ_TIMES=$(TIMES) $(BIN)/python -m pytest -m fuzz

bench: setup ## Measure the pages on a made-up market of N records (DB=sqlite or postgres), beside Datasette
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --group bench
	$(BIN)/python -m tests.bench --records $(N) --database $(DB)

crash: setup ## Kill the site KILLS times while people work at its desk (DB=sqlite or postgres), and look what is left
	$(BIN)/python -m tests.crash --kills $(KILLS) --database $(DB) --seed $(SEED)

load: setup ## CLIENTS readers for SECONDS while people save and filings come in; PAUSE seconds between their pages
	$(BIN)/python -m tests.load --clients $(CLIENTS) --seconds $(SECONDS) --pause $(PAUSE) --database $(DB)

soak: setup ## The same for MINUTES
	$(BIN)/python -m tests.load --clients $(CLIENTS) --seconds $$(($(MINUTES) * 60)) --pause $(PAUSE) --database $(DB)

clean: ## Forget the virtual environment; data and settings stay
	rm -rf .venv
