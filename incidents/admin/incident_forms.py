"""Forms about incidents in the console: their fields, and what an action asks for before it is done."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.widgets import (
    UnfoldAdminSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from cases.models.lookups import OutcomeStatus
from incidents.admin.custom_values import ChangedCustomValues
from incidents.models import ListField, ListValue
from incidents.services.fields import LONGEST_NAME
from incidents.services.investigators import LONGEST_ROLE
from soar.core.actor import Actor
from soar.core.admin.base import ServiceAdmin
from soar.core.admin.forms import LabelledChoices, refusal_text
from soar.core.errors import DomainError
from soar.core.models import User

Apply = Callable[[Actor, Any, dict[str, Any]], Any]
APPLY = "apply"  # the button of a form; without it the form is only shown


class IncidentForm(ChangedCustomValues):
    """The operational side of an incident, its types in the order of the list."""

    description = forms.CharField(
        max_length=LONGEST_NAME, required=False, widget=UnfoldAdminTextInputWidget()
    )

    type_ids = LabelledChoices(
        ListValue.objects.filter(field=ListField.TYPE),
        label="Types",
        required=False,
        widget=UnfoldAdminSelectMultipleWidget(),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.pk is not None:
            links = self.instance.type_links.values_list("value_id", flat=True)
            self.initial["type_ids"] = list(links)
            self.initial["description"] = self.instance.title


class ClosingForm(forms.Form):
    """How an incident ends."""

    closing_note = forms.CharField(
        required=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": 4})
    )
    status = forms.ModelChoiceField(
        ListValue.objects.filter(field=ListField.STATUS, case_state__is_closed=True),
        required=False,
        widget=UnfoldAdminSelectWidget(),
    )
    outcome = forms.TypedChoiceField(
        choices=[("", "---------"), *OutcomeStatus.choices],
        coerce=int,
        required=False,
        empty_value=None,
        widget=UnfoldAdminSelectWidget(),
    )


class PartyForm(forms.Form):
    """A user or a group."""

    user = forms.ModelChoiceField(
        User.objects.filter(is_active=True), required=False, widget=UnfoldAdminSelectWidget()
    )
    group = forms.ModelChoiceField(
        Group.objects.all(), required=False, widget=UnfoldAdminSelectWidget()
    )

    def clean(self) -> dict[str, Any]:
        """Return one of both, or refuse."""
        cleaned = super().clean() or {}
        if bool(cleaned.get("user")) == bool(cleaned.get("group")):
            raise forms.ValidationError("Choose a user or a group.")
        return cleaned


class InvestigatorForm(PartyForm):
    """Who works on an incident, and as what."""

    role = forms.CharField(
        required=False,
        max_length=LONGEST_ROLE,
        widget=UnfoldAdminTextInputWidget(),
        help_text="With the role read only, viewer or observer he may only read it.",
    )


@dataclass(frozen=True, slots=True)
class FormAction:
    """An action on selected incidents that asks for something first."""

    name: str
    title: str
    form: type[forms.Form]
    apply: Apply
    done: str

    def answer(
        self, page: ServiceAdmin, request: HttpRequest, queryset: QuerySet[Any]
    ) -> HttpResponse | None:
        """Show the form, or do the action to all or none; what is refused is said in the form."""
        form = self.form(request.POST if APPLY in request.POST else None)
        if form.is_bound and form.is_valid():
            values = form.cleaned_data
            try:
                page.run_on_each(
                    request, queryset, lambda actor, row: self.apply(actor, row, values), self.done
                )
            except DomainError as refusal:
                form.add_error(None, refusal_text(refusal))
            else:
                return None
        context = {
            **page.admin_site.each_context(request),
            "title": self.title,
            "opts": page.opts,
            "form": form,
            "rows": queryset,
            "action_name": self.name,
            "apply": APPLY,
        }
        return TemplateResponse(request, "admin/incidents/action.html", context)
