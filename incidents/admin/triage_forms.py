"""What the triage queue asks for before it does something, and how its lists are narrowed."""

from collections.abc import Iterator
from typing import Any, cast

from django import forms
from django.contrib.admin import AdminSite, RelatedFieldListFilter, SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from incidents.admin.custom_values import ChangedCustomValues
from incidents.models import (
    Alert,
    Folder,
    Incident,
    IncidentLabel,
    IncidentTemplate,
    ListField,
    ListValue,
)
from incidents.selectors import visible_incidents
from soar.core.actor import Actor
from soar.core.admin.forms import ChoiceByTyping, JSONObjectField, is_id
from soar.core.models import User


class Row(forms.ModelChoiceField):
    """One row; what cannot be an id is no valid choice."""

    def to_python(self, value: Any) -> Any:
        """Return the row, or raise ValidationError."""
        return super().to_python(value if value in self.empty_values or is_id(value) else "0")


def owner_of_new() -> Row:
    """Return the choice whose a new incident is."""
    return Row(
        User.objects.filter(is_active=True).order_by("login"),
        required=False,
        help_text="You, unless you choose another.",
        widget=UnfoldAdminSelectWidget(),
    )


class TypeFilter(RelatedFieldListFilter):
    """Filter by the type: of all list values only types are offered."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        """Return the types."""
        rows = ListValue.objects.filter(field=ListField.TYPE).order_by("position", "pk")
        return list(rows.values_list("pk", "label"))


class StateFilter(SimpleListFilter):
    """Events by what was decided; a list shows those that wait, as the Cloud SOAR door's does."""

    title = "state"
    parameter_name = "shown"  # no column, which the console would filter by itself
    waiting = (Alert.State.PENDING, Alert.State.GRABBED)
    all = "all"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the choices besides the usual one."""
        return [(self.all, "All"), *Alert.State.choices]

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Yield the choices; the first is what a list shows by itself."""
        usual, *others = super().choices(changelist)
        yield {**usual, "display": "Pending and grabbed"}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the events of the choice; selected ones are acted on whatever became of them meanwhile."""
        is_selected = request.method == "POST" and request.POST.get("select_across", "0") == "0"
        if is_selected or self.value() == self.all:
            return queryset
        is_state = self.value() in Alert.State.values
        return queryset.filter(state__in=[self.value()] if is_state else self.waiting)


class AlertForm(ChangedCustomValues):
    """An event as people edit it."""

    type = Row(ListValue.objects.filter(field=ListField.TYPE), widget=UnfoldAdminSelectWidget())
    content = JSONObjectField(
        required=False,
        help_text="The event as its source sent it.",
        widget=UnfoldAdminTextareaWidget(),
    )

    class Meta:
        model = Alert
        fields = (
            "title",
            "type",
            "status",
            "severity",
            "customer",
            "source",
            "external_id",
            "description",
            "tags",
            "custom",
            "content",
        )


class Question(forms.Form):
    """What an action needs to know; `plain` is what its service takes."""

    def __init__(self, *args: Any, actor: Actor, site: AdminSite, **options: Any) -> None:
        super().__init__(*args, **options)

    def plain(self) -> dict[str, Any]:
        """Return the values, rows as ids, without what was left empty."""
        values: dict[str, Any] = {}
        for name, value in self.cleaned_data.items():
            is_row = isinstance(self.fields[name], forms.ModelChoiceField)
            if value not in (None, ""):
                values[f"{name}_id" if is_row else name] = value.pk if is_row else value
        return values


class ReassignForm(Question):
    """Who gets the events."""

    owner = Row(
        User.objects.filter(is_active=True).order_by("login"), widget=UnfoldAdminSelectWidget()
    )
    note = forms.CharField(required=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}))


class DiscardForm(Question):
    """Why the events are dropped."""

    reason = forms.CharField(widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}))


class ConvertForm(Question):
    """What the new incidents begin with; each event becomes one."""

    template = Row(
        IncidentTemplate.objects.order_by("name"), required=False, widget=UnfoldAdminSelectWidget()
    )
    label = Row(
        IncidentLabel.objects.order_by("name"),
        required=False,
        help_text="How they are named; the template's, else the usual one.",
        widget=UnfoldAdminSelectWidget(),
    )
    folder = Row(Folder.objects.order_by("name"), required=False, widget=UnfoldAdminSelectWidget())
    owner = owner_of_new()
    reference = forms.CharField(
        label="Incident ID",
        required=False,
        max_length=200,
        help_text="Instead of a label. Several get a suffix each.",
        widget=UnfoldAdminTextInputWidget(),
    )


class MergeForm(Question):
    """Which incident the events go into."""

    incident = Row(Incident.objects.none())

    def __init__(self, *args: Any, actor: Actor, site: AdminSite, **options: Any) -> None:
        super().__init__(*args, actor=actor, site=site, **options)
        field = cast(Row, self.fields["incident"])
        field.queryset = visible_incidents(actor)
        widget = ChoiceByTyping(Alert._meta.get_field("incident"), site)
        widget.choices = field.choices
        field.widget = widget
