"""Cells of CSV files, which no spreadsheet takes for a formula (SEC-34)."""

# What begins a formula, or is skipped before one; the last four are the wide forms of the first.
_STARTERS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
MARK = "'"


def inert_cell(text: str) -> str:
    """Return a text with an apostrophe before it where it could be run, or begins with an apostrophe.

    So taking one apostrophe away from the start of every cell that has one gives the texts back.
    """
    is_risky = text.startswith((*_STARTERS, MARK)) or text.lstrip().startswith(_STARTERS)
    return f"{MARK}{text}" if is_risky else text
