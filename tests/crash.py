"""Kills the site at random moments while people work at its desk, and looks what is left: `make crash`.

    python -m tests.crash [--kills 200] [--database sqlite|postgres] [--seed N]

The site runs as in use: gunicorn with two workers, on a database of its own with the sample data; PostgreSQL with fsync
and synchronous_commit. Several people bring filings in, save, publish, correct and merge over HTTP, and note what they
were answered. A kill is SIGKILL to all processes of the site at once, of `manage.py migrate`, or of PostgreSQL. After
each one, `check_integrity` must find nothing, all that was acknowledged must be there, and nothing by halves. Exit code
1 if it is not so.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import dataclasses
import hashlib
import http.client
import io
import itertools
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tqdm import tqdm

from tests import postgres, served
from tests.bench.table import table
from tests.browser import Desk, RefusedError, added

PEOPLE = 4
PASSWORD = "correct-horse-7"  # noqa: S105
# What is aimed at, and how often of a hundred times. `database` is PostgreSQL itself.
AIMS = {"import": 24, "save": 22, "publish": 22, "merge": 12, "migrate": 10, "database": 10}
EARLIER = "0008"  # the migration from which on the newest is gone to
IGNORED = {"sqlite": {"database"}, "postgres": set()}


# What was acknowledged


@dataclasses.dataclass
class Stored:
    """What the database holds, as far as people were told of it."""

    records: dict[int, tuple[str, str]]  # number, status
    questions: dict[str, set[str]]  # text -> names of its topics; each is asked once
    people: dict[str, int | None]  # each came once; the id of whom they came from
    files: set[tuple[str, str]]  # name, sha256 of the bytes on disk
    steps: set[tuple[int, str]]
    entries: dict[tuple[str, int], str]  # topics and institutions, by kind and id: names
    merged: dict[tuple[str, int], int]
    intakes: dict[int, str]

    @classmethod
    def now(cls) -> Stored:
        from records.models import (
            Attachment,
            Institution,
            InstitutionMerge,
            Intake,
            MergedTopic,
            Participant,
            Question,
            Record,
            Step,
            Topic,
            stored,
        )

        questions: dict[str, set[str]] = {}
        for text, topic in Question.objects.order_by().values_list("text", "topics__name"):
            questions.setdefault(text, set()).update({topic} - {None})
        return cls(
            records={
                pk: (number, status) for pk, number, status in Record.objects.values_list("pk", "number", "status")
            },
            questions=questions,
            people=dict(Participant.objects.order_by().values_list("person", "institution")),
            files={
                (name, stored.digest_of(file) or "") for name, file in Attachment.objects.values_list("name", "file")
            },
            steps=set(Step.objects.values_list("record", "verb")),
            entries={("topic", pk): name for pk, name in Topic.objects.values_list("pk", "name")}
            | {("institution", pk): name for pk, name in Institution.objects.values_list("pk", "name")},
            merged={("topic", pk): into for pk, into in MergedTopic.objects.values_list("pk", "into")}
            | {("institution", pk): into for pk, into in InstitutionMerge.objects.values_list("former_id", "into")},
            intakes=dict(Intake.objects.values_list("pk", "sha256")),
        )


Fact = Callable[[Stored], bool]


class Memory:
    """What people know: what they were told is stored, and what was on its way when the site died."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.facts: dict[str, Fact] = {}
        self.whole: dict[str, Fact] = {}  # that something is there with all its parts, or not at all
        self.acknowledged: collections.Counter[str] = collections.Counter()

    def told(self, kind: str, fact: str, holds: Fact) -> None:
        """Something was acknowledged."""
        with self.lock:
            self.facts[fact] = holds
            self.acknowledged[kind] += 1

    def sent(self, name: str, is_whole: Fact) -> None:
        """Something is on its way that has several parts."""
        with self.lock:
            self.whole[name] = is_whole

    def doubt(self, fact: str) -> None:
        """It is about to be changed."""
        with self.lock:
            self.facts.pop(fact, None)

    def lost(self, stored: Stored) -> list[str]:
        with self.lock:
            return [fact for fact, holds in self.facts.items() if not holds(stored)]

    def halves(self, stored: Stored) -> list[str]:
        with self.lock:
            return [f"{name}: by halves" for name, is_whole in self.whole.items() if not is_whole(stored)]


def disagreements() -> list[str]:
    """What `manage.py check_integrity` finds, a line each."""
    from django.core.management import CommandError, call_command
    from django.db import connection

    out = io.StringIO()
    try:
        call_command("check_integrity", stdout=out, stderr=out)
    except CommandError as error:
        return out.getvalue().splitlines() or [str(error)]
    finally:
        connection.close()
    return []


# People


@dataclasses.dataclass
class Doing:
    """What somebody waits for an answer to."""

    kind: str = ""
    since: float = 0.0


class Person(threading.Thread):
    """Works at the desk, over and over: a filing becomes a draft, is saved, published, corrected; what it names is merged."""

    def __init__(self, number: int, work: Work) -> None:
        super().__init__(daemon=True)
        self.number, self.work = number, work
        self.random = random.Random(f"{work.seed} {number}")  # noqa: S311
        self.doing = Doing()
        self.rounds = itertools.count(1)
        self.draft = 0  # a record that can be gone on with
        self.pair: tuple[str, int, int, str] | None = None  # of topics or institutions, to be merged
        self.idle = threading.Event()
        self.desk, self.second = (Desk(work.site.port, f"203.0.113.{10 * number + n}") for n in (1, 2))

    def log_in(self) -> None:
        """Once: who is logged in stays so."""
        self.desk.log_in(f"editor{self.number}", PASSWORD)
        self.second.log_in(f"reviewer{self.number}", PASSWORD)

    def run(self) -> None:
        try:
            while not self.work.is_over:
                self.idle.clear()  # before it looks whether it is open: who closes waits for this
                if not self.work.open.is_set():
                    self.idle.set()
                    self.work.open.wait(0.2)
                    continue
                try:
                    self.live()
                except (OSError, http.client.HTTPException):
                    if not self.work.dies:
                        raise
                    if self.work.open.is_set():
                        time.sleep(0.05)  # it dies just now, or is not up yet
                except RefusedError as error:
                    if not (self.work.may_refuse and str(error).startswith("503")):
                        raise
        except BaseException as error:  # whatever it is, the run has failed
            self.work.failures.append(error)
        finally:
            self.idle.set()

    @contextlib.contextmanager
    def waiting(self, kind: str) -> Iterator[None]:
        self.doing = Doing(kind, time.monotonic())
        self.work.began(kind)
        try:
            yield
            self.work.took[kind].append(time.monotonic() - self.doing.since)
        finally:
            self.doing = Doing()

    def live(self) -> None:
        mark = f"2026-{self.number}{next(self.rounds):03}"
        desk, second = self.desk, self.second
        record = self.draft = self.draft or self.bring(desk, mark)
        for n in range(self.random.randint(1, 2)):  # once at least: what is published needs it
            self.save(desk, record, f"{mark}-{n}")
        if not self.pair:
            kind = self.random.choice(["topic", "institution"])
            one, other = (self.entry(desk, kind, f"名{mark}-{n}") for n in "ab")
            self.save(desk, record, f"{mark}-m", **{kind: f"名{mark}-a"})
            self.pair = kind, one, other, mark
        if self.random.random() < 0.6:
            self.publish(desk, second, record, mark)
        self.merge(desk, *self.pair)

    def publish(self, desk: Desk, second: Desk, record: int, mark: str) -> None:
        self.draft = 0
        self.verb(desk, record, "submit")
        self.verb(second, record, "approve")
        if self.random.random() < 0.5:
            version = self.verb(desk, record, "correct")
            self.save(desk, version, f"{mark}-v")
            self.verb(desk, version, "submit")
            self.verb(second, version, "approve")
            superseded = f"{mark}: superseded"
            self.work.memory.told("publish", superseded, lambda now: now.records[record][1] == "superseded")

    def merge(self, desk: Desk, kind: str, one: int, other: int, mark: str) -> None:
        memory, asked, came = self.work.memory, f"第{mark}-m问？", f"人{mark}-m"
        memory.doubt(f"naming {mark}")
        memory.doubt(f"{kind} {one}")
        self.pair = None

        def moved(now: Stored) -> bool:
            return now.questions[asked] == {f"名{mark}-b"} if kind == "topic" else now.people[came] == other

        with self.waiting("merge"):
            desk.merge(kind, one, other)
            memory.told(
                "merge",
                f"merged {mark}",
                lambda now: now.merged.get((kind, one)) == other and (kind, one) not in now.entries and moved(now),
            )

    def bring(self, desk: Desk, mark: str) -> int:
        memory = self.work.memory
        text = filing(self.number, mark)
        digest = hashlib.sha256(text.encode()).hexdigest()
        memory.sent(f"import {mark}", lambda now: _is_whole(now, mark))
        with self.waiting("import"):
            preview = desk.bring(text)
            intake = int(preview.strip("/").rpartition("/")[2])
            memory.told("import", f"intake {mark}", lambda now: now.intakes.get(intake) == digest)
        as_read = desk.look(preview)
        with self.waiting("import"):
            memory.doubt(f"intake {mark}")
            record = desk.create(preview, as_read)
            memory.told(
                "import",
                f"record {mark}",
                lambda now: (
                    now.records.get(record, ("",))[0] == mark and digest in {found for _name, found in now.files}
                ),
            )
        return record

    def save(self, desk: Desk, record: int, mark: str, topic: str = "", institution: str = "华夏基金") -> None:
        memory, content = self.work.memory, f"%PDF-1.4\n{mark}\n".encode() + self.random.randbytes(5000)
        digest = hashlib.sha256(content).hexdigest()
        fields = desk.open(record)
        fields = added(fields, "questions", text=f"第{mark}问？", answer=f"答{mark}。", topic_names=topic)
        fields = added(
            fields, "participants", name_as_filed=institution, person=f"人{mark}", commitment_letter="signed"
        )
        fields = added(fields, "attachments", kind="other")
        fields |= {"material_information": ["不涉及"], "disclosed_on": ["2026-03-13"], "_continue": ["1"]}
        at = int(fields["attachments-INITIAL_FORMS"][0])

        def there(now: Stored) -> int:
            return (
                (f"第{mark}问？" in now.questions)
                + (f"人{mark}" in now.people)
                + ((f"{mark}.pdf", digest) in now.files)
            )

        memory.sent(f"save {mark}", lambda now: there(now) in {0, 3})
        with self.waiting("save"):
            desk.save(record, fields, {f"attachments-{at}-file": (f"{mark}.pdf", content)})
            memory.told("save", f"saved {mark}", lambda now: there(now) == 3)
        if mark.endswith("-m"):
            memory.told(
                "save",
                f"naming {mark.removesuffix('-m')}",
                lambda now: (
                    now.questions[f"第{mark}问？"] == ({topic} - {""})
                    and now.entries.get(("institution", now.people[f"人{mark}"] or 0)) == institution
                ),
            )

    def entry(self, desk: Desk, kind: str, name: str) -> int:
        with self.waiting("save"):
            made = desk.add(kind, name)
            self.work.memory.told("save", f"{kind} {made}", lambda now: now.entries.get((kind, made)) == name)
        return made

    def verb(self, desk: Desk, record: int, verb: str) -> int:
        memory = self.work.memory
        later = {"submit": {"review", "published", "superseded"}, "approve": {"published", "superseded"}}
        with self.waiting("publish"):
            led = desk.carry_out(record, verb)
            memory.told(
                "publish",
                f"{verb} {record}",
                lambda now: (
                    (verb == "correct" and led in now.records)
                    or ((record, verb) in now.steps and now.records[record][1] in later[verb])
                ),
            )
        return led


def _is_whole(now: Stored, mark: str) -> bool:
    """A filing became all of its rows, or none."""
    asked = sum(f"问题{mark}之{n}？" in now.questions for n in range(1, 13))
    came = sum(f"客{mark}之{n}" in now.people for n in range(1, 21))
    is_there = mark in {number for number, _status in now.records.values()}
    return (asked, came) == ((12, 20) if is_there else (0, 0))


def filing(person: int, mark: str) -> str:
    """A filing of a company of one's own, with its own number; its institutions are everybody's."""
    names = ("华夏基金", "中信证券", "高瓴资本", "南方基金")
    visitors = "\n".join(f"{names[n % 4]}：客{mark}之{n}" for n in range(1, 21))
    asked = "\n".join(
        f"问题{n}：问题{mark}之{n}？\n答：公司订单充足，大模型业务进展顺利，境外业务占比{n}%。" for n in range(1, 13)
    )
    return (
        f"证券代码：99{person:04} 证券简称：崩溃{person}\n崩溃{person}科技股份有限公司\n投资者关系活动记录表\n编号：{mark}\n"
        f"投资者关系活动类别\n☑业绩说明会\n参与单位名称及人员姓名\n{visitors}\n时间\n2026年3月12日\n地点\n公司会议室\n"
        f"上市公司接待人员姓名\n董事会秘书：何清和\n投资者关系活动主要内容介绍\n{asked}\n附件清单（如有）\n无\n日期\n2026年3月12日\n"
    )


class Work:
    """People at a site, who stop while it is down."""

    def __init__(self, site: served.Site, seed: int, people: int = PEOPLE, *, dies: bool = True) -> None:
        """`dies` is whether a request may break off."""
        self.site, self.seed, self.dies = site, seed, dies
        self.memory = Memory()
        self.open = threading.Event()
        self.is_over = self.may_refuse = False
        self.failures: list[BaseException] = []
        self.took: dict[str, list[float]] = collections.defaultdict(lambda: [0.2])
        self.sent = threading.Condition()
        self.sent_kind = ""
        self.people = [Person(number, self) for number in range(1, people + 1)]
        for person in self.people:
            person.log_in()
            person.start()

    def began(self, kind: str) -> None:
        with self.sent:
            self.sent_kind = kind
            self.sent.notify_all()

    def wait_for(self, kind: str) -> None:
        """Until somebody begins with this."""
        with self.sent:
            if not self.sent.wait_for(lambda: self.sent_kind == kind or self.failures, 120):
                raise SystemExit(f"nobody came to {kind} within two minutes")
            self.sent_kind = ""

    def in_its_midst(self) -> set[str]:
        return {person.doing.kind for person in self.people} - {""}

    def close(self) -> None:
        """Until everybody has seen that it is closed."""
        self.open.clear()
        for person in self.people:
            person.idle.wait()

    def end(self) -> None:
        self.is_over = True
        self.open.set()
        for person in self.people:
            person.join()


# Kills


@dataclasses.dataclass
class Row:
    """What came of the kills of one aim."""

    kills: int = 0
    midst: int = 0  # in which a request of the kind was on its way
    lost: int = 0
    faults: int = 0
    seconds: float = 0.0


class Run:
    def __init__(self, engine: str, kills: int, seed: int, folder: Path, database: postgres.Server | None) -> None:
        self.engine, self.folder, self.database = engine, folder, database
        self.random = random.Random(seed)  # noqa: S311
        self.url = database.url if database else f"sqlite:///{folder}/db.sqlite3"
        aims = {aim: weight for aim, weight in AIMS.items() if aim not in IGNORED[engine]}
        # Each once, however few there are.
        self.plan = [*aims, *self.random.choices(list(aims), list(aims.values()), k=max(kills - len(aims), 0))]
        self.random.shuffle(self.plan)
        self.rows = {aim: Row() for aim in aims}
        self.told: list[str] = []
        os.environ |= {
            **served.ENVIRONMENT,
            "DATABASE_URL": self.url,
            "MEDIA_ROOT": str(folder / "media"),
            "TRUSTED_PROXIES": "1",
        }

    def go(self, seed: int) -> None:
        manage("migrate")
        manage("load_sample")  # for the migrations to have something to do
        import django

        django.setup()
        hire(PEOPLE)
        migrations = Migrations(self)
        bar = tqdm(total=len(self.plan), desc=f"kills on {self.engine}", disable=None)
        with served.site(self.url, workers=2) as site:
            work = Work(site, seed)
            try:
                for aim in self.plan:
                    began = time.monotonic()
                    row = self.rows[aim]
                    if aim == "migrate":
                        row.midst += migrations.kill(row, self.told)
                    else:
                        self.kill(aim, row, work)
                    row.kills += 1
                    row.seconds += time.monotonic() - began
                    bar.update()
                    if work.failures:
                        raise SystemExit(f"somebody could not go on: {work.failures[0]!r}") from work.failures[0]
                    if len(self.told) > 20:
                        break
            finally:
                work.end()
            self.memory = work.memory

    def kill(self, aim: str, row: Row, work: Work) -> None:
        site = work.site
        work.may_refuse = aim == "database"
        work.open.set()
        kind = self.random.choice(["import", "save", "publish", "merge"]) if aim == "database" else aim
        work.wait_for(kind)
        time.sleep(self.random.uniform(0, 1.2) * statistics.median(work.took[kind][-20:]))
        row.midst += kind in work.in_its_midst()
        if self.database and aim == "database":
            self.database.crash()
            work.close()
            self.database.start()
        else:
            site.kill()
            work.close()
            site.start()  # while we look: whoever comes back first finds what the dead have left
        self.wait_for_the_dead()
        self.look(row, work.memory, aim)
        site.wait_for("/readyz", 200)

    def wait_for_the_dead(self) -> None:
        """PostgreSQL ends what was asked of it before it looks whether anybody is still there."""
        if not self.database:
            return
        from django.db import connection

        connection.close()
        for _attempt in range(600):
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid() AND datname = current_database()"
                )
                if not cursor.fetchone()[0]:
                    return
            time.sleep(0.05)

    def look(self, row: Row, memory: Memory, aim: str) -> None:
        now = Stored.now()
        self.note(row, aim, memory.lost(now), [*memory.halves(now), *disagreements()])

    def note(self, row: Row, aim: str, lost: list[str], faults: list[str]) -> None:
        row.lost += len(lost)
        row.faults += len(faults)
        for sentence in (*(f"lost: {fact}" for fact in lost), *faults):
            self.told.append(f"{aim}: {sentence}")
            tqdm.write(self.told[-1], file=sys.stderr)


class Migrations:
    """A copy of the database as it was before some migrations, which are killed on the way and then carried out."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.before, self.reference, self.url = (self.address(name) for name in ("before", "reference", "migrated"))
        self.copy(run.url, self.before)
        manage("migrate", "records", EARLIER, url=self.before)
        self.copy(self.before, self.reference)
        began = time.monotonic()
        manage("migrate", url=self.reference)
        self.seconds = time.monotonic() - began
        self.expected = self.rows(self.reference)

    def address(self, name: str) -> str:
        if self.run.database:
            return self.run.url.removesuffix("/postgres") + f"/{name}"
        return f"sqlite:///{self.run.folder}/{name}.sqlite3"

    def copy(self, source: str, target: str) -> None:
        if not self.run.database:
            for end in ("", "-wal", "-shm"):
                Path(target.removeprefix("sqlite:///") + end).unlink(missing_ok=True)
            shutil.copyfile(source.removeprefix("sqlite:///"), target.removeprefix("sqlite:///"))
            return
        import psycopg
        from django.db import connection

        connection.close()
        names = (target.rpartition("/")[2], source.rpartition("/")[2])
        with psycopg.connect(source.rpartition("/")[0] + "/template1", autocommit=True) as link:
            link.execute(f'DROP DATABASE IF EXISTS "{names[0]}" WITH (FORCE)')
            link.execute(f'CREATE DATABASE "{names[0]}" TEMPLATE "{names[1]}"')

    def kill(self, row: Row, told: list[str]) -> bool:
        """Once, and then sometimes again in the second attempt; whether it was still at work."""
        self.copy(self.before, self.url)
        midst = False
        for _time in range(self.run.random.choice([1, 1, 2])):
            process = subprocess.Popen(
                [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
                env={**os.environ, "DATABASE_URL": self.url},
                start_new_session=True,
            )
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(self.run.random.uniform(0.15, 1) * self.seconds)
            midst |= process.poll() is None
            process.kill()
            process.wait()
        manage("migrate", url=self.url)
        done = subprocess.run(
            [sys.executable, "manage.py", "check_integrity"],
            env={**os.environ, "DATABASE_URL": self.url},
            capture_output=True,
            text=True,
        )
        found = self.rows(self.url)
        lost = [f"rows of {name} after migrating" for name in self.expected if self.expected[name] != found.get(name)]
        faults = (done.stdout.splitlines() or done.stderr.splitlines()[-1:]) if done.returncode else []
        self.run.note(row, "migrate", lost, faults)
        return midst

    def rows(self, url: str) -> dict[str, list[str]]:
        """Every table of ours, row by row."""
        link: Any
        if self.run.database:
            import psycopg

            link = psycopg.connect(url)
            listed = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        else:
            import sqlite3

            link = sqlite3.connect(url.removeprefix("sqlite:///"))
            listed = "SELECT name FROM sqlite_master WHERE type = 'table'"
        with contextlib.closing(link):
            names = [name for (name,) in link.execute(listed) if name.startswith("records_") and "_grams" not in name]
            return {name: sorted(map(repr, link.execute(f'SELECT * FROM "{name}"'))) for name in names}  # noqa: S608


def manage(*command: str, url: str = "") -> None:
    environment = {**os.environ, **({"DATABASE_URL": url} if url else {})}
    subprocess.run([sys.executable, "manage.py", *command, "--verbosity", "0"], env=environment, check=True)


def hire(people: int) -> None:
    """Editors who bring in filings and merge topics, and as many who publish."""
    from django.contrib.auth import get_user_model
    from django.contrib.auth.hashers import make_password
    from django.db import connection

    password = make_password(PASSWORD)
    for number in range(1, people + 1):
        for name in (f"editor{number}", f"reviewer{number}"):
            get_user_model().objects.create(username=name, password=password, is_staff=True, is_superuser=True)
    connection.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="crash-")))
        database = None
        if options.database == "postgres":
            database = stack.enter_context(postgres.server(settings=postgres.DURABLE))
        run = Run(options.database, options.kills, options.seed, folder, database)
        run.go(options.seed)
    acknowledged = run.memory.acknowledged
    rows = [
        [aim, row.kills, row.midst, acknowledged.get(aim), row.lost, row.faults, round(row.seconds)]
        for aim, row in run.rows.items()
    ]
    totals = [sum(row[at] or 0 for row in rows) for at in range(1, 7)]
    headings = ["killed during", "kills", "in its midst", "acknowledged writes", "lost", "faults", "seconds"]
    print(table(headings, [*rows, ["all", *totals]]))
    print(f"\n{options.database}, seed {options.seed}, {time.monotonic() - began:.0f} s, {os.cpu_count()} processors")
    return 1 if run.told else 0


if __name__ == "__main__":
    sys.exit(main())
