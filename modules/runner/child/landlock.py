"""Hide folders from this process and its descendants with Landlock, where the kernel has it.

Landlock only allows, so what lies beside the hidden folders is allowed, one by one. It also keeps the
process from signalling or tracing any process outside, as far as the kernel knows that.
"""

import contextlib
import ctypes
import os
import struct
from collections.abc import Iterator

from .process import LIBC, SET_NO_NEW_PRIVILEGES, control

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
ASK_VERSION, PATH_BENEATH = 1, 1
# Access rights: what each version of the interface added, and those that single files have.
BASIC, REFER, TRUNCATE = (1 << 13) - 1, 1 << 13, 1 << 14
OF_FILES = 0b111 | TRUNCATE  # execute, write, read
NOTE = ""  # why folders are not hidden in this process
SCOPE_SIGNALS, SCOPES_SINCE = 1 << 1, 6
PATH_ONLY = getattr(os, "O_PATH", 0)


def hide(hidden: list[str], needed: list[str]) -> str:
    """Hide folders but for what is needed inside them; return why that was not possible, or nothing."""
    version = _call(CREATE_RULESET, None, 0, ASK_VERSION)
    if version < 1:
        return "This kernel has no Landlock: folders of Watchfloor are not hidden from modules."
    folders = [path for path in map(_real, hidden) if _exists(path)]
    rights = _rights(version) if folders else 0
    scopes = SCOPE_SIGNALS if version >= SCOPES_SINCE else 0
    if not rights and not scopes:
        return ""
    layout = struct.pack("=QQQ", rights, 0, scopes)[: 24 if scopes else 8]
    rules = _call(CREATE_RULESET, layout, len(layout), 0)
    if rules < 0:
        return "Landlock refused: folders of Watchfloor are not hidden from modules."
    try:
        if folders:
            allowed = [*_beside("/", folders), *(_real(path) for path in needed if path)]
            for path in allowed:
                _allow(rules, path, rights)
        control(SET_NO_NEW_PRIVILEGES, 1)
        done = _call(RESTRICT_SELF, rules, 0)
    finally:
        os.close(rules)
    return "" if done == 0 else "Landlock refused: folders are not hidden from modules."


def _call(number: int, *given: object) -> int:
    if not hasattr(LIBC, "syscall"):
        return -1
    words = [ctypes.c_long(one) if isinstance(one, int) else one for one in given]
    return int(LIBC.syscall(ctypes.c_long(number), *words))


def _rights(version: int) -> int:
    return BASIC | (REFER if version >= 2 else 0) | (TRUNCATE if version >= 3 else 0)


def _real(path: str) -> str:
    return os.path.realpath(path)


def _exists(path: str) -> bool:
    return os.path.exists(path)  # noqa: PTH110


def _beside(folder: str, hidden: list[str]) -> Iterator[str]:
    """Yield everything below a folder that holds nothing hidden, as high up as possible."""
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        if entry.is_symlink():
            continue  # what it leads to counts
        if any(path.startswith(f"{entry.path}/") for path in hidden) and entry.path not in hidden:
            yield from _beside(entry.path, hidden)
        elif entry.path not in hidden:
            yield entry.path


def _allow(rules: int, path: str, rights: int) -> None:
    with contextlib.suppress(OSError):
        place = os.open(path, PATH_ONLY | os.O_CLOEXEC)
        try:
            here = rights if os.path.isdir(path) else rights & OF_FILES  # noqa: PTH112
            _call(ADD_RULE, rules, PATH_BENEATH, struct.pack("=Qi", here, place), 0)
        finally:
            os.close(place)
