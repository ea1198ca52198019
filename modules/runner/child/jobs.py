"""The kinds of jobs: describe a module, let it register its hooks, run one hook or a pipeline."""

import logging
import time
import traceback
from collections.abc import Callable
from typing import Any

from . import context, hooks, http_lines, pipelines
from .context import Run
from .health import description_of
from .interface import IrisModuleInterface
from .loader import NotUsable, describe, instance_of, load, trace_of
from .logs import Collector
from .records import plain
from .refusals import CONTEXT
from .status import UNKNOWN, WORDS, IIStatus, text_of

SUCCESS = 0x2
LONGEST_TEXT, LONGEST_TRACE = 10_000, 60_000
# What a real flask says outside of a request.
OUTSIDE = ("outside of application context", "outside of request context")


class CurrentUser(dict[str, Any]):
    """The acting user: id, name, login, email; as keys and as attributes."""

    def __getattr__(self, name: str) -> Any:
        if name in self:
            return self[name]
        raise AttributeError(f"The current user has no {name}; it has {', '.join(self)}")


def execute(job: dict[str, Any], note: str = "") -> dict[str, Any]:
    """Do a job and return its result; whatever the module does, there is one. The note goes into the log."""
    run = context.begin(job)
    if note:
        run.log.debug("%s", note)
    others = Collector(names_logger=True)
    others.setLevel(logging.WARNING)
    others.lines = run.collector.lines  # one log, in the order of time
    logging.getLogger().addHandler(others)
    kind = str(job.get("kind"))
    try:
        result = _done(run, KINDS[kind]) if kind in KINDS else failure(f"There is no job {kind}")
    finally:
        logging.getLogger().removeHandler(others)
    return {**result, "logs": run.collector.lines}


def _done(run: Run, work: Callable[[Run, IrisModuleInterface], dict[str, Any]]) -> dict[str, Any]:
    try:
        module = instance_of(load(str(run.job.get("package"))))
        _introduce(run, module)
        http_lines.watch(run.log)
        return {**EMPTY, **work(run, module)}
    except NotUsable as error:
        return failure(str(error), error.trace)
    except BaseException as error:  # noqa: BLE001 - third-party code
        return failure(_words_for(error), trace_of(error))


def _words_for(error: BaseException) -> str:
    words = describe(error)
    if any(one in words for one in OUTSIDE):
        words = f"{words} {CONTEXT}"
    return f"The module failed: {words}" if isinstance(error, SystemExit) else words


EMPTY: dict[str, Any] = {
    "status": "success",
    "code": SUCCESS,
    "message": "",
    "traceback": "",
    "diffs": [],
    "creations": [],
    "data": None,
}


def failure(message: str, trace: str = "") -> dict[str, Any]:
    """Return the result of a run that went wrong; it changes nothing."""
    words = {"message": message[:LONGEST_TEXT], "traceback": trace[-LONGEST_TRACE:]}
    return {**EMPTY, "status": "failure", "code": UNKNOWN, **words}


def add_line(result: dict[str, Any], level: str, text: str) -> None:
    """Add a line to the log of a result."""
    context.current().collector.add(level, text, time.time())
    result["logs"] = context.current().collector.lines


def _introduce(run: Run, module: IrisModuleInterface) -> None:
    """Tell an instance what it runs for (contract §3.4)."""
    module.case_id, module.module_id = run.case_id, run.job.get("module_id")
    module.current_user = CurrentUser(run.user) if run.user else None
    module.hook_run_id = run.job.get("run_id")
    module.hook_cause_id = run.job.get("cause_id") or module.hook_run_id


def describe_module(run: Run, module: IrisModuleInterface) -> dict[str, Any]:
    """Return what the module is."""
    return {"description": description_of(module)}


def register(run: Run, module: IrisModuleInterface) -> dict[str, Any]:
    """Return the complete new set of subscriptions."""
    answer = module.register_hooks(run.job.get("module_id"))
    found = {"subscriptions": run.subscriptions, "problems": run.problems}
    return found | (_answer(answer) if isinstance(answer, IIStatus) and not run.problems else {})


def run_hook(run: Run, module: IrisModuleInterface) -> dict[str, Any]:
    """Call the handler and return its answer and its effects."""
    data = run.data()
    name = _name_known_to(run, module)
    answer = module.hooks_handler(name, run.job.get("ui_name") or None, data=data)
    return _effects(run, answer, "hooks_handler")


def run_pipeline(run: Run, module: IrisModuleInterface) -> dict[str, Any]:
    """Let a pipeline take an uploaded file or import what it took (contract §2.6)."""
    name, answer = pipelines.call(run.job, module)
    return _effects(run, answer, name)


def _effects(run: Run, answer: Any, called: str) -> dict[str, Any]:
    if not _is_status(answer):
        kind = "None" if answer is None else f"a {type(answer).__name__}"
        return failure(f"{called}() returned {kind} instead of a status such as I2Success(...)")
    return {
        **_answer(answer),
        "diffs": run.diffs(),
        "creations": run.creations(),
        "data": plain(answer.get_data()),
    }


def _is_status(answer: Any) -> bool:
    return isinstance(answer, IIStatus)


def _answer(answer: IIStatus) -> dict[str, Any]:
    _log_lines_of(answer)
    message = text_of(answer.get_message())
    if answer.is_failure() and message in WORDS:  # which says nothing; the log may
        lines = context.current().collector.lines
        errors = [line["text"] for line in lines if line["level"] in ("ERROR", "CRITICAL")]
        message = f"{message}: {errors[-1]}" if errors else message
    return {
        "status": "success" if answer.is_success() else "failure",
        "code": int(answer.code),
        "message": message[:LONGEST_TEXT],
    }


def _log_lines_of(answer: IIStatus) -> None:
    """Keep the lines that came with the answer and went through no logger."""
    run = context.current()
    logs = answer.get_logs()
    known = {line["text"] for line in run.collector.lines}
    for line in logs if isinstance(logs, list | tuple) else []:
        if str(line) not in known:
            run.collector.add("INFO", str(line), time.time())


def _name_known_to(run: Run, module: IrisModuleInterface) -> Any:
    """Return the name the module registered for a hook that has an older one too."""
    name = run.job.get("hook")
    older = [old for old, new in hooks.aliases_of(run).items() if new == name]
    if not older:
        return name
    trial = Run({**run.job, "data": [], "surroundings": {}})
    context.STORE.run = trial
    try:
        instance_of(type(module)).register_hooks(run.job.get("module_id"))
    except Exception:  # noqa: BLE001 - third-party code; the trial has no other effect
        run.log.debug("register_hooks() failed: %s", traceback.format_exc(limit=1))
    finally:
        context.STORE.run = run
    names = [one.get("registered_as", name) for one in trial.subscriptions if one["hook"] == name]
    return name if not names or name in names else names[0]


KINDS: dict[str, Callable[[Run, IrisModuleInterface], dict[str, Any]]] = {
    "describe": describe_module,
    "register": register,
    "run": run_hook,
    "pipeline": run_pipeline,
}
