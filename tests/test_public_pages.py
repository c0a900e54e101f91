"""What strangers see: the published, in the order of the form, and of drafts nothing."""

from __future__ import annotations

import datetime
import gzip
import re
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.staticfiles import finders
from django.core.files.base import ContentFile
from django.template.loader import render_to_string
from django.test import Client

from records.filing.shape import ACTIVITY_TYPES
from records.models import Attachment, Company, Record
from tests import build

pytestmark = pytest.mark.django_db

LISTS = ["/", "/records/", "/companies/", "/institutions/", "/topics/"]


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return answer.content.decode()


def a_draft_of_somebody_else() -> Record:
    return build.draft(
        build.company("999002", "未披露公司"),
        visitors=["秘密基金 某人"],
        asked=[("秘密问题？", "秘密答案。")],
        topics=["秘密话题"],
    )


# Shown beside hidden


@pytest.mark.parametrize("address", LISTS)
def test_lists_show_the_published_and_hide_the_draft(address: str, client: Client) -> None:
    build.record(topics=["大模型"])
    a_draft_of_somebody_else()
    page = text(client, address)
    assert any(name in page for name in ("晨光数据", "华夏基金", "大模型"))
    assert not re.search("未披露|秘密", page)


def test_a_record_is_shown_once_published_and_not_before(client: Client) -> None:
    draft = build.draft(number="2024-001")
    assert client.get("/records/999001/2024-001/").status_code == 404
    draft.publish()
    assert "2024-001" in text(client, "/records/999001/2024-001/")
    draft.withdraw()
    assert client.get("/records/999001/2024-001/").status_code == 404


def test_company_institution_and_topic_pages_list_the_published_and_hide_the_draft(client: Client) -> None:
    shown = build.record(number="2024-001", topics=["大模型"])
    build.draft(number="2024-002", topics=["大模型"])
    for of in (shown.company, build.institution("华夏基金"), build.topic("大模型")):
        page = text(client, of.get_absolute_url())
        assert "2024-001" in page
        assert "2024-002" not in page


def test_who_is_named_only_in_drafts_has_no_page(client: Client) -> None:
    draft = a_draft_of_somebody_else()
    for of in (draft.company, build.institution("秘密基金"), build.topic("秘密话题")):
        answer = client.get(of.get_absolute_url())
        assert answer.status_code == 404
        assert "秘密" not in answer.content.decode()


def test_a_question_leads_to_its_place_in_the_record_but_not_into_a_draft(client: Client) -> None:
    shown, hidden = build.record().questions.get(), build.draft().questions.get()
    answer = client.get(f"/questions/{shown.pk}/")
    assert answer.status_code == 302
    assert answer["Location"] == f"/records/999001/2024-001/#q{shown.pk}"
    assert f'id="q{shown.pk}"' in text(client, "/records/999001/2024-001/")
    assert client.get(f"/questions/{hidden.pk}/").status_code == 404


def test_the_word_form_is_offered_for_the_published_and_not_for_a_draft(client: Client) -> None:
    build.record(number="2024-001")
    build.draft(number="2024-002")
    answer = client.get("/records/999001/2024-001.docx")
    assert answer.content.startswith(b"PK")
    assert answer["Content-Disposition"].startswith("attachment")
    assert "/records/999001/2024-001.docx" in text(client, "/records/999001/2024-001/")
    assert client.get("/records/999001/2024-002.docx").status_code == 404


# Attachments


def attached(to: Record, *, public: bool) -> Attachment:
    made = Attachment(record=to, file=ContentFile(b"slides", name="推介材料.html"), is_public=public)
    made.save()
    return made


def test_a_public_file_of_a_published_record_is_a_download_and_no_page(client: Client) -> None:
    file = attached(build.record(), public=True)
    answer = client.get(file.get_absolute_url())
    assert b"".join(answer.streaming_content) == b"slides"  # type: ignore[attr-defined]
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "推介材料.html" in text(client, file.record.get_absolute_url())


def test_a_file_of_a_draft_or_one_not_public_is_for_staff_alone(client: Client) -> None:
    hidden = [attached(build.draft(), public=True), attached(build.record(), public=False)]
    assert [client.get(file.get_absolute_url()).status_code for file in hidden] == [404, 404]
    assert "推介材料" not in text(client, "/records/999001/2024-001/")
    user = User.objects.create_user("editor", is_staff=True)
    user.companies.set(Company.objects.all())
    client.force_login(user)
    assert [client.get(file.get_absolute_url()).status_code for file in hidden] == [404, 404]
    user.user_permissions.add(Permission.objects.get(codename="view_attachment"))
    answers = [client.get(file.get_absolute_url()) for file in hidden]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert all("no-store" in answer["Cache-Control"] for answer in answers)


def test_a_file_that_is_gone_from_the_disk_is_not_found(client: Client) -> None:
    file = attached(build.record(), public=True)
    file.file.storage.delete(file.file.name)
    assert client.get(file.get_absolute_url()).status_code == 404


# The record


def test_the_record_stands_in_the_order_of_the_form(client: Client) -> None:
    build.record(
        activities=["分析师会议", "其他"],
        other_activity="策略会",
        held_text="2024年6月6日 10:00",
        place="上海",
        hosts=[{"title": "证券事务代表", "name": "张哲"}],
        introduction="引言在此",
        closing="结语在此",
        material_information="不涉及",
        extra=[["风险提示", "谨慎"]],
        attachment_list="清单在此",
        signed_on=datetime.date(2024, 6, 11),
        asked=[("问题甲？", "答案甲"), ("问题乙？", "答案乙")],
    )
    page = text(client, "/records/999001/2024-001/")
    page = page[page.index("<article") :]
    wanted = [
        *("投资者关系活动类别", "参与单位名称及人员姓名", "华夏基金", "贾静雯", "2024年6月6日 10:00", "上海"),
        *(
            "证券事务代表",
            "张哲",
            "投资者关系活动主要内容介绍",
            "引言在此",
            "问题甲？",
            "答案甲",
            "问题乙？",
            "答案乙",
        ),
        *("结语在此", "不涉及", "风险提示", "谨慎", "清单在此", "2024-06-11"),
    ]
    places = [page.index(part) for part in wanted]
    assert places == sorted(places)
    boxes = re.findall(r"[☑□] \S+?(?=<)", page)
    assert boxes == [
        f"{'☑' if name in {'分析师会议', '其他'} else '□'} {name}{'（策略会）' if name == '其他' else ''}"
        for name in ACTIVITY_TYPES
    ]


def test_texts_are_escaped_and_their_lines_are_paragraphs(client: Client) -> None:
    build.record(asked=[("<b>问</b>？", "第一行\n第二行 <script>alert(1)</script>")], place="<i>上海</i>")
    page = text(client, "/records/999001/2024-001/")
    assert "<p>第一行</p>" in page
    assert "<p>第二行 &lt;script&gt;alert(1)&lt;/script&gt;</p>" in page
    assert "&lt;b&gt;问&lt;/b&gt;？" in page
    assert "<i>上海" not in page


def test_participants_are_grouped_by_institution_and_its_type(client: Client) -> None:
    build.record(visitors=["中信证券 王五", "华夏基金 贾静雯", "中信证券 赵六", " 散户"])
    groups = client.get("/records/999001/2024-001/").context["visitors"]
    named = [[(visitor.name, [row.person for row in visitor.people]) for visitor in group] for _label, group in groups]
    assert named == [[("华夏基金", ["贾静雯"])], [("中信证券", ["王五", "赵六"])], [("", ["散户"])]]


def test_an_incomplete_list_of_participants_says_how_many_there_were(client: Client) -> None:
    client.cookies["django_language"] = "en"
    build.record(number="some", stated_institutions=31, stated_people=34)
    build.record(number="all", stated_institutions=1)
    assert "Named: 1 of 31 institutions, 34 people in all" in text(client, "/records/999001/some/")
    assert "Named:" not in text(client, "/records/999001/all/")


def test_only_a_long_record_has_a_table_of_contents(client: Client) -> None:
    build.record(number="short")
    long = build.record(number="long", asked=[(f"问题{n}？", "答") for n in range(8)])
    assert 'class="contents"' not in text(client, "/records/999001/short/")
    page = text(client, "/records/999001/long/")
    assert all(f'href="#{question.anchor}"' in page for question in long.questions.all())


def test_a_record_leads_to_the_one_before_and_the_one_after_but_to_no_draft(client: Client) -> None:
    first, second, third = (build.record(number=str(n), held=f"2024-01-0{n}") for n in (1, 2, 3))
    build.draft(held="2024-01-02")
    build.record(build.company("999002"), number="other", held="2024-01-02")
    context = client.get(second.get_absolute_url()).context
    assert (context["earlier"], context["later"]) == (first, third)
    context = client.get(first.get_absolute_url()).context
    assert (context["earlier"], context["later"]) == (None, second)


def test_a_corrected_record_keeps_its_address_and_the_earlier_version_says_so(client: Client) -> None:
    old = build.record(asked=[("旧问题？", "答")])
    new = build.draft(number="2024-001", held="2024-06-06", corrects=old, asked=[("新问题？", "答")])
    new.publish()
    old.refresh_from_db()
    page = text(client, "/records/999001/2024-001/")
    assert "新问题" in page
    assert old.get_absolute_url() in page
    assert f'href="{new.get_absolute_url()}"' in text(client, old.get_absolute_url())
    assert client.get("/records/").context["listing"].page.paginator.count == 1
    assert client.get(f"/questions/{old.questions.get().pk}/").status_code == 302


# Addresses


def test_a_record_is_found_by_its_number_when_its_address_is_another(client: Client) -> None:
    made = build.record(number="")
    assert made.slug == f"id-{made.pk}"
    Record.objects.filter(pk=made.pk).update(number="2024-077")
    answer = client.get("/records/999001/2024-077/")
    assert answer.status_code == 301
    assert answer["Location"] == f"/records/999001/id-{made.pk}/"


@pytest.mark.parametrize(
    "address",
    [
        "/records/999001/none/",
        "/records/999009/2024-001/",
        "/records/x/2024-001/",
        "/records/999001/%00/",
        "/records/999001/%FF/",
        "/records/999001/" + "9" * 500 + "/",
        "/companies/999009/",
        "/companies/%00/",
        "/institutions/0/",
        "/institutions/" + "9" * 30 + "/",
        "/institutions/" + "9" * 5000 + "/",
        "/topics/none/",
        "/topics/%00/",
        "/questions/" + "9" * 30 + "/",
        "/files/" + "9" * 30 + "/",
        "/files/%2e%2e/",
        "/nothing/",
    ],
)
def test_an_unknown_address_is_not_found_and_shows_a_way_on(address: str, client: Client) -> None:
    build.record()
    answer = client.get(address)
    assert answer.status_code == 404
    assert 'href="/records/"' in answer.content.decode()
    assert 'name="q"' in answer.content.decode()


def test_a_failure_of_ours_has_a_page_of_its_own(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    client.raise_request_exception = False
    monkeypatch.setattr("records.views.facets.facets", None)
    answer = client.get("/records/")
    assert answer.status_code == 500
    assert 'href="/records/"' in answer.content.decode()


@pytest.mark.parametrize("name", ["400.html", "403.html", "403_csrf.html", "500.html", "locked_out.html"])
def test_each_refusal_has_a_page_that_needs_no_request(name: str) -> None:
    page = render_to_string(name)
    assert re.search(r"<h1>.+</h1>\s*<p>.+</p>", page)
    assert 'href="/records/"' in page


def test_style_sheet_and_script_stay_small() -> None:
    sizes = {}
    for name in ("site.css", "site.js"):
        path = finders.find(f"records/{name}")
        assert path
        sizes[name] = len(gzip.compress(Path(path).read_bytes()))
    assert sizes["site.css"] < 12 * 1024
    assert sizes["site.js"] < 2 * 1024


def test_nothing_but_reading_is_allowed(client: Client) -> None:
    build.record()
    for address in ("/records/", "/records.csv", "/records/999001/2024-001/"):
        assert client.post(address).status_code == 405


# Language, and the policy


def test_chinese_is_the_default_and_the_switch_works_without_scripts(client: Client) -> None:
    build.record()
    page = text(client, "/records/?company=999001")
    assert '<html lang="zh-hans">' in page
    assert 'name="next" value="/records/?company=999001"' in page
    answer = client.post("/language/setlang/", {"language": "en", "next": "/records/?company=999001"})
    assert answer["Location"] == "/records/?company=999001"
    page = text(client, "/records/999001/2024-001/")
    assert '<html lang="en">' in page
    assert "投资者关系活动类别" in page


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_no_page_needs_inline_code_or_styles(language: str, client: Client) -> None:
    shown = build.record(topics=["大模型"], asked=[(f"问题{n}？", "答") for n in range(9)])
    client.cookies["django_language"] = language
    subjects = (shown, shown.company, build.institution("华夏基金"), build.topic("大模型"))
    for address in [*LISTS, *(subject.get_absolute_url() for subject in subjects)]:
        page = text(client, address)
        code = r"<script(?![^>]*\s(?:src=|type=\"application/ld\+json\"))"  # what is not run needs no leave
        assert not re.search(rf"<style|\sstyle=|\son[a-z]+=|javascript:|{code}", page), address
    policy = client.get("/records/")["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
