"""Templates, labels, folders, list values and custom fields in the console."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminTextareaWidget,
    UnfoldBooleanSwitchWidget,
)

from incidents.models import (
    CustomField,
    Folder,
    IncidentLabel,
    IncidentSettings,
    IncidentTemplate,
    ListField,
    ListValue,
    SavedSearch,
)
from incidents.selectors import (
    visible_custom_fields,
    visible_folders,
    visible_incident_labels,
    visible_incident_settings,
    visible_incident_templates,
    visible_list_values,
    visible_saved_searches,
)
from incidents.services.custom_fields import (
    add_custom_field,
    remove_custom_field,
    update_custom_field,
)
from incidents.services.folders import add_folder, delete_folder, update_folder
from incidents.services.labels import add_label, delete_label, update_label
from incidents.services.list_values import add_list_value, delete_list_value, update_list_value
from incidents.services.naming import next_name
from incidents.services.saved_searches import add_search, delete_search, update_search
from incidents.services.settings import update_settings
from incidents.services.templates import add_template, delete_template, update_template
from soar.core.admin.base import ServiceAdmin, Services
from soar.core.permissions import Permission


class Lines(forms.Field):
    """A list of texts, one a line."""

    def __init__(self, **options: Any) -> None:
        widget = UnfoldAdminTextareaWidget(attrs={"rows": 4})
        usual = {"required": False, "help_text": "One a line.", "widget": widget}
        super().__init__(**usual | options)

    def to_python(self, value: Any) -> list[str]:
        """Return the lines that have anything on them."""
        text = value if isinstance(value, str) else ""
        return [line.strip() for line in text.splitlines() if line.strip()]

    def prepare_value(self, value: Any) -> Any:
        """Return the lines as they are typed."""
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Tell whether the lines are others."""
        return self.to_python(data) != list(initial or [])


class SetUpForm(forms.ModelForm):
    """A form whose services say what is taken already, in words."""

    def _get_validation_exclusions(self) -> set[str]:
        """Leave constraints to the service; the form's own fields have checked what was typed."""
        return {field.name for field in self._meta.model._meta.get_fields()}


class SetUpAdmin(ServiceAdmin):
    """Something administrators set up and everybody may read."""

    form = SetUpForm


@admin.register(Folder)
class FolderAdmin(SetUpAdmin):
    """Folders of incidents."""

    services = Services(visible_folders, add_folder, update_folder, delete_folder)
    list_display = ("name", "parent")
    list_select_related = ("parent",)
    search_fields = ("name",)
    fields = ("name", "parent")


class LabelForm(SetUpForm):
    """A naming scheme; what it can be made of is said beside it."""

    class Meta:
        help_texts: ClassVar[dict[str, str]] = {
            "value": "Text with parts: {day} {month} {year} {roman_month} {counter} {counter_from:100} "
            "{counter_year} {counter_day} {random}; {counter:05d} has five digits.",
        }


@admin.register(IncidentLabel)
class IncidentLabelAdmin(SetUpAdmin):
    """Naming schemes, with the name that comes next and how far each has counted."""

    services = Services(visible_incident_labels, add_label, update_label, delete_label)
    form = LabelForm
    list_display = ("name", "value", "is_default", "description")
    search_fields = ("name", "value")
    details = ("name", "description", "value", "is_default")
    readonly_fields = ("next_name", "counted")
    add_fieldsets = ((None, {"fields": details}),)
    fieldsets = ((None, {"fields": (*details, "next_name", "counted")}),)

    @admin.display(description="next name")
    def next_name(self, label: IncidentLabel) -> str:
        """Return the name the next incident gets, without using a counter up."""
        return next_name(label, is_preview=True)

    @admin.display(description="counted so far")
    def counted(self, label: IncidentLabel) -> str:
        """Return how far its counters are."""
        rows = label.counters.values_list("period", "value")
        return ", ".join(f"{period or 'in all'}: {value}" for period, value in rows)


class TemplateForm(SetUpForm):
    """A template, its tags one a line."""

    tags = Lines()

    class Meta:
        help_texts: ClassVar[dict[str, str]] = {
            "fields": 'Values by field, list values by label or id: {"type": ["Phishing"], "restriction": "HIGH"}',
            "investigators": '[{"user": id or name, "role": text}, {"group": id}]',
            "notes": '[{"title": text, "additional_info": HTML}]',
        }


@admin.register(IncidentTemplate)
class IncidentTemplateAdmin(SetUpAdmin):
    """What new incidents begin with."""

    services = Services(visible_incident_templates, add_template, update_template, delete_template)
    form = TemplateForm
    list_display = ("id", "name", "category", "label", "folder")
    list_display_links = ("name",)
    list_select_related = ("label", "folder")
    search_fields = ("name", "category")
    fields = (
        "name",
        "category",
        "description",
        "tags",
        ("label", "folder"),
        "fields",
        "investigators",
        "notes",
    )


class ListValueForm(SetUpForm):
    """A value; statuses are chosen among statuses."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if "sets_status" in self.fields:
            statuses = self.fields["sets_status"].queryset
            self.fields["sets_status"].queryset = statuses.filter(field=ListField.STATUS)


class NewListValueForm(ListValueForm):
    """A new value, at the end unless told where."""

    position = forms.IntegerField(
        required=False,
        min_value=0,
        help_text="Empty: at the end.",
        widget=UnfoldAdminIntegerFieldWidget(),
    )
    is_closed = forms.BooleanField(
        label="Cases in this status are closed", required=False, widget=UnfoldBooleanSwitchWidget()
    )


@admin.register(ListValue)
class ListValueAdmin(SetUpAdmin):
    """The values that fields are chosen from."""

    services = Services(visible_list_values, add_list_value, update_list_value, delete_list_value)
    form = ListValueForm
    add_form = NewListValueForm
    list_display = ("label", "field", "position", "is_internal", "closed", "is_mandatory")
    list_select_related = ("case_state",)
    list_filter = ("field",)
    search_fields = ("label",)
    fixed_fields = ("field",)
    readonly_fields = ("is_internal", "closed", "stands_for")
    details = ("field", "label", "position", "classification", ("is_mandatory", "sets_status"))
    add_fieldsets = ((None, {"fields": (*details, "is_closed")}),)
    fieldsets = ((None, {"fields": (*details, ("is_internal", "closed"), "stands_for")}),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ListValue]:
        """Return the values with what they stand for in other doors."""
        return super().get_queryset(request).select_related("case_state", "severity")

    @admin.display(description="closed", boolean=True)
    def closed(self, value: ListValue) -> bool | None:
        """Tell whether cases in this status are closed; other values are neither."""
        return value.case_state.is_closed if value.case_state is not None else None

    @admin.display(description="in other doors")
    def stands_for(self, value: ListValue) -> str:
        """Return the name it has in other doors."""
        rows = (value.case_state, value.severity, value.alert_status, value.classification)
        return next((str(row) for row in rows if row is not None), "")


class CustomFieldForm(SetUpForm):
    """A field, the values of a list one a line."""

    values = Lines(help_text="For lists, one a line.")

    class Meta:
        help_texts: ClassVar[dict[str, str]] = {
            "default": 'JSON, such as "text" or 5. Of a calculation: '
            '{"operation": "difference", "of": ["closingtime", "openingtime"]}',
            "visible_when": 'The values other fields must have: {"type": "Phishing"}',
        }


@admin.register(CustomField)
class CustomFieldAdmin(SetUpAdmin):
    """Fields of our own; a removed one keeps its number and what records say in it."""

    services = Services(
        visible_custom_fields, add_custom_field, update_custom_field, remove_custom_field
    )
    form = CustomFieldForm
    list_display = ("label", "name", "section", "type", "is_required", "position")
    list_filter = ("section", "type")
    search_fields = ("label",)
    fixed_fields = ("section", "type")
    readonly_fields = ("name",)
    details = (
        "section",
        "type",
        "label",
        "additional_info",
        "values",
        "default",
        ("is_required", "use_as_filter", "use_in_notification"),
        "visible_when",
    )
    add_fieldsets = ((None, {"fields": details}),)
    fieldsets = ((None, {"fields": ("name", *details, "position")}),)

    @admin.display(description="name", ordering="number")
    def name(self, field: CustomField) -> str:
        """Return what its values go by."""
        return field.name


class IncidentSettingsForm(SetUpForm):
    """How incidents are handled, the extensions one a line."""

    allowed_extensions = Lines(
        label="Allowed filename extensions",
        help_text="One a line, such as pdf. Files with other extensions, or without one, are refused wherever "
        "somebody attaches them; of two extensions the last one counts. Empty: all are accepted. Only names are "
        "looked at: whoever renames a file gets it in.",
    )


@admin.register(IncidentSettings)
class IncidentSettingsAdmin(SetUpAdmin):
    """How this installation handles incidents."""

    services = Services(visible_incident_settings, change=update_settings)
    form = IncidentSettingsForm
    list_display = (
        "__str__",
        "requires_closing_note",
        "prohibits_duplicates",
    )
    fieldsets = (
        (None, {"fields": ("requires_closing_note", "prohibits_duplicates", "allowed_extensions")}),
        (
            "Entities out of texts",
            {
                "fields": (
                    "extracts_from_incidents",
                    "extracts_from_tasks",
                    "extracts_from_notes",
                    "extracts_from_iris",
                )
            },
        ),
    )


class SavedSearchForm(SetUpForm):
    """A search, its columns one a line."""

    columns = Lines()


@admin.register(SavedSearch)
class SavedSearchAdmin(SetUpAdmin):
    """The searches one keeps for oneself; nobody sees those of others."""

    services = Services(visible_saved_searches, add_search, update_search, delete_search)
    writers = (Permission.STANDARD_USER, Permission.SERVER_ADMINISTRATOR)
    form = SavedSearchForm
    list_display = ("name", "filter", "saved_at")
    search_fields = ("name", "filter")
    fields = ("name", "filter", "columns")
