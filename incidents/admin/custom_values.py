"""Values of custom fields in forms of the console."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminTextareaWidget

from incidents.services.custom_values import NAME
from soar.core.admin.forms import JSONObjectField


class CustomValues(JSONObjectField):
    """Values of custom fields, by their names."""

    def __init__(self, **options: Any) -> None:
        usual = {
            "label": "Custom fields",
            "required": False,
            "initial": dict,
            "help_text": 'By their names, such as {"opt_1": "Milan"}. Those not named stay; null unsets one.',
            "widget": UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        }
        super().__init__(**usual | options)

    def to_python(self, value: Any) -> Any:
        """Return the values, or raise ValidationError for names of other fields."""
        values = super().to_python(value)
        if any(not NAME.fullmatch(name) for name in values or ()):
            raise forms.ValidationError("Custom fields are called opt_1, opt_2 and so on.")
        return values


class ChangedCustomValues(forms.ModelForm):
    """A form of something that has custom values: only those that change are handed on.

    What nobody touched is not checked again: its field may be gone or ask for something else by now.
    """

    custom = CustomValues()

    def clean_custom(self) -> dict[str, Any]:
        """Return the values that differ from those that were shown."""
        given, shown = self.cleaned_data["custom"] or {}, self.initial.get("custom") or {}
        return {
            name: value
            for name, value in given.items()
            if name not in shown or shown[name] != value
        }
