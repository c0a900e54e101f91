"""Between paper and database: what goes in comes out."""

import dataclasses
import datetime

import pytest

from records import translate
from records.filing.shape import ACTIVITY_TYPES, Attendee, Filing, FilingError, Host, Question
from records.models import Company, Institution, Participant, Record
from records.workflow import WorkflowError

pytestmark = pytest.mark.django_db

FILING = Filing(
    company_code="999002",
    company_short_name="青禾医疗",
    company_name="青禾医疗器械股份有限公司",
    number="2025-007",
    activity_types=("分析师会议", "其他"),
    other_activity="策略会",
    attendees=(Attendee("澄海基金", "林一舟", "研究员"), Attendee("远岫资本"), Attendee("", "王老师")),
    stated_institutions=31,
    stated_people=34,
    held_text="2025年8月27日-29日",
    held_from=datetime.date(2025, 8, 27),
    held_to=datetime.date(2025, 8, 29),
    place="线上",
    hosts=(Host("董事会秘书", "何清和"), Host("", "宋知行")),
    introduction="公司介绍了经营情况。",
    questions=(Question("问题一？", "答复\n第二行"), Question("问题二？", "")),
    closing="风险提示：…",
    material_information="否",
    attachments="参会名单",
    signed_on=datetime.date(2025, 8, 30),
    extra=(("方式", "现场"), ("注意事项", "无")),
)


def test_a_filing_comes_back_from_the_database_as_it_went_in() -> None:
    made = translate.make_record(FILING)
    assert translate.filing_of(Record.objects.get(pk=made.record.pk)) == FILING


def test_a_record_published_at_once_has_its_counts() -> None:
    record = translate.make_record(FILING, publish=True).record
    stale = Record.objects.get(pk=record.pk)
    Record.objects.filter(pk=record.pk).update(question_count=0)
    Record.objects.filter(pk=record.pk).recount()
    stale.question_count = 77
    stale.save()
    record.refresh_from_db()
    assert (record.institution_count, record.person_count, record.question_count) == (2, 2, 2)


def test_every_row_has_a_history_from_its_first_day() -> None:
    record = translate.make_record(FILING).record
    assert record.history.count() >= 1
    assert Participant.history.filter(record_id=record.pk).count() == 3
    assert {tick.activitytype_id for tick in record.history.first().activity_types.all()} == {"分析师会议", "其他"}


def test_a_company_is_found_by_its_name_where_the_form_has_no_code() -> None:
    company = Company.objects.create(code="999002", short_name="青禾医疗")
    made = translate.make_record(Filing(company_short_name="青禾医疗", introduction="交流。"))
    assert made.record.company == company


def test_without_code_and_known_name_nothing_is_made() -> None:
    with pytest.raises(FilingError, match="securities code"):
        translate.make_record(Filing(company_short_name="无名股份", introduction="交流。"))
    assert not Record.objects.exists()


def test_a_text_that_does_not_fit_is_refused_not_cut() -> None:
    with pytest.raises(FilingError, match="121 characters"):
        translate.make_record(Filing(company_code="999002", attendees=(Attendee("长" * 121),)))
    assert not Institution.objects.exists()
    assert not Company.objects.exists()


def test_the_board_of_a_new_company_is_told_by_its_code() -> None:
    made = translate.make_record(Filing(company_code="688001", company_short_name="某某", introduction="交流。"))
    assert (made.record.company.board, made.record.company.exchange) == ("star", "SSE")
    assert made.record.company.symbol == "688001.SH"


def test_all_nine_boxes_can_be_ticked() -> None:
    made = translate.make_record(Filing(company_code="999002", activity_types=ACTIVITY_TYPES, introduction="交流。"))
    assert [kind.name for kind in made.record.activity_types.all()] == list(ACTIVITY_TYPES)


def test_a_filing_can_be_taken_as_a_new_version() -> None:
    first = translate.make_record(FILING, publish=True).record
    address = first.get_absolute_url()
    second = translate.make_record(FILING, corrects=first).record
    first.refresh_from_db()
    assert (first.status, first.get_absolute_url()) == ("published", address)
    second.publish()
    first.refresh_from_db()
    assert (second.status, second.get_absolute_url()) == ("published", address)
    assert (first.status, first.get_absolute_url()) == ("superseded", f"{address.rstrip('/')}-v1/")
    third = translate.make_record(FILING, corrects=second, publish=True).record
    second.refresh_from_db()
    assert third.get_absolute_url() == address
    assert second.get_absolute_url() == f"{address.rstrip('/')}-v2/"
    assert list(Record.objects.published()) == [third]


def test_a_record_is_corrected_once() -> None:
    first = translate.make_record(FILING, publish=True).record
    draft = translate.make_record(FILING, corrects=first).record
    with pytest.raises(translate.DuplicateFilingError) as refusal:
        translate.make_record(FILING, corrects=first)
    assert refusal.value.record == draft


@pytest.mark.parametrize("number", ["2024—010", "2024－010", "２０２４-０１０", "2024 – 010", "2024——010"])
def test_a_number_is_the_same_whatever_its_dash(number: str) -> None:
    first = translate.make_record(dataclasses.replace(FILING, number="2024-010")).record
    other = dataclasses.replace(FILING, number=number, introduction="另一段文字")
    with pytest.raises(translate.DuplicateFilingError) as refusal:
        translate.make_record(other)
    assert refusal.value.record == first
    first.delete()
    assert translate.make_record(other).record.number == "2024-010"


def test_an_answer_whose_question_was_lost_is_kept() -> None:
    filing = Filing(company_code="999002", questions=(Question("甲？", "乙"), Question("", "丙")))
    record = translate.make_record(filing).record
    assert list(record.questions.values_list("text", "answer")) == [("甲？", "乙"), ("", "丙")]
    assert translate.filing_of(record).questions == filing.questions


def test_a_withdrawn_correction_takes_its_earlier_versions_along(client) -> None:
    first = translate.make_record(FILING, publish=True).record
    second = translate.make_record(FILING, corrects=first, publish=True).record
    first.refresh_from_db()
    address = first.get_absolute_url()
    assert client.get(address).status_code == 200
    assert client.get(f"{address.rstrip('/')}.docx").status_code == 200
    second.withdraw()
    for gone in (address, f"{address.rstrip('/')}.docx", second.get_absolute_url()):
        assert client.get(gone).status_code == 404


def test_a_record_is_not_withdrawn_while_a_new_version_is_being_written() -> None:
    first = translate.make_record(FILING, publish=True).record
    draft = translate.make_record(FILING, corrects=first).record
    with pytest.raises(WorkflowError):
        first.withdraw()
    draft.delete()
    Record.objects.get(pk=first.pk).withdraw()
