"""Showing HTML that others wrote: stored as it came, inert when it is shown.

Reports of modules quote third parties, so nothing in them may run, load anything, submit anything or
dress up as a part of the console.
"""

import json
import re
from collections.abc import Mapping
from html import unescape
from typing import Any

import nh3
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from markdownify import markdownify

_TAGS = """a abbr b blockquote br caption code col colgroup dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i
ins kbd li mark ol p pre q s samp section small span strong sub summary sup table tbody td tfoot th thead time
tr u ul var wbr"""
ATTRIBUTES: dict[str, set[str]] = {
    "a": {"href", "title"},
    "abbr": {"title"},
    "details": {"open"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "time": {"datetime"},
}
_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
# A line that starts with a letter and has no character that means anything in markdown or HTML is a paragraph
# as it stands; most texts are, and parsing one costs more than all else that showing it takes (bench/).
_PARAGRAPH = re.compile(r"[^\W\d_](?:[^\W_]|[ ,.;:'()/?%-])*")
HTML_TYPE, CHECKBOX_TYPE = "html", "input_checkbox"
_CLEANER = nh3.Cleaner(
    tags=set(_TAGS.split()),
    attributes=ATTRIBUTES,
    clean_content_tags={
        "script",
        "style",
        "template",
        "noscript",
        "iframe",
        "object",
        "svg",
        "math",
    },
    url_schemes={"http", "https", "mailto"},
    link_rel="noopener noreferrer nofollow",
    url_relative="deny",  # links of a report lead out, never into the console
)
# What the cleaner leaves has every < and > escaped that is not a tag's own.
_LINE_END = re.compile(r"<(?:br|hr)>|</(?:p|li|tr|h[1-6]|pre|blockquote|div|dt|dd|caption)>")
_CELL_END = re.compile(r"</t[dh]>")
_TAG = re.compile(r"<[^>]*>")
Shown = list[tuple[str, list[tuple[str, SafeString]]]]


def sanitised_html(text: str) -> SafeString:
    """Return what of the HTML only has structure and text: no scripts, handlers, styles, images, forms.

    Without styles and classes it cannot cover the page, without images opening it tells nobody.
    """
    return SafeString(_CLEANER.clean(text))  # that is what the cleaner is for


def plain_text(html: str) -> str:
    """Return the text of HTML without what would not be shown, one line per paragraph, item or row."""
    text = _CELL_END.sub(" ", _LINE_END.sub("\n", _CLEANER.clean(html)))
    lines = unescape(_TAG.sub("", text)).splitlines()
    return "\n".join(line.rstrip() for line in lines if line.strip())


def html_of(markdown: str) -> str:
    """Return markdown as HTML, which still has to be sanitised: what is HTML in it stays."""
    if _PARAGRAPH.fullmatch(markdown):
        return f"<p>{markdown.rstrip()}</p>"
    return str(_MARKDOWN.render(markdown)).strip()


def safe_html_of(markdown: str) -> SafeString:
    """Return markdown as sanitised HTML; in a plain paragraph there is nothing to sanitise."""
    if _PARAGRAPH.fullmatch(markdown):
        return SafeString(f"<p>{markdown.rstrip()}</p>")
    return sanitised_html(html_of(markdown))


def markdown_of(html: str) -> str:
    """Return HTML as markdown, without what would not be shown either."""
    return str(markdownify(_CLEANER.clean(html), heading_style="ATX")).strip()


def shown_attributes(attributes: Any) -> Shown:
    """Return custom attributes ready to be shown: [(tab, [(field, HTML)])].

    Fields of the type html are sanitised, structures stand as preformatted JSON, all else is text.
    """
    if not isinstance(attributes, Mapping):
        return []
    return [
        (str(tab), [(str(name), shown_attribute(field)) for name, field in fields.items()])
        for tab, fields in attributes.items()
        if isinstance(fields, Mapping)
    ]


def shown_attribute(field: Any) -> SafeString:
    """Return the value of one stored attribute as safe HTML."""
    known = field if isinstance(field, Mapping) and "value" in field else {"value": field}
    value, kind = known["value"], known.get("type")
    if value is None or value == "":
        return SafeString("")
    if kind == HTML_TYPE and isinstance(value, str):
        return sanitised_html(value)
    if kind == CHECKBOX_TYPE or isinstance(value, bool):
        return SafeString("yes" if value and value != "false" else "no")
    if isinstance(value, Mapping | list):
        return format_html("<pre>{}</pre>", json.dumps(value, indent=2, ensure_ascii=False))
    text = str(value)
    return format_html("<pre>{}</pre>", text) if "\n" in text else conditional_escape(text)
