"""HTML of third parties is inert when it is shown, whatever it tries (contract iris-modules §6.9)."""

import re
from typing import Any

import pytest
from django.template import Context, Template
from hypothesis import given
from hypothesis import strategies as st

from soar.core.rich_text import (
    html_of,
    safe_html_of,
    sanitised_html,
    shown_attribute,
    shown_attributes,
)

HOSTILE = [
    "<script>alert(1)</script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    '<img src=x onerror="alert(1)">',
    "<svg><g/onload=alert(1)></g></svg>",
    '<a href="javascript:alert(1)">x</a>',
    '<a href="java\nscript:alert(1)">x</a>',
    '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>',
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<details open ontoggle=alert(1)><summary>s</summary></details>",
    '<form action="/manage"><input name=a><button>go</button></form>',
    '<meta http-equiv=refresh content="0;url=//evil.example"><base href="//evil.example">',
    "<link rel=stylesheet href=//evil.example/x.css><style>*{display:none}</style>",
    '<div style="position:fixed;inset:0" class="fixed inset-0" id="root">cover</div>',
    '<object data="x.swf"></object><embed src="x.swf"><video src=x onerror=alert(1)>',
]
LIVE = re.compile(
    r"<\s*(script|img|svg|math|iframe|object|embed|video|form|input|button|meta|base|link|style)\b"
    r"|<[^>]*\s(on\w+|style|class|id|src|srcdoc|action)\s*=|<[^>]*(script|data):",
    re.IGNORECASE,
)


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_live_is_left(text: str) -> None:
    assert LIVE.search(text)
    assert not LIVE.search(sanitised_html(f"<p>before</p>{text}"))
    assert "<p>before</p>" in sanitised_html(f"<p>before</p>{text}")


def test_structure_and_text_stay() -> None:
    report = '<h2>Report</h2><table><tbody><tr><td colspan="2">1 &amp; 2</td></tr></tbody></table>'
    assert sanitised_html(report) == report


def test_links_lead_out_and_tell_nothing() -> None:
    link = sanitised_html('<a href="https://vt.example/x" target="_blank">x</a>')
    assert link == '<a href="https://vt.example/x" rel="noopener noreferrer nofollow">x</a>'
    assert "href" not in sanitised_html('<a href="/admin/logout/">x</a>')
    assert "href" not in sanitised_html('<a href="//evil.example">x</a>')


def test_a_report_of_a_module_is_shown_inert_in_a_template() -> None:
    field = {"type": "html", "mandatory": False, "value": HOSTILE[0] + HOSTILE[2] + "<b>bad</b>"}
    tabs = shown_attributes({"VT Report": {"HTML report": field}})
    page = Template(
        "{% for tab, fields in tabs %}{% for n, v in fields %}{{ v }}{% endfor %}{% endfor %}"
    )
    assert page.render(Context({"tabs": tabs})) == "<b>bad</b>"


@pytest.mark.parametrize(
    ("field", "shown"),
    [
        ({"type": "input_string", "value": "<b>&"}, "&lt;b&gt;&amp;"),
        ({"type": "raw", "value": "a\n<b>"}, "<pre>a\n&lt;b&gt;</pre>"),
        (
            {"type": "raw", "value": {"a": "<"}},
            "<pre>{\n  &quot;a&quot;: &quot;&lt;&quot;\n}</pre>",
        ),
        ({"type": "input_checkbox", "value": True}, "yes"),
        ({"type": "input_checkbox", "value": "false"}, "no"),
        ({"type": "input_string", "value": None}, ""),
        ({"type": "html", "value": ["<script>"]}, "<pre>[\n  &quot;&lt;script&gt;&quot;\n]</pre>"),
        ({"type": ["html"], "value": "<script>"}, "&lt;script&gt;"),
        ("<i>plain</i>", "&lt;i&gt;plain&lt;/i&gt;"),
        (7, "7"),
    ],
)
def test_an_attribute_is_shown_as_its_type_says(field: Any, shown: str) -> None:
    assert shown_attribute(field) == shown


@pytest.mark.parametrize("attributes", [None, [], "text", {"Tab": "text"}])
def test_attributes_of_no_known_form_show_nothing(attributes: Any) -> None:
    assert shown_attributes(attributes) == []


LETTERS = st.sampled_from("aZä9 _,.;:'()/?%-<>&\"`*#[]!\\\n\t~|+=")


@given(st.text(LETTERS, max_size=60) | st.text(max_size=40))
def test_markdown_is_as_safe_in_one_step_as_in_two(text: str) -> None:
    assert safe_html_of(text) == sanitised_html(html_of(text))


@pytest.mark.parametrize("text", ["Seen in traffic.", "It's (50%) done; why?", "Ünï - a/b  "])
def test_a_plain_paragraph_needs_no_cleaning(text: str) -> None:
    assert safe_html_of(text) == f"<p>{text.rstrip()}</p>" == sanitised_html(html_of(text))
