"""Installing modules into environments of their own, and taking them away again."""

import logging
import uuid
from collections.abc import Sequence

from modules.models import Module
from modules.services import environments
from modules.services.describing import describe
from modules.services.environments import HOST_PACKAGES, Installation, environment_in
from modules.services.registry import register, remove_module, upgrade
from soar.core.actor import Actor
from soar.core.errors import Conflict, Invalid
from soar.core.permissions import Permission

logger = logging.getLogger(__name__)
NOT_ONE = "{} holds no module: no package in it sets __iris_module_interface"


def install_module(
    actor: Actor, requirement: str, *, also: Sequence[str] = HOST_PACKAGES
) -> Module:
    """Install a package, wheel or source folder and register the module in it, or renew it.

    A module that is there already keeps its configuration, and the old version when the new one does
    not work. `also` is installed beside it. Raise Forbidden, Conflict or Invalid, leaving nothing behind.
    """
    actor.require(Permission.SERVER_ADMINISTRATOR)
    installation = environments.install(requirement, also=also)
    folder, is_registered = installation.folder, False
    try:
        stamp = uuid.uuid4()
        package = _module_in(installation, requirement, stamp)
        old = Module.objects.filter(package=package).first()
        replaced = old.environment if old else ""
        if old is None:
            module = register(actor, folder, package, stamp, is_active=True)
        else:
            module = upgrade(actor, old.pk, folder, stamp)
        is_registered = True
    finally:
        if not is_registered:
            environments.remove(folder)
    environments.keep(folder, package)
    environments.retire(replaced)
    environments.remove_abandoned(Module.objects.values_list("environment", flat=True))
    return module


def uninstall_module(actor: Actor, module_id: int) -> str:
    """Remove a module together with its environment and return its package.

    Raise Forbidden or NotFound.
    """
    folder = Module.objects.filter(pk=module_id).values_list("environment", flat=True).first()
    package = remove_module(actor, module_id)
    environments.remove(folder or "")
    return package


def _module_in(installation: Installation, requirement: str, stamp: uuid.UUID) -> str:
    """Return the package that is a module, as the runner finds. Raise Invalid with the reasons."""
    reasons: list[str] = []
    shipped = environments.shipped_packages()
    for package in installation.candidates:
        if package in shipped:
            raise Conflict(f"{package} is the name of a module shipped with Watchfloor")
        try:
            describe(environment_in(installation.folder, package, str(stamp)))
        except Invalid as error:
            reasons += [f"{package}: {error.message}", *error.details]
        else:
            return package
    raise Invalid("\n".join(reasons) or NOT_ONE.format(requirement), details=reasons)
