"""ServiceAdmin: the admin as a door like any other. It reads through selectors, services write."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminTextareaWidget

from soar.core.actor import Actor
from soar.core.admin.forms import (
    ChoiceByTyping,
    LabelledChoices,
    StrictJSONField,
    is_id,
    plain_values,
    refusal_text,
    refused,
)
from soar.core.admin.panels import panels_of
from soar.core.errors import DomainError, Forbidden
from soar.core.middleware import client_address
from soar.core.models import AuditLog
from soar.core.permissions import Permission
from soar.core.selectors import visible_audit

HISTORY_PAGE = 50


def actor_of(request: HttpRequest) -> Actor:
    """Return who acts in this request, built once."""
    actor: Actor | None = getattr(request, "console_actor", None)
    if actor is None:
        request_id = getattr(request, "request_id", "")
        address = client_address(request)
        actor = Actor.of(request.user, "admin", request_id=request_id, address=address)
        request.console_actor = actor  # type: ignore[attr-defined]
    return actor


@dataclass(frozen=True, slots=True)
class Services:
    """What an admin class may call; an action without its service is not offered."""

    visible: Callable[[Actor], QuerySet[Any]]
    add: Callable[..., Any] | None = None
    change: Callable[..., Any] | None = None
    delete: Callable[..., Any] | None = None
    audit: Callable[[Actor], QuerySet[AuditLog]] = visible_audit


class ServiceAdmin(ModelAdmin):
    """An admin class that never writes: it maps forms to the plain values its services take.

    `address` names the attributes by which change and delete find the object, in the order of the
    services' arguments; add takes all but the last of them from the form. `fixed_fields` are set when
    an object is made and shown afterwards. A DomainError shows in the form, beside what was typed.
    """

    services: ClassVar[Services]
    address: ClassVar[tuple[str, ...]] = ("pk",)
    readers: ClassVar[tuple[Permission, ...]] = (
        Permission.STANDARD_USER,
        Permission.SERVER_ADMINISTRATOR,
    )
    writers: ClassVar[tuple[Permission, ...]] = (Permission.SERVER_ADMINISTRATOR,)
    fixed_fields: ClassVar[tuple[str, ...]] = ()
    add_form: ClassVar[type[forms.ModelForm] | None] = None
    small_fields: ClassVar[tuple[str, ...]] = ("tags", "ip", "domain", "source", "sla", "taxonomy")
    compressed_fields = False
    change_form_outer_after_template = "admin/panels.html"
    formfield_overrides = {models.JSONField: {"form_class": StrictJSONField}}
    list_per_page = 50
    list_max_show_all = 200
    list_filter_submit = True
    empty_value_display = "-"

    # --- reading

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return what the actor may see, in the order of the list."""
        rows = self.services.visible(actor_of(request))
        ordering = self.get_ordering(request)
        return rows.order_by(*ordering) if ordering else rows

    def get_field_queryset(
        self, db: str | None, db_field: Any, request: HttpRequest
    ) -> QuerySet[Any] | None:
        """Return the choices of a relation: those the actor may see, where the target is registered."""
        target = self.admin_site._registry.get(db_field.remote_field.model)
        if isinstance(target, ServiceAdmin):
            return target.get_queryset(request)
        return super().get_field_queryset(db, db_field, request)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Search without NUL, which PostgreSQL refuses."""
        return super().get_search_results(request, queryset, search_term.replace("\0", ""))

    def label_of(self, obj: Any) -> str:
        """Return how the object is named among others of its kind."""
        return str(obj)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Filter by declared filters only: a free look-up could guess hashes letter by letter."""
        columns = {name for field in self.opts.get_fields() for name in _names_of(field)}
        if lookup.partition("__")[0] not in columns:
            return True  # not a column, so a filter of its own or nothing
        return any(
            lookup == name or lookup.startswith(f"{name}__") for name in self._filtered(request)
        )

    def _filtered(self, request: HttpRequest) -> Iterable[str]:
        for entry in self.get_list_filter(request):
            name = entry[0] if isinstance(entry, list | tuple) else entry
            if isinstance(name, str):
                yield name
        if self.date_hierarchy:
            yield self.date_hierarchy

    # --- permissions

    def may_write(self, request: HttpRequest, obj: Any) -> bool:
        """Tell whether the actor may change or delete this very object."""
        return True

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the actor may read objects of this kind."""
        return self._may(request, self.readers)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Tell whether the kind appears in the console at all."""
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Tell whether there is a service to add by and the actor may call it."""
        return self.services.add is not None and self._may(request, self.writers)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether there is a service to change by and the actor may call it."""
        return self.services.change is not None and self._may_write(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether there is a service to delete by and the actor may call it."""
        return self.services.delete is not None and self._may_write(request, obj)

    def _may_write(self, request: HttpRequest, obj: Any) -> bool:
        if not self._may(request, self.writers):
            return False
        return obj is None or obj.pk is None or self.may_write(request, obj)

    def _may(self, request: HttpRequest, any_of: tuple[Permission, ...]) -> bool:
        # The page to log in asks too, for nobody.
        return self.admin_site.has_permission(request) and actor_of(request).may(*any_of)

    # --- forms

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Return the fields shown as text: for an existing object also those fixed at its making."""
        given = tuple(super().get_readonly_fields(request, obj))
        return given if obj is None else (*given, *self.fixed_fields)

    def get_form(
        self, request: HttpRequest, obj: Any = None, **options: Any
    ) -> type[forms.ModelForm]:
        """Return the form class, with the refusal of a service if this request met one."""
        if obj is None and self.add_form is not None:
            options = {"form": self.add_form, **options}
        form_class = super().get_form(request, obj, **options)
        refusal = getattr(request, "refusal", None)
        return refused(form_class, refusal) if refusal else form_class

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        """Return the form field; texts that are mostly short get a small box."""
        if db_field.name in self.small_fields and isinstance(db_field, models.TextField):
            options["widget"] = UnfoldAdminTextareaWidget(attrs={"rows": 2})
        return super().formfield_for_dbfield(db_field, request, **options)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        """Return the form field of a relation, typed or picked from a list."""
        if "widget" not in options and db_field.name in self.get_autocomplete_fields(request):
            options["widget"] = ChoiceByTyping(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **options)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        """Return the form field of a relation to several rows."""
        return super().formfield_for_manytomany(
            db_field, request, **{"form_class": LabelledChoices, **options}
        )

    def changeform_view(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        """Show or save an object; what a service refuses is shown in the form again, nothing is kept."""
        try:
            return super().changeform_view(request, *args, **options)
        except DomainError as refusal:
            request.refusal = refusal  # type: ignore[attr-defined]
            return super().changeform_view(request, *args, **options)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        """Render the page, with the panels of other apps under the form of an existing object."""
        obj = options.get("obj")
        if obj is not None:
            context["panels"] = panels_of(request, obj)
        return super().render_change_form(request, context, *args, **options)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Delete an object, or say why the service refuses."""
        try:
            return super().delete_view(request, object_id, extra_context)
        except DomainError as refusal:
            self.message_user(request, refusal_text(refusal), messages.ERROR)
            name = f"{self.opts.app_label}_{self.opts.model_name}_change"
            return redirect(f"{self.admin_site.name}:{name}", object_id)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list or run an action; a refused action changes nothing and says why."""
        if "%00" in request.META.get("QUERY_STRING", ""):  # PostgreSQL refuses NUL in any filter
            return redirect(request.path)
        try:
            return super().changelist_view(request, extra_context)
        except DomainError as refusal:
            self.message_user(request, refusal_text(refusal), messages.ERROR)
            return redirect(request.get_full_path())

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """Run an action on the selected rows, unless one of them is no id at all."""
        if not all(is_id(pk) for pk in request.POST.getlist(ACTION_CHECKBOX_NAME)):
            self.message_user(request, "The selection is not valid.", messages.ERROR)
            return redirect(request.get_full_path())
        return super().response_action(request, queryset)

    def get_deleted_objects(
        self, objs: Iterable[Any], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Return what a deletion is about; whether it may be is the service's to say."""
        shown = [self.label_of(obj) for obj in objs]
        return shown, {str(self.opts.verbose_name_plural): len(shown)}, set(), []

    # --- writing: services only

    def perform_add(self, actor: Actor, values: dict[str, Any]) -> Any:
        """Call the add service and return the new object."""
        place = [values.pop(name) for name in self.address[:-1]]
        made = _offered(self.services.add)(actor, *place, **values)
        return made[0] if isinstance(made, tuple) else made

    def perform_change(self, actor: Actor, obj: Any, values: dict[str, Any]) -> Any:
        """Call the change service with what changed and return the object, None when it is `obj`."""
        return _offered(self.services.change)(actor, *self.address_of(obj), **values)

    def perform_delete(self, actor: Actor, obj: Any) -> None:
        """Call the delete service."""
        _offered(self.services.delete)(actor, *self.address_of(obj))

    def address_of(self, obj: Any) -> tuple[int, ...]:
        """Return the ids by which the services find the object."""
        return tuple(getattr(obj, name) for name in self.address)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        """Hand the form to a service and give `obj` what came of it, the primary key included."""
        actor = actor_of(request)
        if not change:
            saved = self.perform_add(actor, plain_values(form, form.fields))
        elif form.changed_data:
            saved = self.perform_change(actor, obj, plain_values(form, form.changed_data))
        else:
            return
        if saved is not None:
            obj.__dict__ = {**vars(obj), **vars(saved)}

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete by the service."""
        self.perform_delete(actor_of(request), obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Delete each by the service; all or none."""
        self.run_on_each(request, queryset, self.perform_delete)

    def run_on_each(
        self,
        request: HttpRequest,
        queryset: QuerySet[Any],
        service: Callable[[Actor, Any], Any],
        done: str = "",
    ) -> None:
        """Call a service for each object, all or none, and say how many with `done`."""
        rows = list(queryset)
        with transaction.atomic():
            for row in rows:
                service(actor_of(request), row)
        if done:
            self.message_user(request, done % len(rows), messages.SUCCESS)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001
        """Write nothing: relations are values of the services."""

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:  # noqa: FBT001
        """Write nothing: there are no inlines that write."""

    # --- history: the audit trail instead of the admin's own log

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Write nothing: the service recorded it."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Write nothing: the service recorded it."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> None:
        """Write nothing: the service recorded it."""

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the audit rows of an object, newest first."""
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_permission(request, obj):
            raise PermissionDenied
        rows = self.services.audit(actor_of(request)).filter(
            object_type=self.opts.label_lower, object_id=obj.pk
        )
        page = self.get_paginator(request, rows, HISTORY_PAGE).get_page(request.GET.get("p"))
        context = {
            **self.admin_site.each_context(request),
            "title": f"History of {self.label_of(obj)}",
            "opts": self.opts,
            "object": obj,
            "rows": page,
            "back": reverse(self._change_route(), args=[obj.pk]),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/audit_history.html", context)

    def _change_route(self) -> str:
        return f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_change"


class ReadOnlyAdmin(ServiceAdmin):
    """An admin class that only shows; its objects come and go with others."""

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Return every field of the page."""
        return tuple(self.fields or ())


def _offered(service: Callable[..., Any] | None) -> Callable[..., Any]:
    if service is None:
        raise Forbidden()
    return service


def _names_of(field: Any) -> tuple[str, ...]:
    return tuple({field.name, getattr(field, "attname", field.name)})
