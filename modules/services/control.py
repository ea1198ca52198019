"""What people may do with runs: cancel one, run one again."""

import uuid

from django.utils import timezone

from cases.permissions import WRITE, require_case
from modules.models import ModuleRun
from modules.selectors import visible_runs
from modules.services.execution import REPEAT, cause_of
from soar.core.actor import Actor
from soar.core.errors import Conflict, NotFound
from soar.core.history import is_possible_id
from soar.core.permissions import Permission
from soar.core.recording import recording

UNKNOWN = "There is no run {}"
ENDED = "The run has ended"
NOT_ENDED = "The run has not ended"
NO_MODULE = "The module of the run is not registered and active"
CANCELLED = "Cancelled before it started"


def cancel_run(actor: Actor, run_id: int) -> ModuleRun:
    """Keep a run from starting, or have its process killed within a second or two.

    Raise Forbidden, NotFound, or Conflict when it has ended.
    """
    with recording(actor) as record:
        run = _locked(actor, run_id)
        if run.is_final:
            raise Conflict(ENDED)
        run.is_cancel_requested = True
        if run.status == ModuleRun.Status.PENDING:
            run.status, run.message = ModuleRun.Status.CANCELLED, CANCELLED
            run.done_at = timezone.now()
        run.save(update_fields=["is_cancel_requested", "status", "message", "done_at"])
        record(
            "run.cancelled", run, case_id=run.case_id, summary=f"cancelled run {run.pk} of {run}"
        )
    return run


def repeat_run(actor: Actor, run_id: int) -> ModuleRun:
    """Queue the same hook on the same objects again, in the actor's name.

    Raise Forbidden, NotFound, or Conflict when it has not ended or its module takes no runs.
    """
    with recording(actor) as record:
        run = _locked(actor, run_id)
        if not run.is_final:
            raise Conflict(NOT_ENDED)
        if run.module is None or not run.module.is_active:
            raise Conflict(NO_MODULE)
        again = ModuleRun.objects.create(
            module=run.module,
            module_name=run.module_name,
            hook_name=run.hook_name,
            ui_name=run.ui_name,
            object_kind=run.object_kind,
            targets=run.targets,
            payload=run.payload,
            case_id=run.case_id,
            user_id=actor.user_id,
            user_login=actor.login,
            event_id=run.event_id,
            dedup_key=f"{REPEAT}:{cause_of(run)}:{uuid.uuid4().hex}",
        )
        summary = f"requested run {run.pk} of {run} again"
        after = {"run": again.pk, "repeats": run.pk}
        record("hook.requested", again, case_id=run.case_id, summary=summary, after=after)
    return again


def _locked(actor: Actor, run_id: int) -> ModuleRun:
    """Return a run the actor may steer: of a case he may write to, or his own outside of cases."""
    rows = visible_runs(actor).select_for_update(of=("self",)).select_related("module")
    run = rows.filter(pk=run_id).first() if is_possible_id(run_id) else None
    if run is None:
        raise NotFound(UNKNOWN.format(run_id))
    if run.case_id is not None:
        require_case(actor, run.case_id, WRITE)
    else:
        actor.require(Permission.STANDARD_USER)
    return run
