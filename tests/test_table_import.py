"""Tables of companies, institutions and topics: read, shown row by row, and stored as they were shown."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from records import tables
from records.directory_tables import TABLES
from records.models import Company, Institution, InstitutionAlias, Intake, Topic
from records.tables import Column, TableError
from tests.fuzz import examples

from . import build
from .test_admin_publish import texts
from .test_importing_race import at_once
from .test_ledger import assert_exact

LISTS = {kind: f"/admin/records/{kind}/" for kind in TABLES}
TOPIC = LISTS["topic"]

COMPANIES = "证券代码,证券简称,公司全称,板块\n999001,晨光数据,晨光数据科技股份有限公司,科创板\n000001,平安,,\n"
INSTITUTIONS = "机构名称,类型,别名\n华夏基金,公募基金,华夏基金公司、ChinaAMC\n某某资本,,\n"
TOPICS = "主题,关键词\n大模型,LLM；GPT\n境外业务,\n"
SAMPLES = {"company": COMPANIES, "institution": INSTITUTIONS, "topic": TOPICS}

# The parser

COLUMNS = (
    Column("name", ("name", "名称"), 40, required=True),
    Column("note", ("note", "备注"), 60),
    Column("list", ("list", "清单"), 60),
)


def values(data: bytes) -> list[dict[str, str]]:
    return [row.values for row in tables.read(data, COLUMNS)]


cells = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Co"]), max_size=12).map(
    lambda text: " ".join(text.split())
)


@pytest.mark.fuzz
@settings(max_examples=examples(100))
@given(
    rows=st.lists(st.tuples(cells.filter(bool), cells, cells), min_size=1, max_size=5),
    separator=st.sampled_from(tables.SEPARATORS),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "gb18030"]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    names=st.permutations([("name", "NAME"), ("备注", "note"), ("清单", "List")]),
)
def test_what_a_spreadsheet_writes_is_read(rows: Any, separator: str, encoding: str, end: str, names: Any) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator=end)
    writer.writerow([pair[0] for pair in names])
    order = [["name", "备注", "清单"].index(pair[0]) for pair in names]
    writer.writerows([row[at] for at in order] for row in rows)
    data = out.getvalue().encode(encoding)
    try:
        data.decode("utf-8")
        ambiguous = encoding == "gb18030" and not data.isascii()
    except UnicodeDecodeError:
        ambiguous = False
    if not ambiguous:  # two or three characters may read as UTF-8 by chance
        assert values(data) == [dict(zip(("name", "note", "list"), row, strict=True)) for row in rows]


@pytest.mark.fuzz
@settings(max_examples=examples(100))
@given(st.binary(max_size=300) | st.text('name,\t;"\n\r名称备a\0', max_size=60).map(lambda text: text.encode()))
def test_any_bytes_are_rows_or_refused_in_a_sentence(data: bytes) -> None:
    try:
        told = ""
        rows = tables.read(data, COLUMNS)
    except TableError as refusal:
        told = str(refusal)
    assert told.endswith(".") and "%(" not in told if told else rows


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "empty"),
        (b"\n\n ,,\n", "empty"),
        (b"name\n", "no row"),
        (b'name,note\na,b\n"c,d\ne,f\n', "Line 3: a quotation mark"),
        (b'name,note\na,"b"c\n', "Line 2: a quotation mark"),
        (b"name,colour\na,b", "no column “colour”"),
        (b"note,list\na,b", "column “名称” is missing"),
        (b"a,b\nc,d", "first line must name the columns"),
        ("name,名称\na,b".encode(), "there twice"),
        (b"name\na\0b", "NUL"),
        (b"PK\x03\x04x", "workbook"),
        ("name\na".encode("utf-16"), "UTF-16"),
        (b"name\n\xff\xff", "neither"),
        (b"name\n" + b"x" * tables.MAX_BYTES, "2 MB"),
        (b"name\n" + b"a\n" * (tables.MAX_ROWS + 1), "20000 rows"),
        (b'name\n"' + b"x" * 140_000, "torn quotation mark"),
    ],
)
def test_what_is_no_table_is_refused_in_a_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(TableError, match=sentence):
        tables.read(data, COLUMNS)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (",b,c", "must not be empty"),
        (f"{'长' * 41},b,c", "41 characters; 40"),
        ("a,b", "2 cells, but there are 3"),
        ("a,b,c,d", "4 cells, but there are 3"),
        ("a,b\x07,c", "control character"),
    ],
)
def test_a_wrong_row_is_told_with_its_line_and_the_others_are_read(line: str, sentence: str) -> None:
    rows = tables.read(f'name,note,list\n"a\nb",,\n\n{line}\nz,,'.encode(), COLUMNS)
    assert [row.line for row in rows] == [2, 5, 6]
    assert [len(row.problems) for row in rows] == [0, 1, 0]
    message, params, _column = rows[1].problems[0]
    assert sentence in message % params


def test_as_many_rows_as_are_allowed_are_read() -> None:
    assert len(tables.read(b"name\n" + b"a\n" * tables.MAX_ROWS, COLUMNS)) == tables.MAX_ROWS


# The desk


@pytest.fixture(autouse=True)
def in_english(settings: Any) -> None:
    """Sentences are told as the source has them."""
    settings.LANGUAGE_CODE = "en"


def bring(client: Client, kind: str, text: str | bytes, name: str = "表.csv") -> Any:
    data = text if isinstance(text, bytes) else text.encode()
    return client.post(f"{LISTS[kind]}import/", {"file": SimpleUploadedFile(name, data)}, follow=True)


def outcomes(answer: Any) -> list[str]:
    return [str(line.outcome) for line in answer.context["table"].lines]


def sentences(answer: Any) -> list[str]:
    return [sentence for line in answer.context["table"].lines for _column, sentence in line.problems]


def changes(answer: Any) -> list[dict[str, tuple[str, str]]]:
    return [line.changes for line in answer.context["table"].lines]


def accept(client: Client, shown: Any) -> Any:
    data = {"op": "import", "seen": shown.context["table"].print}
    return client.post(shown.request["PATH_INFO"], data, follow=True)


def desk_user(*codenames: str) -> tuple[User, Client]:
    user = User.objects.create_user("clerk", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = Client()
    client.force_login(user)
    return user, client


pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_table_is_shown_stored_and_then_unchanged(kind: str, encoding: str, admin_client: Client) -> None:
    model = TABLES[kind].model
    data = SAMPLES[kind].encode(encoding)
    shown = bring(admin_client, kind, data)
    assert outcomes(shown) == ["new", "new"]
    assert not model.objects.exists()
    answer = accept(admin_client, shown)
    assert answer.redirect_chain == [(LISTS[kind], 302)]
    assert model.objects.count() == 2
    assert LogEntry.objects.filter(content_type__model=kind).count() == 2
    assert not Intake.objects.exists()
    again = bring(admin_client, kind, data)
    assert outcomes(again) == ["unchanged", "unchanged"]
    assert not again.context["table"].may_be_imported
    assert accept(admin_client, again).status_code == 409


def test_rows_become_what_an_entry_by_hand_would_make(admin_client: Client) -> None:
    for kind, text in SAMPLES.items():
        accept(admin_client, bring(admin_client, kind, text))
    company = Company.objects.get(code="999001")
    assert (company.short_name, company.full_name, company.board) == ("晨光数据", "晨光数据科技股份有限公司", "star")
    assert company.pinyin.startswith("cgsj")
    assert Company.objects.get(code="000001").board == "szse-main"
    institution = Institution.objects.get(name="华夏基金")
    assert (institution.type, institution.reviewed) == ("mutual-fund", True)
    assert institution.key
    assert {alias.name for alias in institution.aliases.all()} == {"华夏基金公司", "ChinaAMC"}
    assert Institution.objects.resolve(["CHINAAMC"], create=False)["CHINAAMC"] == institution
    topic = Topic.objects.get(name="大模型")
    assert topic.keywords == "LLM、GPT"
    assert topic.slug == "damoxing"


def test_a_change_is_told_with_what_was_and_what_will_be(admin_client: Client) -> None:
    build.company("999001", "晨光", full_name="晨光公司", board="star")
    shown = bring(admin_client, "company", "code,short name,full name,board\n999001,晨光数据,,深市主板\n")
    assert outcomes(shown) == ["changed"]
    told = changes(shown)[0]
    assert told["short_name"] == ("晨光", "晨光数据")
    assert set(told) == {"short_name", "board"}
    assert "<del>晨光</del><ins>晨光数据</ins>" in shown.content.decode()
    accept(admin_client, shown)
    company = Company.objects.get()
    assert (company.short_name, company.full_name, company.board) == ("晨光数据", "晨光公司", "szse-main")
    assert company.pinyin.startswith("cgsj")
    assert "short name" in LogEntry.objects.get().get_change_message()


def test_pinyin_that_was_typed_by_hand_outlives_a_new_name(admin_client: Client) -> None:
    build.company("999001", "乐正", pinyin="yz yuezheng")
    accept(admin_client, bring(admin_client, "company", "code,short name\n999001,乐正资本\n"))
    assert Company.objects.get().pinyin == "yz yuezheng"


def test_boards_and_types_that_change_are_counted_anew(admin_client: Client) -> None:
    build.record(build.company("999001", board="star"), visitors=["华夏基金 甲", "中信证券 乙"])
    build.record(build.company("999002"), number="2", held="2023-01-01", visitors=["华夏基金 甲"])
    accept(admin_client, bring(admin_client, "company", "code,short name,board\n999001,晨光数据,创业板\n"))
    assert_exact()
    accept(admin_client, bring(admin_client, "institution", "name,type\n华夏基金,外资\n中信证券,券商资管\n"))
    assert Institution.objects.get(name="华夏基金").type == "foreign"
    assert_exact()


def test_aliases_are_replaced_by_those_of_the_cell(admin_client: Client) -> None:
    institution = build.institution("华夏基金")
    for name in ("华夏", "老名字"):
        InstitutionAlias(institution=institution, name=name).save()
    shown = bring(admin_client, "institution", "name,aliases\n华夏基金,华夏、新名字、华夏基金管理有限公司\n")
    assert changes(shown)[0]["aliases"] == ("华夏、老名字", "华夏、新名字")
    accept(admin_client, shown)
    assert set(institution.aliases.values_list("name", flat=True)) == {"华夏", "新名字"}


@pytest.mark.parametrize(
    ("kind", "text", "sentence"),
    [
        ("company", "code,short name\n1,平安\n", "has lost its zeros"),
        ("company", "code,short name\n99900a,平安\n", "six digits"),
        ("company", "code,short name\n999001,\n", "must not be empty"),
        ("company", "code,short name\n999001,甲\n999001,甲\n", "stands in line 2 already"),
        ("company", "code,short name,board\n999001,甲,月球板\n", "“月球板” is not known here"),
        ("institution", "name\n——\n", "is no name"),
        ("institution", "name\n甲基金\n甲基金有限公司\n", "stands in line 2 already"),
        ("institution", "name\nChinaAMC\n", "alias of 华夏基金"),
        ("institution", "name,aliases\n甲基金,CHINAAMC\n", "already stands for 华夏基金"),
        ("institution", "name,aliases\n甲基金,中信证券\n", "already stands for 中信证券"),
        ("institution", "name,aliases\n甲基金,某\n乙基金,某\n", "“某” stands in line 2 already"),
        ("institution", "name,aliases\n甲基金,乙基金\n乙基金,\n", "stands in line 2 already"),
        ("institution", f"name,aliases\n甲基金,{'长' * 121}\n", "is no name"),
        ("institution", "name,type\n甲基金,骗子\n", "“骗子” is not known here"),
        ("topic", "name,keywords\n主题,——\n", "holds no letter or digit"),
        ("topic", "name\n主题\n主 题\n", "stands in line 2 already"),
        ("topic", "name\n旧主题\n", "was merged into “大模型”"),
    ],
)
def test_a_wrong_row_is_told_in_one_sentence_and_nothing_is_stored(
    kind: str, text: str, sentence: str, admin_client: Client
) -> None:
    InstitutionAlias(institution=build.institution("华夏基金"), name="ChinaAMC").save()
    build.institution("中信证券")
    build.topic("旧主题").merge_into(build.topic("大模型"))
    before = TABLES[kind].model.objects.count()
    shown = bring(admin_client, kind, text)
    assert len(sentences(shown)) == 1
    assert sentence in sentences(shown)[0]
    assert shown.content.decode().count('<p class="wrong">') == 1
    assert 'value="import"' not in shown.content.decode()
    assert accept(admin_client, shown).status_code == 409
    assert TABLES[kind].model.objects.count() == before


def test_codes_with_their_exchange_are_understood(admin_client: Client) -> None:
    accept(admin_client, bring(admin_client, "company", "code\tshort name\n000001.SZ\t平安\n600000.sh\t浦发\n"))
    assert set(Company.objects.values_list("code", flat=True)) == {"000001", "600000"}


@pytest.mark.parametrize("kind", LISTS)
def test_the_template_is_read_by_what_it_is_for(kind: str, admin_client: Client) -> None:
    for language, heading in (
        ("en", TABLES[kind].columns[0].headings[0]),
        ("zh-hans", TABLES[kind].columns[0].headings[1]),
    ):
        admin_client.cookies["django_language"] = language
        answer = admin_client.get(f"{LISTS[kind]}import/template.csv")
        assert answer.content.startswith("\ufeff".encode() + heading.encode())
        assert f"{kind}.csv" in answer["Content-Disposition"]
        with pytest.raises(TableError, match="no row"):
            tables.read(answer.content, TABLES[kind].columns)


@pytest.mark.parametrize(
    "data", [b"", b"x,y\n1,2", b'name\n"torn', b"name\n\0", b"PK\x03\x04", b"name\n" + b"x" * (3 << 20)]
)
def test_a_file_that_is_no_table_leaves_nothing_behind(data: bytes, admin_client: Client) -> None:
    answer = bring(admin_client, "topic", data)
    assert answer.status_code == 200
    assert texts(answer)
    assert not Intake.objects.exists()
    assert texts(admin_client.post(f"{TOPIC}import/"))


def test_a_list_that_changed_since_the_preview_is_shown_once_more(admin_client: Client) -> None:
    shown = bring(admin_client, "company", COMPANIES)
    build.company("999001", "别名")
    late = accept(admin_client, shown)
    assert late.status_code == 409
    assert outcomes(late) == ["changed", "new"]
    assert Company.objects.get().short_name == "别名"
    accept(admin_client, late)
    assert Company.objects.get(code="999001").short_name == "晨光数据"


def test_a_table_is_dropped(admin_client: Client) -> None:
    shown = bring(admin_client, "company", COMPANIES)
    admin_client.post(shown.request["PATH_INFO"], {"op": "drop"})
    assert not Intake.objects.exists()
    answer = admin_client.get(shown.request["PATH_INFO"], follow=True)
    assert answer.redirect_chain == [("/admin/records/company/import/", 302)]


def test_tables_and_filings_wait_apart(admin_client: Client) -> None:
    pk = Intake.objects.get(pk=bring(admin_client, "topic", TOPICS, "主题表.csv").context["intake"].pk).pk
    assert "主题表" not in admin_client.get("/admin/import/").content.decode()
    assert "主题表" in admin_client.get(f"{TOPIC}import/").content.decode()
    for path in (f"/admin/import/{pk}/", f"/admin/records/company/import/{pk}/"):
        assert admin_client.get(path).status_code == 302


def test_rows_of_one_outcome_are_shown_page_by_page(admin_client: Client) -> None:
    build.company("000001", "平安")
    rows = "".join(f"6{n:05},公司{n}\n" for n in range(150))
    shown = bring(admin_client, "company", f"code,short name\n000001,平安银行\n{rows}")
    where = shown.request["PATH_INFO"]
    assert len(shown.context["shown"]) == 100
    assert len(admin_client.get(where, {"show": "changed"}).context["shown"]) == 1
    assert len(admin_client.get(where, {"show": "new", "p": 2}).context["shown"]) == 50
    assert admin_client.get(where, {"show": "x", "p": "y"}).status_code == 200


# Who may


def test_staff_change_their_own_companies_and_work_for_those_they_add() -> None:
    ours, theirs = build.company("999001", "晨光"), build.company("999002", "远山")
    user, client = desk_user("add_company", "change_company", "view_company")
    ours.staff.set([user])
    both = bring(client, "company", "code,short name\n999001,晨光数据\n999002,远山医药\n")
    assert outcomes(both) == ["changed", "wrong"]
    assert "do not work for this company" in sentences(both)[0]
    assert "远山<" not in both.content.decode()
    assert accept(client, both).status_code == 409
    accept(client, bring(client, "company", "code,short name\n999001,晨光数据\n000001,平安\n"))
    assert set(user.companies.values_list("code", flat=True)) == {"999001", "000001"}
    theirs.refresh_from_db()
    assert theirs.short_name == "远山"


@pytest.mark.parametrize(("permission", "told"), [("add", ["wrong", "new"]), ("change", ["changed", "wrong"])])
def test_rows_that_somebody_may_not_store_are_wrong(permission: str, told: list[str]) -> None:
    build.topic("大模型", keywords="旧")
    _user, client = desk_user(f"{permission}_topic", "view_topic")
    shown = bring(client, "topic", "name,keywords\n大模型,LLM\n新主题,词\n")
    assert outcomes(shown) == told
    assert "your account may not" in sentences(shown)[0]


def test_aliases_need_their_own_permission() -> None:
    build.institution("华夏基金")
    _user, client = desk_user("change_institution", "view_institution")
    assert "aliases" in sentences(bring(client, "institution", "name,aliases\n华夏基金,华夏\n"))[0]
    assert outcomes(bring(client, "institution", "name,type\n华夏基金,外资\n")) == ["changed"]


@pytest.mark.parametrize("kind", LISTS)
def test_who_may_only_look_imports_nothing(kind: str) -> None:
    _user, client = desk_user(f"view_{kind}")
    assert "/import/" not in client.get(LISTS[kind]).content.decode()
    assert client.get(f"{LISTS[kind]}import/").status_code == 403
    assert bring(client, kind, SAMPLES[kind]).status_code == 403


def test_nobody_opens_the_table_of_another(admin_client: Client) -> None:
    shown = bring(admin_client, "topic", TOPICS)
    _user, client = desk_user("add_topic", "change_topic")
    assert client.get(shown.request["PATH_INFO"]).status_code == 302
    assert accept_as(client, shown).status_code == 302
    assert not Topic.objects.exists()


def accept_as(client: Client, shown: Any) -> Any:
    return client.post(shown.request["PATH_INFO"], {"op": "import", "seen": shown.context["table"].print})


@pytest.mark.django_db(transaction=True)
def test_pressed_twice_it_is_imported_once(admin_client: Client) -> None:
    shown = bring(admin_client, "institution", INSTITUTIONS)
    post = (admin_client, shown.request["PATH_INFO"], {"op": "import", "seen": shown.context["table"].print})
    assert [answer.status_code for answer in at_once([post, post])] == [302, 302]
    assert Institution.objects.count() == 2
    assert LogEntry.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_tables_with_one_company_store_it_once(admin_client: Client) -> None:
    posts = []
    for name in ("甲", "乙"):
        shown = bring(admin_client, "company", f"code,short name\n000001,{name}\n")
        data = {"op": "import", "seen": shown.context["table"].print}
        posts.append((admin_client, shown.request["PATH_INFO"], data))
    assert sorted(answer.status_code for answer in at_once(posts)) == [302, 409]
    assert Company.objects.count() == 1
