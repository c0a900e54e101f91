"""What a page says of itself to programs: its address, and what it is about in the words of schema.org."""

from __future__ import annotations

import json
from typing import Any

from django import template
from django.urls import reverse
from django.utils.encoding import escape_uri_path
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from records.models import Company, Exchange, Record

register = template.Library()

# Characters of all questions and answers: beyond, a page would grow too much by saying them twice.
QUESTIONS_LENGTH = 4_000
# Stock exchanges by their code in ISO 10383, which schema.org asks for.
MARKETS = {Exchange.SSE: "XSHG", Exchange.SZSE: "XSHE", Exchange.BSE: "BJSE"}
# As Django's json_script does it: nothing in the data can end the element or begin another.
ESCAPES = {ord(sign): f"\\u{ord(sign):04X}" for sign in "<>&"}


@register.simple_block_tag
def captured(content: str) -> str:
    """What stands inside, to be used more than once: {% captured as name %}…{% endcaptured %}."""
    return content


@register.simple_tag(takes_context=True)
def canonical(context: dict[str, Any], address: object = "") -> SafeString:
    """The one address of a page that may have several: this one, or else its path alone."""
    request = context["request"]
    absolute = request.build_absolute_uri(str(address) or escape_uri_path(request.path))
    return format_html('<link rel="canonical" href="{0}">\n    <meta property="og:url" content="{0}">', absolute)


@register.simple_tag(takes_context=True)
def about_site(context: dict[str, Any]) -> SafeString:
    absolute = context["request"].build_absolute_uri
    search = absolute(reverse("records:record_list"))
    return _data(
        {
            **_site(context),
            "potentialAction": {
                "@type": "SearchAction",
                "target": {"@type": "EntryPoint", "urlTemplate": f"{search}?q={{search_term_string}}"},
                "query-input": "required name=search_term_string",
            },
        }
    )


@register.simple_tag(takes_context=True)
def about_company(context: dict[str, Any], company: Company) -> SafeString:
    return _data(_company(context, company))


@register.simple_tag(takes_context=True)
def about_record(context: dict[str, Any], record: Record) -> SafeString:
    """In need of `for_page`."""
    address = context["request"].build_absolute_uri(record.get_absolute_url())
    days: Any = list(dict.fromkeys([record.held_from, record.last_day]))
    questions = [question for question in record.questions.all() if question.text]
    is_short = sum(len(question.text) + len(question.answer) for question in questions) <= QUESTIONS_LENGTH
    return _data(
        {
            "@type": "Report",
            "@id": address,
            "url": address,
            "name": " ".join(filter(None, [record.company.short_name, "投资者关系活动记录表", record.number])),
            "reportNumber": record.number,
            "inLanguage": "zh-Hans",
            "datePublished": record.disclosed_on and record.disclosed_on.isoformat(),
            "temporalCoverage": "/".join(day.isoformat() for day in days),
            "about": _company(context, record.company),
            "isPartOf": _site(context),
            "hasPart": [
                {
                    "@type": "Question",
                    "url": f"{address}#{question.anchor}",
                    "name": question.text,
                    "acceptedAnswer": {"@type": "Answer", "text": question.answer},
                }
                for question in questions
                if is_short
            ],
        }
    )


def _site(context: dict[str, Any]) -> dict[str, Any]:
    home = context["request"].build_absolute_uri(reverse("records:home"))
    return {"@type": "WebSite", "@id": home, "url": home, "name": gettext("Investor relations records")}


def _company(context: dict[str, Any], company: Company) -> dict[str, Any]:
    address = context["request"].build_absolute_uri(company.get_absolute_url())
    return {
        "@type": "Corporation",
        "@id": address,
        "url": address,
        "name": company.full_name or company.short_name,
        "alternateName": company.short_name,
        "tickerSymbol": f"{MARKETS[company.exchange]} {company.code}" if company.exchange else company.code,
    }


def _data(thing: dict[str, Any]) -> SafeString:
    """A block of JSON-LD without what is empty; no script, so the content policy lets it stand."""
    said = {name: value for name, value in thing.items() if value}
    text = json.dumps({"@context": "https://schema.org", **said}, ensure_ascii=False).translate(ESCAPES)
    return format_html('<script type="application/ld+json">{}</script>', mark_safe(text))  # noqa: S308  # escaped above
