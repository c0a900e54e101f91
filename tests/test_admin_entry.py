"""Entry and editing of a whole record on one page: what is typed is what is stored."""

from __future__ import annotations

import datetime
import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from records.admin import editing
from records.models import Institution, Record, Topic

from . import build

pytestmark = pytest.mark.django_db

ADD = "/admin/records/record/add/"
PARTICIPANT = ("name_as_filed", "person", "title", "attended", "commitment_letter")


@pytest.fixture
def desk(admin_client: Client) -> Client:
    return admin_client


def change(record: Record) -> str:
    return reverse("admin:records_record_change", args=[record.pk])


def form(record: Record | None = None, *added: dict[str, Any], **typed: Any) -> dict[str, Any]:
    """What the page posts for a record as it stands, with rows added and some fields typed anew."""
    company = record.company if record else build.company()
    data: dict[str, Any] = {
        "company": company.pk,
        "number": record.number if record else "2026-001",
        "activity_types": [kind.pk for kind in record.activity_types.all()] if record else ["特定对象调研"],
        "held_from": "2026-03-12",
        "disclosed_on": "2026-03-13",
        "material_information": (record.material_information if record else "") or "不涉及",
        **{f"{part}-TOTAL_FORMS": 0 for part in ("participants", "questions", "attachments")},
        **{f"{part}-INITIAL_FORMS": 0 for part in ("participants", "questions", "attachments")},
    }
    if record:
        data["_opened"] = opened(record)
        data |= rows("participants", record, PARTICIPANT)
        data |= rows("questions", record, ("text", "answer"))
        for at, question in enumerate(record.questions.all()):
            data[f"questions-{at}-topic_names"] = "、".join(topic.name for topic in question.topics.all())
    for row in added:
        data |= row
    return data | typed


def opened(record: Record) -> str:
    """What a page opened now says that it was opened with."""
    return str(editing.Opened.of(editing.State.stored(record, editing.UNITS), editing.last_version(record.pk)))


def rows(part: str, record: Record, fields: tuple[str, ...]) -> dict[str, Any]:
    data: dict[str, Any] = {}
    there = list(getattr(record, part).all())
    for at, row in enumerate(there):
        data |= {f"{part}-{at}-id": row.pk, f"{part}-{at}-position": row.position}
        data |= {f"{part}-{at}-{field}": getattr(row, field) for field in fields}
    return data | {f"{part}-TOTAL_FORMS": len(there), f"{part}-INITIAL_FORMS": len(there)}


def new_row(part: str, at: int, **fields: Any) -> dict[str, Any]:
    return {f"{part}-{at}-{name}": value for name, value in fields.items()} | {f"{part}-TOTAL_FORMS": at + 1}


def test_a_whole_record_is_entered_at_once(desk: Client) -> None:
    build.topic("大模型")
    known = build.institution("华夏基金")
    data = form(
        None,
        new_row("participants", 0, name_as_filed="华夏基金管理有限公司", person="贾静雯", title="研究员"),
        new_row("participants", 1, name_as_filed="新来资本", person="李四"),
        new_row("questions", 0, text="订单如何？", answer="充足。", topic_names="大模型、境外业务"),
        held_from="2026年3月12日",
        held_to="2026.3.13",
        signed_on="20260314",
        hosts="董事会秘书：何清和\n宋知行",
        extra="【风险提示】预测不构成承诺。\n请注意。\n【方式】现场",
        place="公司会议室",
    )
    data["participants-TOTAL_FORMS"] = 4  # two blank rows stand below
    answer = desk.post(ADD, data)
    assert answer.status_code == 302, answer.context["errors"]
    record = Record.objects.get()
    assert (record.held_from, record.held_to) == (datetime.date(2026, 3, 12), datetime.date(2026, 3, 13))
    assert record.signed_on == datetime.date(2026, 3, 14)
    assert record.hosts == [{"title": "董事会秘书", "name": "何清和"}, {"title": "", "name": "宋知行"}]
    assert record.extra == [["风险提示", "预测不构成承诺。\n请注意。"], ["方式", "现场"]]
    first, second = record.participants.all()
    assert (first.institution, first.name_as_filed, first.position) == (known, "华夏基金管理有限公司", 1)
    assert (second.institution.name, second.institution.reviewed) == ("新来资本", False)
    assert [topic.name for topic in record.questions.get().topics.all()] == ["大模型", "境外业务"]
    assert (record.institution_count, record.person_count, record.question_count) == (2, 2, 1)
    assert record.status == "draft"


@pytest.mark.parametrize("typed", ["2026年13月1日", "明天", "2026-02-30", "12/3/2026x"])
def test_a_date_that_is_not_understood_is_an_error_and_stays_as_typed(desk: Client, typed: str) -> None:
    answer = desk.post(ADD, form(held_from=typed))
    assert answer.status_code == 200
    page = answer.content.decode()
    assert f'value="{typed}"' in page
    assert f"“{typed}”" in page
    assert not Record.objects.exists()


def test_a_day_without_its_year_is_asked_for_and_not_guessed(desk: Client) -> None:
    answer = desk.post(ADD, form(held_from="3月12日"))
    year = timezone.localdate().year
    assert f"{year}年3月12日" in str(answer.context["adminform"].form.errors["held_from"])
    assert not Record.objects.exists()


@pytest.mark.parametrize(
    "typed", ["2026年3月12日", "2026/3/12", "2026.3.12", "2026-03-12", "20260312", "２０２６年３月１２日"]
)
def test_a_day_is_understood_as_people_write_it(desk: Client, typed: str) -> None:
    desk.post(ADD, form(held_from=typed))
    assert Record.objects.get().held_from == datetime.date(2026, 3, 12)


@pytest.mark.parametrize(
    "typed",
    [
        "大模型、境外业务",
        "大模型，境外业务",
        "大模型,境外业务",
        "大模型；境外业务",
        "大模型;境外业务",
        "大模型\n境外业务",
    ],
)
def test_topics_are_split_at_every_sign_that_people_use(desk: Client, typed: str) -> None:
    desk.post(ADD, form(None, new_row("questions", 0, text="问？", answer="答。", topic_names=typed)))
    assert set(Topic.objects.values_list("name", flat=True)) == {"大模型", "境外业务"}


def test_a_page_saved_as_it_was_opened_changes_nothing(desk: Client) -> None:
    record = build.draft(
        asked=[("甲？", "乙\n丙"), ("丁？", "")],
        topics=["大模型"],
        visitors=["华夏基金 贾静雯", " 王五"],
        hosts=[{"title": "董事：总经理", "name": "甲"}, {"title": "", "name": "乙"}],
        extra=[["风险提示", "第一行\n【不是标签】第二行"]],
    )
    before = {
        "participants": list(record.participants.values()),
        "questions": list(record.questions.values()),
        "history": record.participants.model.history.count(),
    }
    page = desk.get(change(record))
    initial = {name: page.context["adminform"].form[name].value() for name in ("hosts", "extra", "held_from", "place")}
    data = form(record, **{name: value or "" for name, value in initial.items()})
    assert desk.post(change(record), data).status_code == 302
    record.refresh_from_db()
    assert list(record.participants.values()) == before["participants"]
    assert list(record.questions.values()) == before["questions"]
    assert record.participants.model.history.count() == before["history"]
    assert record.hosts == [{"title": "董事：总经理", "name": "甲"}, {"title": "", "name": "乙"}]
    assert record.extra == [["风险提示", "第一行\n【不是标签】第二行"]]


@pytest.mark.parametrize(
    ("places", "order"),
    [
        ((3, 1, 2), "乙丙甲"),
        ((1, 1, 1), "甲乙丙"),
        (("", 2, 1), "丙乙甲"),
        ((2, 2, 1), "丙甲乙"),
        ((900, 5, 7), "乙丙甲"),
    ],
)
def test_rows_stand_in_the_order_of_their_places(desk: Client, places: tuple, order: str) -> None:
    record = build.draft(asked=[("甲", ""), ("乙", ""), ("丙", "")])
    data = form(record) | {f"questions-{at}-position": place for at, place in enumerate(places)}
    assert desk.post(change(record), data).status_code == 302
    assert "".join(record.questions.values_list("text", flat=True)) == order
    assert list(record.questions.values_list("position", flat=True)) == [1, 2, 3]


def test_a_new_row_can_stand_between_and_a_row_can_go(desk: Client) -> None:
    record = build.draft(asked=[("甲", ""), ("乙", ""), ("丙", "")])
    data = form(record, new_row("questions", 3, text="新", position=2))
    data |= {"questions-1-position": 3, "questions-2-position": 4, "questions-0-DELETE": "on"}
    assert desk.post(change(record), data).status_code == 302
    assert list(record.questions.values_list("text", "position")) == [("新", 1), ("乙", 2), ("丙", 3)]
    record.refresh_from_db()
    assert record.question_count == 3


def test_an_institution_is_matched_anew_only_where_its_name_was_typed_anew(desk: Client) -> None:
    record = build.draft(visitors=["华夏基金 贾静雯", "中信证券 王五"])
    kept = build.institution("合并之后")
    record.participants.filter(position=1).update(institution=kept)
    data = form(record) | {"participants-1-name_as_filed": "高瓴资本"}
    desk.post(change(record), data)
    assert [row.institution.name for row in record.participants.all()] == ["合并之后", "高瓴资本"]


def test_a_row_without_institution_and_person_is_refused(desk: Client) -> None:
    answer = desk.post(ADD, form(None, new_row("participants", 0, title="研究员")))
    assert answer.status_code == 200
    assert not Record.objects.exists()


def test_the_number_is_unique_within_the_company(desk: Client) -> None:
    build.draft(number="2026-001")
    answer = desk.post(ADD, form())
    assert answer.status_code == 200
    assert Record.objects.count() == 1


def test_tampered_management_data_stores_nothing(desk: Client) -> None:
    record = build.draft()
    for name, value in (
        ("questions-TOTAL_FORMS", "x"),
        ("questions-INITIAL_FORMS", "-1"),
        ("participants-0-id", "999"),
    ):
        answer = desk.post(change(record), form(record, place="别处") | {name: value})
        assert answer.status_code == 200
        record.refresh_from_db()
        assert record.place == ""


@pytest.mark.parametrize("rows_count", [3, 60])
def test_opening_a_record_costs_the_same_for_any_number_of_rows(
    desk: Client, rows_count: int, django_assert_max_num_queries: Any
) -> None:
    record = build.draft(
        asked=[(f"问{n}", "答") for n in range(rows_count)],
        topics=["大模型"],
        visitors=[f"机构{n}资本 人{n}" for n in range(rows_count)],
    )
    desk.get(change(record))
    with django_assert_max_num_queries(OPENING_QUERIES):
        assert desk.get(change(record)).status_code == 200


OPENING_QUERIES = 21  # eight of them for the checks beside the form


def test_typing_pinyin_initials_offers_the_institution_and_the_topic(desk: Client) -> None:
    build.institution("华夏基金")
    build.topic("境外业务")
    url = "/admin/autocomplete/?app_label=records&model_name={}&field_name={}&term={}"
    assert [row["text"] for row in desk.get(url.format("participant", "institution", "hxjj")).json()["results"]] == [
        "华夏基金"
    ]
    assert [row["text"] for row in desk.get(url.format("question", "topics", "jwyw")).json()["results"]] == [
        "境外业务"
    ]
    build.company("999001")
    found = desk.get(url.format("record", "company", "cgsj")).json()["results"]
    assert [row["text"] for row in found] == ["999001 晨光数据"]


def test_a_stranger_is_sent_to_the_log_in(client: Client) -> None:
    record = build.draft()
    for address in (ADD, change(record), "/admin/records/record/"):
        assert client.get(address).headers["Location"].startswith("/admin/login/")
    assert not Institution.objects.filter(name="偷").exists()


def test_every_key_of_the_form_is_listed(admin_client: Client) -> None:
    page = admin_client.get(ADD).content.decode()
    scripts = [finders.find(name) for name in re.findall(r'src="/static/(records/\w+\.js)"', page)]
    keys = {key for script in scripts for key in re.findall(r"\bKey([A-Z])\b", Path(str(script)).read_text("utf-8"))}
    assert keys >= {"A", "J", "K", "N", "Q"}
    assert {
        key for key in keys if not re.search(rf"<kbd>(Alt|Ctrl)\+{key}</kbd>", page.partition("<dialog")[2])
    } == set()
