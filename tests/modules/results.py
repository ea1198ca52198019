"""Results of module runs, and applying them the way the end of a run does."""

from typing import Any

from django.db import transaction

from modules.models import Module, ModuleRun
from modules.services.writeback import Gone, apply_result
from soar.core.actor import Actor
from soar.core.models import User

Lists = dict[str, list[dict[str, Any]]]


def make_module(name: str = "iris_sample_module", **fields: Any) -> Module:
    """Register a module with a service user of its own."""
    service_user = User.objects.create(
        login=f"module_{name}",
        name=f"Module {name}",
        email=f"{name}@modules.example.org",
        is_service_account=True,
        is_active=False,
    )
    return Module.objects.create(
        package=name,
        human_name=fields.pop("human_name", "Sample"),
        service_user=service_user,
        added_by_id=1,
        is_active=True,
        **fields,
    )


def make_run(module: Module, actor: Actor, kind: str, pk: int, case_id: int | None) -> ModuleRun:
    """Note a run that an actor caused on one object."""
    return ModuleRun.objects.create(
        module=module,
        module_name=module.package,
        hook_name=f"on_postload_{kind}_update",
        object_kind=kind,
        targets=[{"type": kind, "id": pk}],
        case_id=case_id,
        user_id=actor.user_id,
        user_login=actor.login,
    )


def diff(run: ModuleRun, attributes: Any = None, **changes: Any) -> dict[str, Any]:
    """Return the result of a run that changed its object: fields as (old, new), attributes by tab."""
    pk = run.targets[0]["id"]
    lists = {name: list(pair) for name, pair in changes.items()}
    one = {"kind": run.object_kind, "index": 0, "id": pk, "changes": lists}
    return {"diffs": [one | {"attributes": attributes or {}}]}


def creations(*proposals: tuple[str, int, dict[str, Any]]) -> dict[str, Any]:
    """Return the result of a run that proposed objects, each as (kind, ref, fields)."""
    return {
        "creations": [{"kind": k, "ref": ref, "fields": fields} for k, ref, fields in proposals]
    }


def apply(run: ModuleRun, result: dict[str, Any]) -> Gone:
    """Apply a result in a transaction of its own, and save the run like whoever ends it."""
    assert run.module is not None
    with transaction.atomic():
        locked = ModuleRun.objects.select_for_update().get(pk=run.pk)
        gone = apply_result(locked, run.module, result)
        locked.save()
    run.refresh_from_db()
    return gone


def html(value: str, **extra: Any) -> dict[str, Any]:
    """Return a field with a report, as modules set it."""
    return {"mandatory": False, "type": "html", "value": value, **extra}


def fields_of(entries: list[dict[str, Any]]) -> list[str]:
    """Return the fields entries of a run are about."""
    return [entry["field"] for entry in entries]
