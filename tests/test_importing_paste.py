"""Pasting a participants cell or a content cell into a draft, and taking the official form out of a record."""

from __future__ import annotations

import io
from typing import Any

import docx
import pytest
from django.contrib.auth.models import User
from django.test import Client

from records import filing
from records.models import Institution, Record

from . import build
from .test_importing_desk import editor, page_form, said

pytestmark = pytest.mark.django_db

PEOPLE = "国投新资：孙语梁、王千；中信证券：赵五"
CONTENT = "公司介绍了情况。\n1、毛利率为什么下降？\n答：主要是原材料价格上涨。\n2、境外收入占比？\n答：18.4%。"


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(editor())
    return client


@pytest.fixture
def draft() -> Record:
    return build.draft(visitors=["华夏基金 贾静雯"], asked=[("订单如何？", "充足。")])


def address(record: Record) -> str:
    return f"/admin/records/record/{record.pk}/paste/"


def read(client: Client, record: Record, people: str = PEOPLE, content: str = CONTENT) -> Any:
    return client.post(address(record), {"participants_cell": people, "content_cell": content, "op": "read"})


def test_pasted_cells_are_shown_as_rows_and_stored_on_confirmation(desk: Client, draft: Record) -> None:
    page = read(desk, draft)
    data = page_form(page)
    assert data["institution"] == ["国投新资", "国投新资", "中信证券"]
    assert data["question"] == ["毛利率为什么下降？", "境外收入占比？"]
    assert draft.participants.count() == 1
    done = desk.post(address(draft), {**data, "op": "append"})
    assert done.url == f"/admin/records/record/{draft.pk}/change/"
    draft.refresh_from_db()
    rows = [(row.position, row.name_as_filed, row.person) for row in draft.participants.all()]
    assert rows == [
        (1, "华夏基金", "贾静雯"),
        (2, "国投新资", "孙语梁"),
        (3, "国投新资", "王千"),
        (4, "中信证券", "赵五"),
    ]
    asked = [(row.position, row.text) for row in draft.questions.all()]
    assert asked == [(1, "订单如何？"), (2, "毛利率为什么下降？"), (3, "境外收入占比？")]
    assert draft.introduction == "公司介绍了情况。"
    assert (draft.institution_count, draft.person_count, draft.question_count) == (3, 4, 3)
    assert Institution.objects.get(name="国投新资").reviewed is False
    assert "3" in said(desk.get(done.url))


def test_rows_are_corrected_before_they_are_added(desk: Client, draft: Record) -> None:
    page = read(desk, draft)
    page = desk.post(address(draft), {**page_form(page), "op": "question-join-1"})
    page = desk.post(address(draft), {**page_form(page), "op": "attendee-drop-2"})
    desk.post(address(draft), {**page_form(page), "op": "append"})
    assert draft.questions.count() == 2
    assert [row.person for row in draft.participants.all()] == ["贾静雯", "孙语梁", "赵五"]


def test_totals_of_the_cell_are_taken_over(desk: Client, draft: Record) -> None:
    page = read(desk, draft, f"{PEOPLE}等31家机构34人", "")
    desk.post(address(draft), {**page_form(page), "op": "append"})
    draft.refresh_from_db()
    assert (draft.stated_institutions, draft.stated_people) == (31, 34)


def test_one_cell_alone_is_enough(desk: Client, draft: Record) -> None:
    page = read(desk, draft, "", CONTENT)
    desk.post(address(draft), {**page_form(page), "op": "append"})
    assert (draft.participants.count(), draft.questions.count()) == (1, 3)


def test_nothing_pasted_is_said(desk: Client, draft: Record) -> None:
    assert 'class="errornote"' in read(desk, draft, "", "").content.decode()


def test_a_cell_beyond_the_limit_is_refused_in_a_sentence(desk: Client, draft: Record) -> None:
    refused = read(desk, draft, "", "答" * 100_001)
    assert refused.status_code == 422
    assert "100000" in refused.content.decode()


def test_a_row_that_does_not_fit_adds_nothing(desk: Client, draft: Record) -> None:
    data = page_form(read(desk, draft))
    refused = desk.post(address(draft), {**data, "person": ["王" * 81, "王千", "赵五"], "op": "append"})
    assert refused.status_code == 422
    assert (draft.participants.count(), draft.questions.count()) == (1, 1)


def test_a_published_record_refuses(desk: Client) -> None:
    record = build.record()
    assert desk.get(address(record)).status_code == 302
    desk.post(address(record), {**PASTED, "op": "append"})
    assert record.participants.count() == 1


PASTED = {
    "participants_cell": PEOPLE,
    "content_cell": "",
    "institution": ["国投新资"],
    "person": ["王千"],
    "title": [""],
}


def test_a_record_published_meanwhile_refuses(desk: Client, draft: Record) -> None:
    data = page_form(read(desk, draft))
    draft.publish()
    desk.post(address(draft), {**data, "op": "append"})
    assert draft.participants.count() == 1


def test_who_may_add_but_not_change_is_refused(draft: Record) -> None:
    for name, rights in [("adder", "add_record"), ("changer", "change_record")]:
        client = Client()
        client.force_login(editor(name, rights))
        assert client.get(address(draft)).status_code == 403
        assert client.post(address(draft), {**PASTED, "op": "append"}).status_code == 403
    assert draft.participants.count() == 1


def test_pasted_text_is_escaped(desk: Client, draft: Record) -> None:
    html = read(desk, draft, "", "1、<script>alert(1)</script>？\n答：</textarea><b>").content.decode()
    assert "<script>alert" not in html
    assert "</textarea><b>" not in html


# The official form


def test_the_form_of_a_draft_can_be_read_again(desk: Client, draft: Record) -> None:
    response = desk.get(f"/admin/records/record/{draft.pk}/form.docx")
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert "no-store" in response.headers["Cache-Control"]
    read = filing.read(response.content, "form.docx").filing
    assert (read.company_code, read.number) == ("999001", draft.number)
    assert [entry.question for entry in read.questions] == ["订单如何？"]


def test_the_form_is_that_of_the_company_s_board(desk: Client) -> None:
    texts = []
    for board in ("star", "bse"):
        record = build.draft(build.company(f"99900{len(texts)}", board=board))
        content = desk.get(f"/admin/records/record/{record.pk}/form.docx").content
        document = docx.Document(io.BytesIO(content))
        texts.append(len(document.tables))
    assert texts[0] != texts[1]


def test_the_form_is_only_for_who_may_see_records(draft: Record) -> None:
    path = f"/admin/records/record/{draft.pk}/form.docx"
    client = Client()
    assert client.get(path).url.startswith("/admin/login/")
    client.force_login(editor("adder", "add_record"))
    assert client.get(path).status_code == 403
    client.force_login(User.objects.create_user("member", password="secret"))
    assert client.get(path).url.startswith("/admin/login/")


def test_no_record_no_form(desk: Client) -> None:
    assert desk.get("/admin/records/record/4711/form.docx", follow=True).status_code == 200


def test_the_record_page_leads_to_form_and_paste(desk: Client, draft: Record) -> None:
    html = desk.get(f"/admin/records/record/{draft.pk}/change/").content.decode()
    assert f"/admin/records/record/{draft.pk}/form.docx" in html
    assert address(draft) in html
