"""Modules in the console: what is registered, how it is set up, whether it does its work."""

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from modules.admin import objects, shown
from modules.admin.forms import AddForm, ImportForm, LimitsForm, TryForm
from modules.admin.module_list import ModuleColumns
from modules.admin.module_page import module_context, read_module
from modules.admin.parameter_form import ParameterForm
from modules.admin.warning import hindrances_for
from modules.models import Module
from modules.selectors import get_switch, visible_modules
from modules.services import parameters, registry
from modules.services.dry_run import dry_run
from modules.services.environments import installed_packages, shipped_packages
from soar.core.actor import Actor
from soar.core.admin.base import ReadOnlyAdmin, Services, actor_of
from soar.core.admin.forms import is_id, refusal_text
from soar.core.errors import Conflict, DomainError
from soar.core.permissions import Permission

TRY_SECONDS = 60.0  # somebody waits for the page
LONGEST_MESSAGE = 1500
LOOKING = ("GET", "HEAD")
REMOVED = "its parameters, limits and subscriptions. Its runs and its environment are kept."
Steer = Callable[[Actor, int], Any]


@admin.register(Module)
class ModuleAdmin(ModuleColumns, ReadOnlyAdmin):
    """Modules, for administrators: adding, setting up, trying, stopping and removing them."""

    services = Services(visible_modules, add=registry.add_module, delete=registry.remove_module)
    readers = (Permission.SERVER_ADMINISTRATOR,)
    list_before_template = "admin/modules/list_head.html"
    search_fields = ("human_name", "package")
    fields = ("human_name", "package")

    # --- the list

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list under the warnings of the watch and the kill switch."""
        context = {
            "console_warnings": hindrances_for(request),
            "switch": get_switch(),
            "may_pause": True,
        }
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Return nothing: what is done to a module is done on its page."""
        return {}

    # --- pages

    def get_urls(self) -> list[URLPattern]:
        """Return the stock addresses and those of the forms and buttons."""
        views: dict[str, Callable[..., HttpResponse]] = {
            "check": self.check_view,
            "enable": self.enable_view,
            "disable": self.disable_view,
            "reset": self.reset_view,
            "parameters": self.parameters_view,
            "limits": self.limits_view,
            "export": self.export_view,
            "import": self.import_view,
            "try": self.try_view,
        }
        wrap = self.admin_site.admin_view
        return [
            path("switch/", wrap(self.switch_view), name="modules_module_switch"),
            *(
                path(f"<int:module_id>/{name}/", wrap(view), name=f"modules_module_{name}")
                for name, view in views.items()
            ),
            *super().get_urls(),
        ]

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Register a module that is here already; none is ever installed from a page."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        known = set(Module.objects.values_list("package", flat=True))
        here = sorted({*shipped_packages(), *installed_packages()} - known)
        form = AddForm(here, request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                module = registry.add_module(actor_of(request), form.cleaned_data["package"])
            except DomainError as refusal:
                form.add_error(None, [refusal.message, *refusal.details])
            else:
                self.message_user(request, f"Registered {module}.", messages.SUCCESS)
                return redirect(objects.address_of(Module, module.pk))
        context = {"title": "Add a module", "form": form, "packages": here}
        return self._page(request, "admin/modules/add.html", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show everything about a module."""
        self._require(request)
        if request.method not in LOOKING:
            raise PermissionDenied
        pk = unquote(object_id)
        module = read_module(request, int(pk)) if is_id(pk) else None
        if module is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        return self._module_page(request, module)

    def get_deleted_objects(
        self, objs: Iterable[Any], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Return what a removal is about, and what it leaves."""
        rows, counts, lacking, protected = super().get_deleted_objects(objs, request)
        return [f"{row}: {REMOVED}" for row in rows], counts, lacking, protected

    # --- buttons

    def check_view(self, request: HttpRequest, module_id: int) -> HttpResponse:
        """Check a module in the runner and show the log of it."""
        module = self._asked(request, module_id)
        if module is None:
            return self._back(module_id)
        context: dict[str, Any] = {"title": f"Check of {module}", "module": module}
        try:
            context |= {
                "lines": registry.check_module(actor_of(request), module_id),
                "is_good": True,
            }
        except DomainError as refusal:
            context |= {"lines": refusal.details, "problem": refusal.message}
        return self._page(request, "admin/modules/check.html", context)

    def enable_view(self, request: HttpRequest, module_id: int) -> HttpResponse:
        """Let a module take runs."""
        return self._steer(request, module_id, registry.enable_module, "It takes runs now.")

    def disable_view(self, request: HttpRequest, module_id: int) -> HttpResponse:
        """Keep a module from taking runs."""
        return self._steer(
            request, module_id, registry.disable_module, "It takes no runs any more."
        )

    def reset_view(self, request: HttpRequest, module_id: int) -> HttpResponse:
        """Forget the failures of a module."""
        done = "Its failures are forgotten: it takes runs at once."
        return self._steer(request, module_id, registry.reset_breaker, done)

    def switch_view(self, request: HttpRequest) -> HttpResponse:
        """Pause all modules, or resume them."""
        self._require(request)
        if request.method == "POST":
            reason = request.POST.get("reason", "").replace("\0", "").strip()
            is_paused = "resume" not in request.POST
            if is_paused and not reason:
                self.message_user(request, "Say why: others will wonder.", messages.ERROR)
            else:
                registry.set_paused(actor_of(request), is_paused=is_paused, reason=reason)
                done = "No module run starts now." if is_paused else "Modules run again."
                self.message_user(request, done, messages.SUCCESS)
        return redirect(reverse("admin:modules_module_changelist"))

    def export_view(self, request: HttpRequest, module_id: int) -> HttpResponse:
        """Hand out the configuration as a file, without secrets."""
        module = self._asked(request, module_id)
        if module is None:
            return self._back(module_id)
        exported = parameters.export_configuration(actor_of(request), module_id)
        answer = JsonResponse(exported, json_dumps_params={"indent": 4, "ensure_ascii": False})
        name = f"{module.package}_configuration.json"
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer

    # --- forms

    def parameters_view(self, request: HttpRequest, module_id: int) -> HttpResponse:
        """Save what was changed of the parameters, or show the form again."""
        module = self._asked(request, module_id)
        if module is None:
            return self._back(module_id)
        form = ParameterForm(list(module.parameters.all()), request.POST)
        return self._save(
            request, module, "parameter_form", form, parameters.set_parameters, form.values
        )

    def limits_view(self, request: HttpRequest, module_id: int) -> HttpResponse:
        """Save what was changed of the limits, or show the form again."""
        module = self._asked(request, module_id)
        if module is None:
            return self._back(module_id)
        form = LimitsForm(module, request.POST)
        return self._save(request, module, "limits_form", form, _update_limits, form.changes)

    def import_view(self, request: HttpRequest, module_id: int) -> HttpResponse:
        """Take over the configuration in a file."""
        module = self._asked(request, module_id)
        if module is None:
            return self._back(module_id)
        form = ImportForm(request.POST, request.FILES)
        if not form.is_valid():
            return self._module_page(request, module, import_form=form)
        entries = form.cleaned_data["file"]

        def take_over(actor: Actor, pk: int) -> None:
            parameters.import_configuration(actor, pk, entries)

        return self._steer(request, module_id, take_over, "The configuration was imported.")

    def try_view(self, request: HttpRequest, module_id: int) -> HttpResponse:
        """Run a module on an object and show what it would do."""
        module = self._asked(request, module_id)
        if module is None:
            return self._back(module_id)
        form = TryForm(module, request.POST)
        if not form.is_valid():
            return self._module_page(request, module, try_form=form)
        kind, called = form.way()
        object_id, case_id = form.cleaned_data["object_id"], form.cleaned_data["case_id"]
        try:
            outcome = dry_run(
                actor_of(request),
                module_id,
                kind,
                object_id,
                case_id,
                called=called,
                at_most_seconds=TRY_SECONDS,
            )
        except DomainError as refusal:
            form.add_error(None, [refusal_text(refusal), *refusal.details])
            return self._module_page(request, module, try_form=form)
        result = outcome.result or {}
        context = {
            "title": f"Try of {module} on {objects.word_of(kind)} {object_id}",
            "module": module,
            "outcome": outcome,
            "result": result,
            "lines": shown.lines_of(result.get("logs")),
            "wishes": shown.wishes_of(result),
            "creations": shown.creations_of(result),
        }
        return self._page(request, "admin/modules/try.html", context)

    # --- what they share

    def _require(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    def _asked(self, request: HttpRequest, module_id: int) -> Any:
        """Return the module a form was posted for, None when the browser only looks or it is gone."""
        self._require(request)
        if request.method != "POST" or not is_id(module_id):
            return None
        return read_module(request, module_id)

    def _back(self, module_id: int) -> HttpResponse:
        return redirect(objects.address_of(Module, module_id))

    def _steer(
        self, request: HttpRequest, module_id: int, service: Steer, done: str
    ) -> HttpResponse:
        """Call a service for a module and say on its page how it went."""
        if self._asked(request, module_id) is not None:
            try:
                service(actor_of(request), module_id)
                self.message_user(request, done, messages.SUCCESS)
            except DomainError as refusal:
                self._tell(request, refusal)
        return self._back(module_id)

    def _save(
        self,
        request: HttpRequest,
        module: Any,
        name: str,
        form: Any,
        service: Callable[[Actor, int, dict[str, Any]], Any],
        values: Callable[[], dict[str, Any]],
    ) -> HttpResponse:
        """Hand a valid form's changes to a service; what it refuses stands at the fields."""
        if not form.is_valid():
            return self._module_page(request, module, **{name: form})
        changes = values()
        try:
            if changes:
                service(actor_of(request), module.pk, changes)
        except Conflict as refusal:
            self._tell(request, refusal, "Saved, but: ")
        except DomainError as refusal:
            form.refuse(refusal.fields or {"": [refusal.message]})
            return self._module_page(request, module, **{name: form})
        else:
            done = "Saved." if changes else "Nothing was changed."
            self.message_user(request, done, messages.SUCCESS)
        return self._back(module.pk)

    def _tell(self, request: HttpRequest, refusal: DomainError, prefix: str = "") -> None:
        text = " ".join([f"{prefix}{refusal_text(refusal)}", *refusal.details])
        self.message_user(request, text[:LONGEST_MESSAGE], messages.ERROR)

    def _module_page(self, request: HttpRequest, module: Any, **posted: forms.Form) -> HttpResponse:
        context = {
            "title": str(module),
            "original": module,
            **module_context(request, module, **posted),
        }
        return self._page(request, "admin/modules/module.html", context)

    def _page(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        common = {"opts": self.opts, "original": context.get("module")}
        page = {**self.admin_site.each_context(request), **common, **context}
        return TemplateResponse(request, template, page)


def _update_limits(actor: Actor, module_id: int, changes: dict[str, Any]) -> Module:
    return registry.update_limits(actor, module_id, **changes)
