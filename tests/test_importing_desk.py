"""The import desk: a file or a pasted text becomes a draft, by way of a preview that stores nothing."""

from __future__ import annotations

import datetime
import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from records.models import Attachment, Company, Institution, InstitutionAlias, Intake, Participant, Question, Record

from . import build

pytestmark = pytest.mark.django_db

FORM = """证券代码：{code}
证券简称：晨光数据
晨光数据科技股份有限公司
投资者关系活动记录表
编号：{number}

| | |
|---|---|
| 投资者关系活动类别 | ☑特定对象调研 □分析师会议 □媒体采访 □业绩说明会 □新闻发布会 □路演活动 □现场参观 □电话会议 □其他 |
| 参与单位名称及人员姓名 | {people} |
| 会议时间 | 2025年3月12日 |
| 会议地点 | 公司会议室 |
| 上市公司接待人员姓名 | 董事会秘书：何清 |
| 投资者关系活动主要内容介绍 | {content} |
| 附件清单（如有） | 无 |
| 日期 | 2025年3月13日 |
"""
PEOPLE = "华夏基金：贾静雯；中信证券：王五"
CONTENT = "1、公司境外收入占比是多少？<br>答：2024年境外收入占比为18.4%。<br>2、毛利率为什么下降？<br>答：主要是原材料价格上涨。"


def form(number: str = "2025-003", code: str = "999001", people: str = PEOPLE, content: str = CONTENT) -> str:
    return FORM.format(number=number, code=code, people=people, content=content)


def editor(name: str = "editor", *names: str) -> User:
    """Staff who may add, change and see records, or what is said instead."""
    user = User.objects.create_user(name, password="secret", is_staff=True)
    user.user_permissions.set(
        Permission.objects.filter(codename__in=names or ("add_record", "change_record", "view_record", "add_company"))
    )
    user.companies.set(Company.objects.all())
    return user


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(editor())
    return client


def file(text: str | bytes, name: str = "form.md") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode() if isinstance(text, str) else text)


def bring(client: Client, *files: SimpleUploadedFile, text: str = "") -> Any:
    return client.post("/admin/import/", {"files": list(files), "text": text}, follow=True)


def page_form(response: Any) -> dict[str, Any]:
    """What a browser would post from the preview page."""
    html = response.content.decode()
    html = html[html.index("data-correct") :]
    data: dict[str, list[str]] = {}
    for tag in re.finditer(r"<input ([^>]*)>|<textarea ([^>]*)>\n?(.*?)</textarea>", html, re.DOTALL):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag[1] or tag[2]))
        if attributes.get("type") == "checkbox" and " checked" not in (tag[1] or ""):
            continue
        value = attributes.get("value", "") if tag[1] is not None else tag[3].replace("\n", "\r\n")
        data.setdefault(attributes["name"], []).append(unescape(value))
    data.pop("csrfmiddlewaretoken", None)
    return data


def unescape(text: str) -> str:
    import html

    return html.unescape(text)


def said(response: Any) -> str:
    return " ".join(str(message) for message in response.context["messages"])


# The whole path


def test_a_file_becomes_a_filled_draft_in_three_clicks(desk: Client) -> None:
    page = bring(desk, file(form()))
    assert page.redirect_chain[0][0] == f"/admin/import/{Intake.objects.get().pk}/"
    assert not Record.objects.exists()
    assert not Company.objects.exists()
    assert not Institution.objects.exists()
    done = desk.post(page.request["PATH_INFO"], {**page_form(page), "op": "create"})
    record = Record.objects.get()
    assert done.url == f"/admin/records/record/{record.pk}/change/"
    assert (str(record.company), record.number, record.status) == ("999001 晨光数据", "2025-003", "draft")
    assert record.held_from == datetime.date(2025, 3, 12)
    assert record.hosts == [{"title": "董事会秘书", "name": "何清"}]
    assert [kind.name for kind in record.activity_types.all()] == ["特定对象调研"]
    assert [str(row) for row in record.participants.all()] == ["华夏基金 贾静雯", "中信证券 王五"]
    assert [row.text for row in record.questions.all()] == ["公司境外收入占比是多少？", "毛利率为什么下降？"]
    assert (record.institution_count, record.person_count, record.question_count) == (2, 2, 2)
    source = record.attachments.get()
    assert (source.kind, source.name, source.is_public) == ("source", "form.md", False)
    assert source.file.read() == form().encode()
    assert record.history.latest().history_user.username == "editor"


def test_the_draft_takes_the_waiting_file_away(desk: Client, settings: Any) -> None:
    page = bring(desk, file(form()))
    desk.post(page.request["PATH_INFO"], {**page_form(page), "op": "create"})
    assert not Intake.objects.exists()


def test_pasted_text_is_read_as_a_file_is(desk: Client) -> None:
    page = bring(desk, text=form())
    assert "毛利率为什么下降？" in page.content.decode()
    desk.post(page.request["PATH_INFO"], {**page_form(page), "op": "create"})
    assert Attachment.objects.get().name.endswith(".txt")


def test_what_was_corrected_is_what_is_stored(desk: Client) -> None:
    page = bring(desk, file(form()))
    data = page_form(page)
    data |= {"number": "2025-004", "held_from": "2025年3月11日", "place": "线上", "hosts": "总经理：赵六\r\n钱七"}
    data["person"] = ["贾静雯", "王小五"]
    data["question"] = ["境外占比？", "毛利率？"]
    data["activity_types"] = ["其他", "业绩说明会"]
    desk.post(page.request["PATH_INFO"], {**data, "op": "create"})
    record = Record.objects.get()
    assert (record.number, record.place, str(record.held_from)) == ("2025-004", "线上", "2025-03-11")
    assert record.hosts == [{"title": "总经理", "name": "赵六"}, {"title": "", "name": "钱七"}]
    assert [row.person for row in record.participants.all()] == ["贾静雯", "王小五"]
    assert [row.text for row in record.questions.all()] == ["境外占比？", "毛利率？"]
    assert [kind.name for kind in record.activity_types.all()] == ["业绩说明会", "其他"]


def test_a_button_changes_the_rows_and_stores_nothing(desk: Client) -> None:
    page = bring(desk, file(form()))
    data = page_form(page)
    joined = desk.post(page.request["PATH_INFO"], {**data, "place": "改过的地点", "op": "question-join-1"})
    posted = page_form(joined)
    assert len(posted["question"]) == 1
    assert "毛利率为什么下降？" in posted["answer"][0]
    assert posted["place"] == ["改过的地点"]
    assert not Record.objects.exists()
    place = posted["answer"][0].replace("\r\n", "\n").index("毛利率")
    split = desk.post(page.request["PATH_INFO"], {**posted, "op": "question-split-1", "cursor": f"answer:{place}"})
    assert page_form(split)["question"] == data["question"]
    assert page_form(split)["answer"] == data["answer"]


def test_a_split_without_a_place_says_what_to_do(desk: Client) -> None:
    page = bring(desk, file(form()))
    again = desk.post(page.request["PATH_INFO"], {**page_form(page), "op": "question-split-1"})
    assert 'class="errornote"' in again.content.decode()
    assert page_form(again) == page_form(page)


@pytest.mark.parametrize("op", ["nonsense", "question-join-99", "attendee-split-1"])
def test_what_is_no_operation_is_a_bad_request(desk: Client, op: str) -> None:
    page = bring(desk, file(form()))
    assert desk.post(page.request["PATH_INFO"], {**page_form(page), "op": op}).status_code == 400


@pytest.mark.parametrize("torn", [{"person": ["一人"]}, {"question": ["问？"], "answer": ["答。"], "end": []}])
def test_a_page_that_did_not_come_whole_makes_no_draft(desk: Client, torn: dict[str, list[str]]) -> None:
    page = bring(desk, file(form()))
    refused = desk.post(page.request["PATH_INFO"], {**page_form(page), **torn, "op": "create"})
    assert refused.status_code == 422
    assert "页面" in refused.context["problem"]
    assert refused.context["sheet"].rows == page.context["sheet"].rows
    assert not Record.objects.exists()


def test_a_day_that_is_none_is_an_error_beside_its_field(desk: Client) -> None:
    page = bring(desk, file(form()))
    refused = desk.post(page.request["PATH_INFO"], {**page_form(page), "held_from": "改日再议", "op": "create"})
    assert refused.status_code == 422
    assert "改日再议" in refused.content.decode()
    assert 'id="field-held_from"' in refused.content.decode()
    assert not Record.objects.exists()
    assert Intake.objects.exists()


def test_an_answer_without_a_question_is_not_stored(desk: Client) -> None:
    page = bring(desk, file(form()))
    data = page_form(page)
    refused = desk.post(page.request["PATH_INFO"], {**data, "question": ["", "问？"], "op": "create"})
    assert refused.status_code == 422
    assert 'class="complaint"' in refused.content.decode()
    assert not Record.objects.exists()


# What is known


def test_institutions_are_marked_known_or_new(desk: Client) -> None:
    house = Institution.objects.create(name="华夏基金管理有限公司")
    InstitutionAlias.objects.create(institution=Institution.objects.create(name="中信"), name="中信证券")
    page = bring(desk, file(form(people=f"{PEOPLE}；澄海资本：李四")))
    known = [item["known"] and item["known"].name for item in page.context["attendees"]]
    assert known == [house.name, "中信", None]
    assert page.context["new_institutions"] == 1
    assert Institution.objects.count() == 2


def test_a_company_is_known_or_new(desk: Client) -> None:
    page = bring(desk, file(form()))
    assert page.context["sheet"].company is None
    known = build.company("999001")
    assert desk.get(page.request["PATH_INFO"]).context["sheet"].company == known


def test_a_form_without_code_asks_whose_it_is(desk: Client) -> None:
    build.company("999002")
    page = bring(desk, file(form().replace("证券代码：999001\n", "")))
    assert "999002" in page.content.decode()
    refused = desk.post(page.request["PATH_INFO"], {**page_form(page), "op": "create"})
    assert refused.status_code == 422
    assert not Record.objects.exists()
    desk.post(page.request["PATH_INFO"], {**page_form(page), "company_code": "999002", "op": "create"})
    assert Record.objects.get().company.code == "999002"


# A filing that is there already


def test_the_same_number_is_named_with_a_link(desk: Client) -> None:
    there = build.draft(number="2025-003")
    page = bring(desk, file(form()))
    assert f'href="/admin/records/record/{there.pk}/change/"' in page.content.decode()
    assert 'value="create"' not in page.content.decode()
    assert 'value="correct"' not in page.content.decode()
    refused = desk.post(page.request["PATH_INFO"], {**page_form(page), "op": "create"})
    assert refused.status_code == 409
    assert Record.objects.count() == 1


def test_a_published_one_is_taken_as_a_new_version(desk: Client) -> None:
    there = build.record(number="2025-003")
    page = bring(desk, file(form()))
    assert 'value="correct"' in page.content.decode()
    desk.post(page.request["PATH_INFO"], {**page_form(page), "op": "correct"})
    version = Record.objects.get(corrects=there)
    assert (version.status, version.number) == ("draft", "2025-003")


def test_a_second_new_version_is_refused(desk: Client) -> None:
    there = build.record(number="2025-003")
    page = bring(desk, file(form()))
    data = page_form(page)
    desk.post(page.request["PATH_INFO"], {**data, "op": "correct"})
    other = bring(desk, file(form(content="1、新问题？<br>答：新回答。")))
    assert 'value="correct"' not in other.content.decode()
    assert desk.post(other.request["PATH_INFO"], {**page_form(other), "op": "correct"}).status_code == 409
    assert Record.objects.filter(corrects=there).count() == 1


def test_the_second_of_two_tabs_reads_of_the_first_one_s_draft(desk: Client) -> None:
    page = bring(desk, file(form()))
    data = {**page_form(page), "op": "create"}
    desk.post(page.request["PATH_INFO"], data)
    second = desk.post(page.request["PATH_INFO"], data, follow=True)
    record = Record.objects.get()
    assert second.redirect_chain[0][0] == f"/admin/records/record/{record.pk}/change/"
    assert str(record) in said(second)


def test_the_same_file_twice_waits_once(desk: Client) -> None:
    bring(desk, file(form()))
    bring(desk, file(form(), "again.md"))
    assert Intake.objects.count() == 1


# Several files, bad files, limits


def test_one_bad_file_does_not_stop_the_others(desk: Client) -> None:
    page = bring(
        desk, file(form()), file(b"", "empty.md"), file("今天天气很好。", "prose.txt"), file(form("2025-9"), "b.md")
    )
    assert Intake.objects.count() == 2
    sentences = [str(message) for message in page.context["messages"]]
    assert [sentence for sentence in sentences if sentence.startswith("“empty.md”")]
    assert [sentence for sentence in sentences if sentence.startswith("“prose.txt”")]


def test_a_file_beyond_20_megabytes_is_refused_in_a_sentence(desk: Client) -> None:
    page = bring(desk, file(b"a" * (20 * 1024 * 1024 + 1), "huge.txt"))
    assert "20 MB" in said(page)
    assert not Intake.objects.exists()


def test_too_many_files_are_refused_in_a_sentence(desk: Client) -> None:
    page = bring(desk, *[file(form(f"2025-{n}"), f"{n}.md") for n in range(21)])
    assert "20" in said(page)
    assert not Intake.objects.exists()


def test_nothing_chosen_is_said(desk: Client) -> None:
    assert said(bring(desk))


def test_a_text_of_100_000_characters_can_be_pasted(desk: Client) -> None:
    content = "<br>".join(f"{n}、问题{n}？<br>答：{'答' * 970}。" for n in range(1, 100))
    page = bring(desk, text=form(content=content))
    data = page_form(page)
    assert len(data["question"]) == 99
    desk.post(page.request["PATH_INFO"], {**data, "op": "create"})
    assert Record.objects.get().question_count == 99


# Who may


def test_others_see_nothing_of_what_one_brought(desk: Client, client: Client) -> None:
    page = bring(desk, file(form()))
    other = Client()
    other.force_login(editor("other"))
    assert other.get("/admin/import/").context["intakes"].count() == 0
    assert other.get(page.request["PATH_INFO"]).status_code == 302
    other.post(page.request["PATH_INFO"], {"op": "drop"})
    assert Intake.objects.exists()
    boss = Client()
    boss.force_login(User.objects.create_superuser("boss", password="secret"))
    assert boss.get(page.request["PATH_INFO"]).status_code == 200


@pytest.mark.parametrize("path", ["/admin/import/", "/admin/import/1/", "/admin/records/record/1/paste/"])
def test_only_who_may_add_records_comes_in(path: str) -> None:
    nobody, reader, member = Client(), Client(), Client()
    reader.force_login(editor("reader", "view_record"))
    member.force_login(User.objects.create_user("member", password="secret"))
    for method in ("get", "post"):
        assert getattr(reader, method)(path).status_code == 403
        assert getattr(nobody, method)(path).url.startswith("/admin/login/")
        assert getattr(member, method)(path).url.startswith("/admin/login/")


def test_posts_need_the_token(desk: Client) -> None:
    page = bring(desk, file(form()))
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get(username="editor"))
    for path in ("/admin/import/", page.request["PATH_INFO"]):
        assert strict.post(path, {"op": "drop"}).status_code == 403
    assert Intake.objects.exists()


# Leaving, clearing


def test_a_dropped_one_is_gone_with_its_bytes(
    desk: Client, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    page = bring(desk, file(form()))
    with django_capture_on_commit_callbacks(execute=True):
        desk.post(page.request["PATH_INFO"], {"op": "drop"})
    assert not Intake.objects.exists()
    assert not [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]
    assert said(desk.get(page.request["PATH_INFO"], follow=True))


def test_old_ones_are_cleared(desk: Client, settings: Any, django_capture_on_commit_callbacks: Any) -> None:
    bring(desk, file(form("2025-1")))
    bring(desk, file(form("2025-2")))
    old = Intake.objects.earliest("pk")
    Intake.objects.filter(pk=old.pk).update(created_at=timezone.now() - datetime.timedelta(days=8))
    with django_capture_on_commit_callbacks(execute=True):
        call_command("clear_intakes", days=7)
    assert Intake.objects.get() != old
    assert len([path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]) == 1


# The page


def test_what_a_file_says_is_escaped(desk: Client) -> None:
    page = bring(
        desk, text=form(content="1、&lt;script&gt;alert(1)&lt;/script&gt;？<br>答：&lt;/textarea&gt;&lt;b&gt;粗")
    )
    html = page.content.decode()
    assert "<script>alert" not in html
    assert "</textarea><b>" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_nothing_inline_that_the_content_policy_forbids(desk: Client) -> None:
    html = bring(desk, file(form())).content.decode()
    assert not re.search(r"<script(?![^>]* src=)|<style| style=| on\w+=", html)


LONG_PEOPLE = "；".join(f"第{n}基金：王{chr(0x4E00 + n)}" for n in range(1, 251))
LONG_CONTENT = "<br>".join(f"{n}、第{n}个问题是什么？<br>答：第{n}个回答。" for n in range(1, 88))
PREVIEW_QUERIES = 20
CREATE_QUERIES = 80  # rows go in by the hundred, each batch with its history


def test_a_long_filing_is_shown_and_made_with_few_queries(desk: Client, django_assert_max_num_queries: Any) -> None:
    page = bring(desk, file(form(people=LONG_PEOPLE, content=LONG_CONTENT)))
    data = page_form(page)
    assert (len(data["institution"]), len(data["question"])) == (250, 87)
    assert sum(map(len, data.values())) < 8000
    with django_assert_max_num_queries(PREVIEW_QUERIES):
        desk.get(page.request["PATH_INFO"])
    with django_assert_max_num_queries(CREATE_QUERIES):
        desk.post(page.request["PATH_INFO"], {**data, "op": "create"})
    assert (Participant.objects.count(), Question.objects.count()) == (250, 87)
