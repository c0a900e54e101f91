"""The first page of the desk: what is due, what waits for whom, what came back, and what it costs to say so."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from records.admin.desk import SHOWN
from records.models import (
    Closure,
    DeadlineRule,
    Institution,
    Intake,
    Record,
    changed_names,
    compare_names,
    end_of_retention,
)

from . import build
from .test_importing_desk import bring
from .test_importing_desk import file as upload
from .test_importing_desk import form as paper

pytestmark = pytest.mark.django_db

DESK = "/admin/"
LIST = "/admin/records/record/"
DESK_QUERIES = 19  # session, user, permissions: 4; deadlines: 2; six lists, with their counts and their steps: 13


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tuesday 2024-06-11 at ten; records are due within two trading days."""
    Closure.objects.all().delete()
    DeadlineRule.objects.all().delete()
    DeadlineRule.objects.create(effective_from="2012-01-01", trading_days=2)
    now = timezone.make_aware(datetime.datetime(2024, 6, 11, 10))  # noqa: DTZ001
    monkeypatch.setattr(timezone, "now", lambda: now)


@pytest.fixture
def me() -> Any:
    build.company()
    return build.person("me", *build.STAFF, "publish_record")


@pytest.fixture
def you() -> Any:
    build.company()
    return build.person("you", *build.STAFF, "publish_record")


def at(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def sections(user: Any) -> dict[str, Any]:
    answer = at(user).get(DESK)
    assert answer.status_code == 200
    return {section.name: section for section in answer.context["sections"]}


def names(user: Any, section: str) -> list[str]:
    return [line.name.split()[-2] for line in sections(user)[section].lines]


def begun_by(user: Any, **options: Any) -> Record:
    record = build.draft(**options)
    record.history.update(history_user=user)
    return record


def whole(user: Any, section: str) -> list[str]:
    """The numbers in the list that a section leads to."""
    answer = at(user).get(sections(user)[section].address)
    assert answer.status_code == 200
    return [record.number for record in answer.context["cl"].result_list]


# What is due


def test_what_is_due_stands_with_its_light_and_the_overdue_first(me: Any) -> None:
    build.draft(number="later", held="2024-06-11")
    build.draft(number="late", held="2024-06-03")
    build.draft(number="soon", held="2024-06-06")
    build.draft(number="undated", held=None)
    build.record(number="done", held="2024-06-03")
    assert names(me, "due") == ["late", "soon", "later"]
    assert [line.light.split('"')[1] for line in sections(me)["due"].lines] == [
        "light overdue",
        "light due-soon",
        "light in-time",
    ]
    assert whole(me, "due") == ["late", "soon", "later"]


def test_what_is_overdue_by_another_rule_comes_first_though_it_was_held_later(me: Any) -> None:
    DeadlineRule.objects.create(effective_from="2012-01-01", board="chinext", kind="before-opening")
    quick = build.company("999003", "快", board="chinext")
    quick.staff.add(me)
    for n in range(SHOWN):
        build.draft(number=f"soon{n}", held="2024-06-06")
    build.draft(quick, number="late", held="2024-06-07")
    assert names(me, "due")[0] == "late"


def test_what_was_held_before_there_was_a_rule_is_not_due(me: Any) -> None:
    build.draft(number="old", held="2011-06-03")
    assert names(me, "due") == whole(me, "due") == []


def test_a_correction_is_not_due(me: Any) -> None:
    build.record(number="first", held="2024-06-03").correct(me)
    assert names(me, "due") == []


# What waits, and what came back


def test_what_was_submitted_waits_for_another(me: Any, you: Any) -> None:
    mine, yours = build.draft(number="mine"), build.draft(number="yours")
    mine.submit(me)
    yours.submit(you)
    assert names(me, "waiting") == whole(me, "waiting") == ["yours"]
    assert names(you, "waiting") == whole(you, "waiting") == ["mine"]
    assert "you" in sections(me)["waiting"].lines[0].told
    assert sections(me)["waiting"].lines[0].address == f"{LIST}{yours.pk}/review/"


def test_what_a_command_submitted_waits_for_everybody(me: Any) -> None:
    build.draft(number="imported").submit()
    assert names(me, "waiting") == ["imported"]


def test_at_a_one_person_desk_ones_own_waits_too(me: Any) -> None:
    alone = build.company("999002", one_person_desk=True)
    alone.staff.add(me)
    record = build.draft(alone, number="own")
    record.submit(me)
    assert names(me, "waiting") == ["own"]


def test_nothing_waits_for_who_may_not_approve(you: Any) -> None:
    build.draft().submit(you)
    author = build.person("author")
    assert "waiting" not in sections(author)
    assert "waiting" in sections(build.person("reviewer", *build.REVIEWER))


def test_what_waits_is_what_the_record_lets_one_approve(me: Any, you: Any) -> None:
    """The list and the verb ask the same question; superusers may approve their own, but are not called to it."""
    alone = build.company("999002", one_person_desk=True)
    alone.staff.add(me, you)
    for n, by in enumerate([me, you, None]):
        for company in (build.company(), alone):
            build.draft(company, number=f"{n}").submit(by)
    for user in (me, you):
        allowed = {record.pk for record in Record.objects.all() if not record.refusal("approve", user)}
        assert set(Record.objects.for_user(user).waiting_for(user).values_list("pk", flat=True)) == allowed


def test_what_came_back_shows_the_comment_to_whoever_submitted_it(me: Any, you: Any) -> None:
    record = build.draft(number="back")
    record.submit(me)
    record.send_back(you, "请补充参会人员。")
    assert names(me, "returned") == whole(me, "returned") == ["back"]
    assert names(you, "returned") == whole(you, "returned") == []
    assert "请补充参会人员。" in at(me).get(DESK).content.decode()
    assert "请补充参会人员。" not in at(you).get(DESK).content.decode()


def test_it_came_back_to_whoever_began_it_too(me: Any, you: Any) -> None:
    record = begun_by(me, number="back")
    record.submit(you)
    record.send_back(build.person("third", *build.REVIEWER), "请改。")
    assert names(me, "returned") == names(you, "returned") == ["back"]
    assert names(me, "drafts") == []


def test_once_submitted_again_it_came_back_to_nobody(me: Any, you: Any) -> None:
    record = build.draft()
    record.submit(me)
    record.send_back(you, "请改。")
    record.submit(me)
    assert names(me, "returned") == []


# Drafts, imports, and what was published


def test_ones_drafts_stand_by_their_last_change(me: Any, you: Any) -> None:
    first, _second, _yours = begun_by(me, number="1"), begun_by(me, number="2"), begun_by(you, number="3")
    begun_by(me, number="4").submit(me)
    for n, number in enumerate(["2", "1"]):
        moment = timezone.now() + datetime.timedelta(minutes=n)
        Record.objects.filter(number=number).update(updated_at=moment)
    assert names(me, "drafts") == [first.number, "2"]
    assert sorted(whole(me, "drafts")) == ["1", "2"]


def test_a_correction_is_a_draft_of_whoever_began_it(me: Any) -> None:
    build.record(number="first").correct(me)
    assert names(me, "drafts") == ["first"]


def test_what_was_published_last_comes_first(me: Any) -> None:
    for n, number in enumerate(["b", "c", "a"]):
        made = build.record(number=number)
        moment = timezone.now() + datetime.timedelta(minutes=n)
        Record.objects.filter(pk=made.pk).update(published_at=moment)
    assert names(me, "published") == ["a", "c", "b"]
    assert sorted(whole(me, "published")) == ["a", "b", "c"]


def test_an_import_tells_how_many_doubts_are_open(me: Any) -> None:
    client = at(me)
    plain, torn = paper(), paper(number="2025-004").replace("2025年3月12日", "那一天")
    bring(client, upload(plain, "plain.md"))
    bring(client, upload(torn, "torn.md"))
    counts = dict(Intake.objects.values_list("name", "doubt_count"))
    assert counts["torn.md"] == counts["plain.md"] + 1
    lines = {line.name: line.told for line in sections(me)["imports"].lines}
    assert lines.keys() == {"torn.md", "plain.md"}
    assert str(counts["torn.md"]) in lines["torn.md"].partition("·")[0]


def test_a_file_that_was_too_long_to_read_at_once_is_counted_when_it_is_opened(me: Any) -> None:
    intake = Intake.take(me, "long.md", paper().replace("2025年3月12日", "那一天").encode())
    assert intake.doubt_count is None
    unread = sections(me)["imports"].lines[0].told
    at(me).get(f"/admin/import/{intake.pk}/")
    intake.refresh_from_db()
    assert intake.doubt_count
    assert sections(me)["imports"].lines[0].told != unread


def test_the_imports_of_others_are_theirs(me: Any, you: Any) -> None:
    Intake.take(you, "yours.md", b"x")
    assert sections(me)["imports"].lines == []


# Whose, how much, for how much


def fill(mark: str, company: Any, author: Any, reviewer: Any, count: int) -> None:
    """So many rows of every list, as the verbs would leave them."""
    now = timezone.now()
    kinds = {"draft": "draft", "waiting": "review", "returned": "draft", "done": "published"}
    rows = {
        kind: Record.objects.bulk_create(
            Record(
                company=company,
                number=f"{mark}{kind}{n}",
                slug=f"{mark}{kind}{n}",
                held_from=datetime.date(2024, 6, 3),
                disclosed_on=now,
                published_at=now,
                status=status,
                retain_until=end_of_retention(now.date()),
            )
            for n in range(count)
        )
        for kind, status in kinds.items()
    }
    for record in rows["draft"]:
        Record.history.create(
            id=record.pk, company=company, history_type="+", history_user=author, history_date=now, slug=record.slug
        )
    for record in rows["waiting"]:
        record.steps.create(verb="submit", user=reviewer)
    for record in rows["returned"]:
        record.steps.create(verb="submit", user=author)
        record.steps.create(verb="send_back", user=reviewer, comment=f"{mark}请改")
    for n in range(count):
        Intake.objects.create(user=author, name=f"{mark}{n}.md", sha256=f"{mark}{n}", file="x", doubt_count=n)


def test_nothing_of_another_company_is_told(me: Any, you: Any) -> None:
    other = build.company("999002")
    me.companies.set([build.company()])
    fill("秘", other, you, build.person("third", *build.REVIEWER), 2)
    assert "秘" not in at(me).get(DESK).content.decode()
    assert not any(section.lines or section.count for section in sections(me).values())
    assert "秘draft" in at(you).get(DESK).content.decode()


def queries(client: Client) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(DESK).status_code == 200
    return len(captured)


def test_the_page_costs_the_same_whatever_there_is(me: Any, you: Any) -> None:
    company, other = build.company(), build.company("999002")
    me.companies.set([company])
    fill("a", company, me, you, 3)
    client = at(me)
    assert queries(client) == DESK_QUERIES
    few = {name: len(section.lines) for name, section in sections(me).items()}
    assert set(few.values()) >= {3}
    fill("b", company, me, you, 57)
    fill("x", other, you, me, 500)
    assert queries(client) == DESK_QUERIES
    shown = sections(me)
    assert {len(section.lines) for section in shown.values()} == {SHOWN}
    assert {name: section.count for name, section in shown.items()} == {
        "due": 180,
        "waiting": 60,
        "returned": 60,
        "drafts": 60,
        "imports": 60,
        "published": None,
    }


NAMES_QUERIES = 2  # more for who may decide about names of institutions: new ones, and pairs that look alike


def test_who_may_decide_is_told_how_many_names_wait(me: Any, you: Any) -> None:
    fill("a", build.company(), me, you, 3)
    me.user_permissions.add(Permission.objects.get(codename="change_institution"))
    client = at(me)
    assert queries(client) == DESK_QUERIES + NAMES_QUERIES
    assert sections(me)["names"].lines == []
    Institution.objects.resolve([f"甲乙丙丁{n}" for n in range(30)])
    for name in ("国泰君安资管", "国泰君安证券"):
        build.institution(name)
    compare_names(changed_names())
    assert queries(client) == DESK_QUERIES + NAMES_QUERIES
    shown = sections(me)["names"]
    assert [line.name.split()[0] for line in shown.lines] == ["30", "1"]
    assert shown.count == 31
    for line in shown.lines:
        assert client.get(line.address).status_code == 200
    me.user_permissions.set(Permission.objects.filter(codename="change_institution"))
    assert list(sections(me)) == ["names"]


def test_an_empty_desk_says_so_of_every_list(me: Any) -> None:
    page = at(me).get(DESK).content.decode()
    assert page.count('class="none"') == len(sections(me)) == 6


@pytest.mark.parametrize(
    ("given", "shown", "ways"),
    [
        (build.STAFF, ["due", "returned", "drafts", "imports", "published"], 3),
        (build.REVIEWER, ["due", "waiting", "published"], 0),
        (("view_record",), ["due", "published"], 0),
    ],
)
def test_everybody_sees_the_lists_of_what_they_may(given: Any, shown: list[str], ways: int) -> None:
    answer = at(build.person("somebody", *given)).get(DESK)
    assert [section.name for section in answer.context["sections"]] == shown
    assert len(answer.context["ways_in"]) == ways


def test_who_keeps_users_alone_finds_the_tables() -> None:
    keeper = build.person("keeper")
    keeper.user_permissions.set([Permission.objects.get(codename="view_user")])
    page = at(keeper).get(DESK).content.decode()
    assert 'class="task"' not in page
    assert '"/admin/auth/user/"' in page


def test_the_ways_in_lead_where_they_say(me: Any) -> None:
    ways = [way[0] for way in at(me).get(DESK).context["ways_in"]]
    assert ways == ["/admin/import/", "/admin/records/record/add/", "/admin/import/#id_text"]
    page = at(me).get("/admin/import/").content.decode()
    assert 'id="id_text"' in page


def test_a_filter_of_the_list_is_offered_to_whom_it_concerns(me: Any) -> None:
    offered: Callable[[Any], str] = lambda user: at(user).get(LIST).content.decode()  # noqa: E731
    assert "mine=waiting" in offered(me)
    author = offered(build.person("author"))
    assert "mine=waiting" not in author
    assert "mine=returned" in author
