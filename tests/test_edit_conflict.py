"""A record that somebody else saved meanwhile: nothing is stored over it, and nothing that was typed is lost."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from records.models import Attachment, Record

from . import build
from .test_admin_entry import ADD, change, form, new_row

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_english(settings: Any) -> None:
    settings.LANGUAGE_CODE = "en"


@pytest.fixture
def colleague(django_user_model: Any) -> Client:
    client = Client()
    client.force_login(django_user_model.objects.create_superuser("wangwu"))
    return client


def late(answer: Any) -> Any:
    assert answer.status_code == 409, answer.status_code
    return answer.context["late"]


def told(answer: Any) -> list[tuple[str, str, str, str]]:
    return [(item.kind, item.label, item.old, item.new) for item in late(answer).items]


def shown(answer: Any, name: str) -> str:
    """What stands in a box of the page."""
    return str(sent(answer)[name])


def sent(answer: Any) -> dict[str, Any]:
    """What the page that came back would send, as it is in its bound forms."""
    data = {name: answer.context["adminform"].form[name].value() for name in answer.context["adminform"].form.fields}
    for inline in answer.context["inline_admin_formsets"]:
        formset = inline.formset
        data |= {box.html_name: box.value() for box in formset.management_form}
        data |= {box.html_name: box.value() for row in formset.forms for box in row if box.name != "file"}
    about = answer.context["editing"]
    data |= {"_opened": str(about.get("opened", "")), "_work": about["work"]}
    return {name: value for name, value in data.items() if value not in (None, False)}


def saved(client: Client, address: str, data: dict[str, Any]) -> None:
    answer = client.post(address, data)
    assert answer.status_code == 302, answer.context["errors"]


def test_a_field_that_both_changed_is_shown_with_both_texts_and_nothing_is_stored(
    admin_client: Client, colleague: Client
) -> None:
    record = build.draft(place="北京", introduction="开场。")
    mine = form(record, place="上海", introduction="开场。", closing="谢谢。")
    saved(colleague, change(record), form(record, place="深圳", introduction="开场。"))
    answer = admin_client.post(change(record), mine)
    assert told(answer) == [("both", "Place", "上海", "深圳")]
    assert (shown(answer, "place"), shown(answer, "closing")) == ("上海", "谢谢。")
    record.refresh_from_db()
    assert (record.place, record.closing) == ("深圳", "")
    page = answer.content.decode()
    assert "wangwu" in page
    assert "<del>上海</del>" in page
    assert "<ins>深圳</ins>" in page


def test_what_they_changed_and_i_left_alone_is_filled_in(admin_client: Client, colleague: Client) -> None:
    record = build.draft(place="北京")
    mine = form(record, place="北京", introduction="我的开场。")
    saved(colleague, change(record), form(record, place="深圳", stated_people=9))
    answer = admin_client.post(change(record), mine)
    assert {(kind, old, new) for kind, _label, old, new in told(answer)} == {
        ("theirs", "北京", "深圳"),
        ("theirs", "", "9"),
    }
    assert shown(answer, "place") == "深圳"
    again = sent(answer) | {"_seen": str(late(answer).now)}
    saved(admin_client, change(record), again)
    record.refresh_from_db()
    assert (record.place, record.introduction, record.stated_people) == ("深圳", "我的开场。", 9)


def test_mine_is_saved_over_theirs_only_after_it_was_said(admin_client: Client, colleague: Client) -> None:
    record = build.draft(place="北京")
    mine = form(record, place="上海")
    saved(colleague, change(record), form(record, place="深圳"))
    answer = admin_client.post(change(record), mine)
    once_more = admin_client.post(change(record), sent(answer))
    assert told(once_more) == [("both", "Place", "上海", "深圳")]
    saved(admin_client, change(record), sent(once_more) | {"_seen": str(late(once_more).now)})
    record.refresh_from_db()
    assert record.place == "上海"


def test_what_was_seen_is_no_leave_to_save_over_what_came_after_it(admin_client: Client, colleague: Client) -> None:
    record = build.draft(place="北京")
    mine = form(record, place="上海")
    saved(colleague, change(record), form(record, place="深圳"))
    answer = admin_client.post(change(record), mine)
    record.refresh_from_db()
    saved(colleague, change(record), form(record, place="广州"))
    once_more = admin_client.post(change(record), sent(answer) | {"_seen": str(late(answer).now)})
    assert told(once_more) == [("both", "Place", "上海", "广州")]


def test_the_page_offers_either_text_for_its_box(admin_client: Client, colleague: Client) -> None:
    record = build.draft(place="北京")
    mine = form(record, place="上海", activity_types=["路演活动", "现场参观"])
    saved(colleague, change(record), form(record, place="深圳", activity_types=["媒体采访"]))
    by_label = {item.label: json.loads(item.choices) for item in late(admin_client.post(change(record), mine)).items}
    assert by_label["Place"] == {"mine": {"place": ["上海"]}, "theirs": {"place": ["深圳"]}}
    assert by_label["Activity types"] == {
        "mine": {"activity_types": ["路演活动", "现场参观"]},
        "theirs": {"activity_types": ["媒体采访"]},
    }


def test_the_parts_of_a_question_are_told_apart(admin_client: Client, colleague: Client) -> None:
    record = build.draft(asked=[("甲？", "一"), ("乙？", "二")], topics=["大模型"])
    mine = form(record) | {"questions-0-answer": "我的一", "questions-1-topic_names": "境外业务"}
    theirs = {"questions-0-answer": "他的一", "questions-1-answer": "他的二"}
    saved(colleague, change(record), form(record) | theirs)
    answer = admin_client.post(change(record), mine)
    assert told(answer) == [
        ("both", "Question 1 · Answer", "我的一", "他的一"),
        ("theirs", "Question 2 · Answer", "二", "他的二"),
    ]
    saved(admin_client, change(record), sent(answer) | {"_seen": str(late(answer).now)})
    assert list(record.questions.values_list("answer", flat=True)) == ["我的一", "他的二"]
    assert [topic.name for topic in record.questions.all()[1].topics.all()] == ["境外业务"]


def test_rows_that_they_added_stay_and_stand_where_they_put_them(admin_client: Client, colleague: Client) -> None:
    record = build.draft(visitors=["甲资本 甲", "丁资本 丁"])
    mine = form(record, new_row("participants", 2, name_as_filed="我资本", person="我"))
    theirs = form(record, new_row("participants", 2, name_as_filed="乙资本", person="乙"))
    theirs |= {"participants-2-position": 2, "participants-1-position": 3}
    saved(colleague, change(record), theirs)
    answer = admin_client.post(change(record), mine)
    assert told(answer) == [("added", "Participant 2", "", "乙资本 乙")]
    saved(admin_client, change(record), sent(answer) | {"_seen": str(late(answer).now)})
    assert list(record.participants.values_list("person", flat=True)) == ["甲", "乙", "丁", "我"]


def test_a_row_that_they_deleted_is_left_out_unless_i_changed_it(admin_client: Client, colleague: Client) -> None:
    record = build.draft(asked=[("甲？", "一"), ("乙？", "二"), ("丙？", "三")])
    mine = form(record) | {"questions-1-answer": "我的二"}
    saved(colleague, change(record), form(record) | {"questions-0-DELETE": "on", "questions-1-DELETE": "on"})
    answer = admin_client.post(change(record), mine)
    assert {item[0] for item in told(answer)} == {"deleted", "revived"}
    saved(admin_client, change(record), sent(answer) | {"_seen": str(late(answer).now)})
    assert list(record.questions.values_list("text", "answer")) == [("乙？", "我的二"), ("丙？", "三")]


def test_a_row_that_i_delete_and_they_changed_is_asked_for(admin_client: Client, colleague: Client) -> None:
    record = build.draft(asked=[("甲？", "一")])
    mine = form(record) | {"questions-0-DELETE": "on"}
    saved(colleague, change(record), form(record) | {"questions-0-answer": "他的一"})
    answer = admin_client.post(change(record), mine)
    (item,) = late(answer).items
    assert (item.kind, item.new, item.is_dropped) == ("both", "他的一", True)
    assert json.loads(item.choices)["theirs"]["questions-0-DELETE"] == []
    assert record.questions.count() == 1


def test_an_order_that_they_gave_is_kept_where_i_gave_none(admin_client: Client, colleague: Client) -> None:
    record = build.draft(asked=[("甲？", ""), ("乙？", ""), ("丙？", "")])
    mine = form(record) | {"questions-0-answer": "我的"}
    saved(colleague, change(record), form(record) | {"questions-0-position": 3, "questions-2-position": 1})
    answer = admin_client.post(change(record), mine)
    assert ("moved", "Questions", "", "") in told(answer)
    saved(admin_client, change(record), sent(answer) | {"_seen": str(late(answer).now)})
    assert list(record.questions.values_list("text", flat=True)) == ["丙？", "乙？", "甲？"]


def test_an_attachment_that_they_added_is_no_reason_to_lose_what_was_typed(
    admin_client: Client, colleague: Client
) -> None:
    record = build.draft()
    mine = form(record, place="上海")
    theirs = new_row("attachments", 0, kind="slides", file=SimpleUploadedFile("幻灯片.pdf", b"%PDF-1.7"))
    saved(colleague, change(record), form(record, theirs))
    answer = admin_client.post(change(record), mine)
    assert told(answer) == [("added", "Attachment 1", "", "幻灯片.pdf slides or documents handed out")]
    saved(admin_client, change(record), sent(answer) | {"_seen": str(late(answer).now)})
    assert Attachment.objects.get().record.place == "上海"


def test_files_that_were_chosen_are_named_since_they_do_not_come_back(admin_client: Client, colleague: Client) -> None:
    record = build.draft()
    row = new_row("attachments", 0, kind="slides", file=SimpleUploadedFile("讲稿.pdf", b"%PDF-1.7"))
    mine = form(record, row)
    saved(colleague, change(record), form(record, place="深圳"))
    answer = admin_client.post(change(record), mine)
    assert late(answer)
    assert "讲稿.pdf" in answer.content.decode()
    assert not Attachment.objects.exists()


def test_a_save_that_comes_twice_is_told_that_the_first_was_stored(admin_client: Client) -> None:
    record = build.draft(topics=["大模型"])
    data = form(
        record,
        new_row("participants", 1, name_as_filed="新来资本", person="新"),
        new_row("questions", 1, text="新问？", answer="新答。", topic_names="大模型，境外业务"),
        held_from="2026年3月12日",
        hosts="董事会秘书：何清和、宋知行",
        extra="【方式】 现场",
    )
    saved(admin_client, change(record), data)
    answer = admin_client.post(change(record), data)
    assert late(answer).is_twice
    assert (record.participants.count(), record.questions.count()) == (2, 2)
    saved(admin_client, change(record), sent(answer) | {"place": "上海"})  # and one can go on from there


def test_a_save_that_says_nothing_of_what_it_was_opened_with_is_not_carried_out(admin_client: Client) -> None:
    record = build.draft(place="北京")
    for said in ("", "x", "1~fields:place", "0~fields:place=x~questions:\0=1", "0~fields:place=x"):
        answer = admin_client.post(change(record), form(record, place="上海", _opened=said))
        assert late(answer)
        assert shown(answer, "place") == "上海"
    record.refresh_from_db()
    assert record.place == "北京"


def test_what_came_by_another_way_is_noticed(admin_client: Client) -> None:
    """Not only this page writes: what counts is what is stored."""
    record = build.draft()
    data = form(record, place="上海")
    record.questions.update(answer="另一处写的")
    assert [item[0] for item in told(admin_client.post(change(record), data))] == ["theirs"]


def test_a_change_that_was_taken_back_stands_in_nobodys_way(admin_client: Client, colleague: Client) -> None:
    record = build.draft(place="北京", held="2026-03-12")
    day = {"disclosed_on": "2026-03-12"}
    mine = form(record, day, place="上海")
    saved(colleague, change(record), form(record, day, place="深圳"))
    record.refresh_from_db()
    saved(colleague, change(record), form(record, day, place="北京"))
    saved(admin_client, change(record), mine)


def test_a_page_that_comes_back_for_an_error_still_knows_what_it_was_opened_with(
    admin_client: Client, colleague: Client
) -> None:
    record = build.draft(place="北京")
    answer = admin_client.post(change(record), form(record, place="上海", held_from="明天"))
    assert answer.status_code == 200
    saved(colleague, change(record), form(record, place="深圳"))
    assert told(admin_client.post(change(record), sent(answer) | {"held_from": "2026-03-12"}))


def test_rows_come_back_in_the_order_in_which_they_were_sent(admin_client: Client) -> None:
    record = build.draft(asked=[("甲？", ""), ("乙？", "")])
    data = form(record, new_row("questions", 2, text="丙？", position=1), held_from="明天")
    page = admin_client.post(change(record), data | {"questions-0-position": 3, "questions-1-position": 2})
    assert re.findall("(.？)</textarea>", page.content.decode()) == ["丙？", "乙？", "甲？"]


def test_a_record_that_was_published_meanwhile_shows_what_was_typed(admin_client: Client, colleague: Client) -> None:
    record = build.draft()
    mine = form(record, new_row("questions", 1, text="还有一问？", answer="答。"), place="上海")
    record.publish()
    answer = admin_client.post(change(record), mine)
    assert answer.status_code == 403
    assert {item.old for item in answer.context["late"].mine} >= {"上海", "还有一问？\n答。"}
    assert "还有一问？" in answer.content.decode()
    record.refresh_from_db()
    assert (record.place, record.questions.count()) == ("", 1)


def test_save_and_publish_that_came_twice_leads_to_the_published_record(admin_client: Client) -> None:
    today = {"held_from": str(timezone.localdate()), "disclosed_on": ""}
    record = build.draft(disclosed_on=None)
    data = form(record, new_row("questions", 1, text="还有一问？", answer="有一答。"), **today, _publish="1")
    saved(admin_client, change(record), data)
    answer = admin_client.post(change(record), data, follow=True)
    assert answer.redirect_chain == [(change(record), 302)]
    assert Record.objects.published().get() == record


def test_what_was_typed_about_a_deleted_record_can_be_entered_anew(admin_client: Client, colleague: Client) -> None:
    record = build.draft(asked=[("甲？", "一")])
    mine = form(record, place="上海")
    colleague.post(f"/admin/records/record/{record.pk}/delete/", {"post": "yes"})
    assert not Record.objects.exists()
    answer = admin_client.post(change(record), mine)
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "wangwu" in page
    assert f'action="{ADD}"' in page
    saved(admin_client, ADD, sent(answer))
    again = Record.objects.get()
    assert (again.place, again.questions.get().answer) == ("上海", "一")


def test_a_record_that_never_was_leads_to_the_list_as_before(admin_client: Client) -> None:
    for key in ("999", "abc", "9" * 30):
        assert admin_client.post(f"/admin/records/record/{key}/change/", {"place": "x"}).status_code == 302


def test_an_entry_that_comes_twice_is_one_record(admin_client: Client) -> None:
    page = admin_client.get(ADD)
    data = form(None, new_row("questions", 0, text="问？"), number="", _work=page.context["editing"]["work"])
    saved(admin_client, ADD, data)
    answer = admin_client.post(ADD, data | {"place": "上海"})
    assert late(answer).record == Record.objects.get()
    assert shown(answer, "place") == "上海"
    saved(admin_client, ADD, sent(answer) | {"_seen": answer.context["editing"]["again"]})
    assert Record.objects.count() == 2


def test_who_may_only_add_rows_adds_them_once(client: Client, django_user_model: Any) -> None:
    user = django_user_model.objects.create_user("typist", is_staff=True)
    codenames = r"^(change_record|view_record|add_question|view_question|view_company)$"
    user.user_permissions.set(Permission.objects.filter(codename__regex=codenames))
    client.force_login(user)
    record = build.draft()
    page = client.get(change(record))
    data = form(record) | {"questions-1-text": "又一问？", "questions-TOTAL_FORMS": 2}
    data["_opened"] = str(page.context["editing"]["opened"])
    saved(client, change(record), data)
    assert client.post(change(record), data).status_code == 409
    assert record.questions.count() == 2


def test_a_saved_page_says_which_work_is_done(admin_client: Client) -> None:
    record = build.draft()
    page = admin_client.get(change(record))
    work = page.context["editing"]["work"]
    refused = admin_client.post(change(record), form(record, held_from="明天", _work=work))
    assert "desk_saved" not in refused.cookies
    assert refused.context["editing"]["work"] == work
    done = admin_client.post(change(record), form(record, _work=work))
    assert done.cookies["desk_saved"].value == work
    other = admin_client.post(change(record), form(record, _work="<script>"))
    assert "desk_saved" not in other.cookies
