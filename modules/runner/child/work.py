"""The process of one run: bounds first, then the job, then one JSON text as the result."""

import faulthandler
import gc
import json
import os
import signal
import sys
from typing import Any, NoReturn

from . import jobs, landlock, process

LARGEST_RESULT = 15 * 2**20
TOO_LARGE = "The result was larger than 15 MiB; the returned data are left out."
FAR_TOO_LARGE = "The result is larger than 15 MiB"
OUT_OF_MEMORY = (
    b'{"status": "failure", "code": 65535, "message": "MemoryError: the memory limit of the \
module is reached", "traceback": "", "logs": [], "diffs": [], "creations": [], "data": null}'
)
BLOCK = 2**16


def do(parent: int, job: int, result: int, output: int) -> NoReturn:
    """Do the job that can be read from one descriptor, write its result to the second, prints to the third."""
    code = 1
    try:
        process.lead_session()
        process.die_with_parent(parent, signal.SIGKILL)
        process.fresh_signals()
        _connect(output)
        envelope = json.loads(_read(job))
        _settle(envelope)
        _write(result, _result_of(envelope))
        code = 0
    except MemoryError:
        _write(result, OUT_OF_MEMORY)
        code = 0
    finally:
        _flush()
        os._exit(code)


def _connect(output: int) -> None:
    """Read nothing, print into the captured output."""
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(empty)
    os.close(output)
    faulthandler.enable(file=2, all_threads=False)


def _read(source: int) -> bytes:
    with os.fdopen(source, "rb") as file:
        return file.read()


def _settle(envelope: dict[str, Any]) -> None:
    """Take up the bounds, the environment and the folder of the run."""
    folder = envelope["folder"]
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(envelope["environment"], HOME=folder, TMPDIR=folder)
    landlock.hide([], [])  # the folders are hidden already; the server is out of reach from here
    process.limit(envelope["limits"])


def _result_of(envelope: dict[str, Any]) -> bytes:
    result = jobs.execute(envelope["job"], landlock.NOTE)
    text = _text(result)
    if len(text) > LARGEST_RESULT:
        jobs.add_line(result, "WARNING", TOO_LARGE)
        text = _text({**result, "data": None})
    if len(text) > LARGEST_RESULT:
        text = _text({**jobs.failure(FAR_TOO_LARGE), "logs": result["logs"]})
    return text


def _text(result: dict[str, Any]) -> bytes:
    gc.collect()
    return json.dumps(result).encode()


def _write(target: int, text: bytes) -> None:
    view = memoryview(text)
    while view:
        view = view[os.write(target, view[:BLOCK]) :]


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:  # noqa: BLE001, S112 - the module may have replaced it
            continue
