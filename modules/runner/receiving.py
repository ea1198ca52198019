"""Read what a run sends, bounded: its result and its prints. What comes from a module is never believed."""

import contextlib
import json
import os
from typing import Any

LARGEST_RESULT, LARGEST_OUTPUT, BLOCK = 16 * 2**20, 256 * 2**10, 2**16
BLOCKS_AT_ONCE = 16
TAIL = 64 * 2**10
EXPECTED: dict[str, type | tuple[type, ...]] = {
    "status": str,
    "code": int,
    "message": str,
    "logs": list,
    "traceback": str,
    "diffs": list,
    "creations": list,
}


class TooLarge(Exception):
    """More came than there may be."""


class Reader:
    """The read end of a pipe."""

    def __init__(self) -> None:
        self.source, self.target = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        os.set_blocking(self.target, True)

    def fileno(self) -> int:
        """Return the descriptor to wait for."""
        return self.source

    def read(self) -> bool:
        """Take what there is; return False when no more will come."""
        with contextlib.suppress(BlockingIOError):
            for _ in range(BLOCKS_AT_ONCE):  # whoever floods us must not keep us from the clock
                block = os.read(self.source, BLOCK)
                if not block:
                    return False
                self.keep(block)
        return True

    def keep(self, block: bytes) -> None:
        """Keep a piece."""
        raise NotImplementedError

    def close(self) -> None:
        """Close our ends."""
        for number in {self.source, self.target} - {-1}:
            with contextlib.suppress(OSError):
                os.close(number)
        self.source = self.target = -1

    def close_target(self) -> None:
        """Close the write end: the child has its own."""
        os.close(self.target)
        self.target = -1


class Result(Reader):
    """One JSON object."""

    def __init__(self) -> None:
        super().__init__()
        self.text = bytearray()

    def keep(self, block: bytes) -> None:
        """Keep a piece; raise TooLarge."""
        self.text += block
        if len(self.text) > LARGEST_RESULT:
            raise TooLarge

    def parsed(self) -> dict[str, Any] | None:
        """Return the result, or None when there is none, or not a whole one."""
        try:
            found = json.loads(self.text, parse_constant=str)
        except (ValueError, RecursionError):
            return None
        if not isinstance(found, dict):
            return None
        if not all(isinstance(found.get(name), kind) for name, kind in EXPECTED.items()):
            return None
        is_clean = b"\\u0000" not in self.text and b"\\ud" not in self.text.lower()
        return found if is_clean else cleaned(found)


def cleaned(value: Any) -> Any:
    """Return JSON without characters that no database stores: NUL and halves of pairs."""
    if isinstance(value, str):
        return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {cleaned(name): cleaned(one) for name, one in value.items()}
    return [cleaned(one) for one in value] if isinstance(value, list) else value


class Output(Reader):
    """Text; of too much of it the beginning and the end."""

    def __init__(self) -> None:
        super().__init__()
        self.head, self.tail, self.size = bytearray(), bytearray(), 0

    def keep(self, block: bytes) -> None:
        """Keep a piece as long as it is among the first or the last."""
        self.size += len(block)
        room = LARGEST_OUTPUT - TAIL - len(self.head)
        self.head += block[:room] if room > 0 else b""
        self.tail += block[max(room, 0) :]
        del self.tail[:-TAIL]

    def text(self) -> str:
        """Return it."""
        left_out = self.size - len(self.head) - len(self.tail)
        middle = f"\n[... {left_out} bytes left out ...]\n".encode() if left_out else b""
        return cleaned(bytes(self.head + middle + self.tail).decode("utf-8", "replace"))
