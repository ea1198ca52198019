"""Texts that two doors write in two ways: markdown is kept, and the HTML it was made from where it was."""

from collections.abc import Mapping
from typing import Any

from soar.core.rich_text import html_of, markdown_of


def with_both(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the values with the markdown of given HTML, or without HTML that new markdown outdates.

    `name` is the attribute with the markdown; the HTML is in `<name>_html`.
    """
    source = f"{name}_html"
    if values.get(source):
        return {**values, name: markdown_of(values[source])}
    if source in values:
        return {name: "", **values}
    return {**values, source: ""} if name in values else dict(values)


def shown_as_html(markdown: str, source: str) -> str:
    """Return a text as HTML, still to be sanitised: as it came, or made from markdown."""
    return source or html_of(markdown)
