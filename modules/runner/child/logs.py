"""The log of one run: what the module and the libraries it uses say, bounded."""

import logging
from datetime import UTC, datetime

MOST_LINES, MOST_CHARACTERS, LONGEST_LINE = 5000, 4 * 2**20, 20_000
LEFT_OUT = "The log is too long; the lines after this one are left out."


class Collector(logging.Handler):
    """Keeps log records as the rows of a run's log."""

    def __init__(self, *, names_logger: bool = False) -> None:
        super().__init__()
        self.names_logger = names_logger
        self.lines: list[dict[str, str]] = []
        self.characters, self.is_full = 0, False

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record, unless there are too many."""
        try:
            text = record.getMessage()
        except Exception:  # noqa: BLE001 - the module's arguments may not fit its own format
            text = f"{record.msg} {record.args}"
        if self.names_logger:
            text = f"{record.name}: {text}"
        if record.exc_info and record.exc_info[1] is not None:
            text = f"{text}\n{logging.Formatter().formatException(record.exc_info)}"
        self.add(record.levelname, text, record.created)

    def add(self, level: str, text: str, created: float) -> None:
        """Keep a line."""
        if self.is_full:
            return
        text = text[:LONGEST_LINE]
        self.characters += len(text)
        if len(self.lines) >= MOST_LINES or self.characters > MOST_CHARACTERS:
            self.is_full, text, level = True, LEFT_OUT, "WARNING"
        time = datetime.fromtimestamp(created, UTC).isoformat()
        self.lines.append({"level": level, "time": time, "text": text})


def run_logger(name: str, collector: Collector) -> logging.Logger:
    """Return the logger of a run: every level, only into the run's log."""
    logger = logging.Logger(f"watchfloor.module.{name}", logging.DEBUG)  # not kept by logging
    logger.propagate = False
    logger.addHandler(collector)
    return logger
