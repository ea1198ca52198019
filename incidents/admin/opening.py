"""Opening an incident in the console: what is asked for, and how it becomes one."""

from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from cases.selectors import visible_customers
from incidents.admin.custom_values import CustomValues
from incidents.admin.triage_forms import Row, owner_of_new
from incidents.models import Incident, IncidentLabel, ListField, ListValue
from incidents.services.fields import LONGEST_NAME
from incidents.services.opening import Origin, open_from_fields
from soar.core.actor import Actor
from soar.core.admin.forms import LabelledChoices

# What is asked for, by the names that fields have outside.
FIELDS = {
    "reference": "incidentid",
    "description": "description",
    "additional_info": "additional_info",
    "type_ids": "type",
    "restriction_id": "restriction",
    "owner_id": "owner",
}
ORIGIN = ("template_id", "label_id", "folder_id", "customer_id")
OPENING_FIELDSETS = (
    (None, {"fields": ("description", ("template", "customer"), "additional_info")}),
    ("State", {"fields": ("type_ids", ("restriction", "owner"))}),
    ("Name and place", {"fields": (("reference", "label", "folder"),)}),
    ("Custom fields", {"fields": ("custom",)}),
)


class OpeningForm(forms.ModelForm):
    """A new incident. What is left empty comes from the template, the settings and the caller."""

    field_of_value = {
        "incidentid": "reference",
        "type": "type_ids",
        **{name: name.removesuffix("_id") for name in ORIGIN},
    }

    description = forms.CharField(
        max_length=LONGEST_NAME, help_text="The title.", widget=UnfoldAdminTextInputWidget()
    )
    additional_info = forms.CharField(
        required=False,
        help_text="What is known, as HTML.",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 6}),
    )
    type_ids = LabelledChoices(
        ListValue.objects.filter(field=ListField.TYPE),
        label="Types",
        required=False,
        widget=UnfoldAdminSelectMultipleWidget(),
    )
    restriction = Row(
        ListValue.objects.filter(field=ListField.RESTRICTION),
        label="Severity",
        required=False,
        widget=UnfoldAdminSelectWidget(),
    )
    owner = owner_of_new()
    reference = forms.CharField(
        label="Incident ID",
        required=False,
        max_length=LONGEST_NAME,
        help_text="Without one the label makes it.",
        widget=UnfoldAdminTextInputWidget(),
    )
    label = Row(
        IncidentLabel.objects.order_by("name"),
        required=False,
        help_text="The template's, else the usual one.",
        widget=UnfoldAdminSelectWidget(),
    )
    custom = CustomValues()

    class Meta:
        model = Incident
        fields = ("template", "folder")


def opening_form(actor: Actor) -> type[OpeningForm]:
    """Return the form with the customers an actor may choose from."""

    class Form(OpeningForm):
        customer = Row(
            visible_customers(actor),
            required=False,
            help_text="Your first one, unless you choose another.",
            widget=UnfoldAdminSelectWidget(),
        )

    return Form


def open_asked(actor: Actor, values: dict[str, Any]) -> Incident:
    """Open the incident that was asked for."""
    given = {wire: values.get(name) for name, wire in FIELDS.items()}
    fields = {name: value for name, value in given.items() if value not in (None, "", [])}
    origin = Origin(**{name: values.get(name) for name in ORIGIN})
    return open_from_fields(actor, fields | (values.get("custom") or {}), origin)
