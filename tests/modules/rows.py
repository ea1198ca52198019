"""Modules as rows, for tests of what is done with them rather than by them."""

from modules.models import HookSubscription, Module, ModuleParameter
from soar.core.models import User

PLAYED = "played"


def add_row(package: str = PLAYED, *, is_active: bool = True, human_name: str = "") -> Module:
    """Return a new module that is ready, without parameters or hooks."""
    user, _ = User.objects.get_or_create(
        login=f"module_{package}",
        defaults={
            "name": package,
            "email": f"{package}@modules.invalid",
            "is_active": False,
            "is_service_account": True,
        },
    )
    return Module.objects.create(
        package=package,
        human_name=human_name or package.title(),
        version="1.0",
        interface_version="1.2.0",
        is_active=is_active,
        state=Module.State.READY,
        service_user=user,
        added_by_id=1,
    )


def subscribe(
    module: Module, hook: str, ui_name: str = "", *, is_asynchronous: bool = True
) -> HookSubscription:
    """Let a module listen to a hook."""
    is_manual = hook.startswith("on_manual_trigger_")
    return HookSubscription.objects.create(
        module=module,
        hook_name=hook,
        ui_name=ui_name or (f"{module.package}::{hook}" if is_manual else ""),
        is_manual=is_manual,
        is_asynchronous=is_asynchronous,
    )


def add_parameter(module: Module, name: str = "url", kind: str = "string") -> ModuleParameter:
    """Give a module a parameter without a value."""
    position = module.parameters.count()
    return ModuleParameter.objects.create(
        module=module, name=name, human_name=name, type=kind, position=position
    )
