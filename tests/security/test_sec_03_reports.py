"""SEC-03: a report is inert whatever was written into the incident, and renders nobody's template."""

from html.parser import HTMLParser
from pathlib import Path

import pytest

from cases.services.iocs import add_ioc
from incidents.services.incident_notes import write_note
from incidents.services.reports import ReportType
from soar.core.actor import Actor
from soar.core.rich_text import ATTRIBUTES
from tests.incidents.reported import add_site, fill, json_of_report, text_of_report
from tests.incidents.stored import store
from tests.test_rich_text import HOSTILE, LIVE

__all__ = ["store"]
# What our templates are made of; beyond it only what the sanitiser lets through.
OURS = [
    "html",
    "head",
    "meta",
    "meta",
    "meta",
    "meta",
    "title",
    "style",
    "body",
    "header",
    "footer",
]
FORBIDDEN = {
    "script",
    "img",
    "svg",
    "math",
    "iframe",
    "object",
    "embed",
    "video",
    "audio",
    "form",
    "input",
    "button",
    "base",
    "link",
    "template",
    "noscript",
    "frame",
    "frameset",
    "select",
    "textarea",
}
ATTRIBUTES_OF_OURS = {"lang", "charset", "name", "content", "http-equiv", "id", "class", "scope"}
LEADING_OUT = ("http://", "https://", "mailto:")
TEMPLATE = "{{ 7|add:1 }}{% debug %}{% load static %}{{ settings.SECRET_KEY }}"


class Page(HTMLParser):
    """Reads a page the way a browser does, and notes its elements."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append((tag, dict(attrs)))


@pytest.fixture(autouse=True)
def _empty_store(store: Path) -> None:
    """Start with nothing stored."""


@pytest.fixture
def hostile(as_administrator: Actor) -> None:
    """Write the whole corpus into every field that shows, and each piece of it into a note and an entity."""
    fill(as_administrator, "".join(HOSTILE))
    add_site(as_administrator, "".join(HOSTILE))
    for text in HOSTILE:
        write_note(as_administrator, 1, title=text[:150], content_html=text)
        add_ioc(as_administrator, 1, type_id=20, tlp_id=2, value=text, description=text, tags=text)


def test_sec_03_nothing_in_a_report_is_live(as_administrator: Actor, hostile: None) -> None:
    page = Page(text_of_report(as_administrator, ReportType.HTML))
    allowed = ATTRIBUTES_OF_OURS.union({"rel"}, *ATTRIBUTES.values())
    assert not FORBIDDEN & {tag for tag, _ in page.elements}
    assert [tag for tag, _ in page.elements if tag in OURS] == OURS
    assert {name for _, attributes in page.elements for name in attributes} <= allowed
    links = [attributes.get("href") for tag, attributes in page.elements if tag == "a"]
    assert all(link is None or link.startswith(LEADING_OUT) for link in links)


def test_sec_03_what_programs_read_is_sanitised_too(as_administrator: Actor, hostile: None) -> None:
    told = json_of_report(as_administrator)
    rich = [told["incident"]["additional_info"]["value"]]
    for part in ("notes", "entities", "timeline"):
        rich += [row["additional_info"] for row in told[part]]
    rich += [row["description"] for row in told["tasks"]]
    assert len(rich) > 2 * len(HOSTILE)
    assert not [text for text in rich if LIVE.search(text)]


def test_sec_03_no_template_of_anybody_is_rendered(as_administrator: Actor) -> None:
    fill(as_administrator, TEMPLATE)
    page = text_of_report(as_administrator, ReportType.HTML)
    assert page.count("{{ 7|add:1 }}{% debug %}") > 6


def test_sec_03_the_page_forbids_itself_to_run_or_load_anything(as_administrator: Actor) -> None:
    page = Page(text_of_report(as_administrator, ReportType.HTML))
    policies = [attributes for _, attributes in page.elements if "http-equiv" in attributes]
    assert len(policies) == 1
    policy = str(policies[0]["content"])
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
