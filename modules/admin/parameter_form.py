"""The form of a module's parameters: a field per parameter by its type, secrets written and never shown."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import conditional_escape, format_html_join
from django.utils.safestring import SafeString
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from modules.admin.shown import text_of
from modules.models import ModuleParameter
from modules.services.configuration import shown_value
from modules.services.values import (
    BOOLEAN,
    FLOAT,
    INTEGERS,
    JSON,
    LONGEST_TEXT,
    accepted,
    cast,
    is_given,
    is_secret,
)
from soar.core.errors import Invalid
from soar.core.recording import MASK

EDITOR = "textfield_"
EMPTY_SECTION = "General"
LONGEST_DEFAULT = 80
KEEP = "It is set. Leave empty to keep it."
NOT_SET = "It is not set."
FORGET = "Forget the stored value of {}"
MASKED = f"Members shown as {MASK} keep their values."


class ValueField(forms.CharField):
    """A parameter that is typed; what is entered is checked by its type, an empty text is no value."""

    def __init__(self, kind: str, **options: Any) -> None:
        self.kind = kind
        super().__init__(required=False, strip=False, max_length=LONGEST_TEXT, **options)

    def clean(self, value: Any) -> Any:
        """Return the value as it is stored, or raise ValidationError."""
        text = _with_plain_lines(super().clean(value))
        try:
            return accepted(self.kind, text)
        except Invalid as error:
            raise ValidationError(error.message, code="invalid") from error

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Tell whether another text was typed; browsers end lines in their own way."""
        return _with_plain_lines(initial or "") != _with_plain_lines(data or "")


class SwitchField(forms.BooleanField):
    """A parameter that is on or off; one that must have a value and has none gets what is shown."""

    def __init__(self, *, needs_value: bool, **options: Any) -> None:
        self.needs_value = needs_value
        super().__init__(required=False, widget=UnfoldBooleanSwitchWidget(), **options)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Tell whether it was switched, or was never set and has to be."""
        return self.needs_value or super().has_changed(initial, data)


class ParameterForm(forms.Form):
    """The parameters of one module."""

    def __init__(self, parameters: Sequence[ModuleParameter], *args: Any, **options: Any) -> None:
        super().__init__(*args, prefix="parameter", **options)
        self.parameters = {str(row.pk): row for row in parameters}
        for key, row in self.parameters.items():
            self.fields[key] = _field(row)
            if is_secret(row.type, row.name) and row.is_set:
                label = FORGET.format(row.human_name)
                widget = UnfoldBooleanSwitchWidget()
                self.fields[f"forget-{key}"] = forms.BooleanField(
                    label=label, required=False, widget=widget
                )

    def sections(self) -> list[tuple[str, list[Any]]]:
        """Return the fields by section, in the order of the module."""
        found: dict[str, list[Any]] = {}
        for row in self.parameters.values():
            found.setdefault(row.section or EMPTY_SECTION, []).extend(self._bound(row))
        return list(found.items())

    def values(self) -> dict[str, Any]:
        """Return what was changed, by the names of the parameters."""
        found: dict[str, Any] = {}
        for key, row in self.parameters.items():
            if self.cleaned_data.get(f"forget-{key}"):
                found[row.name] = None
            elif key in self.changed_data:
                found[row.name] = self.cleaned_data[key]
        return found

    def refuse(self, problems: Mapping[str, Sequence[str]]) -> None:
        """Show what a service refused at the fields it names."""
        keys = {row.name: key for key, row in self.parameters.items()}
        for name, texts in problems.items():
            for text in texts:
                self.add_error(keys.get(name), text)

    def _bound(self, row: ModuleParameter) -> list[Any]:
        names = [name for name in (str(row.pk), f"forget-{row.pk}") if name in self.fields]
        return [self[name] for name in names]


def _field(row: ModuleParameter) -> forms.Field:
    about: dict[str, Any] = {
        "label": f"{row.human_name} (mandatory)" if row.is_mandatory else row.human_name,
        "help_text": _help(row),
    }
    if is_secret(row.type, row.name):
        widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})
        return ValueField(row.type, widget=widget, **about)
    value = cast(row.type, shown_value(row))
    if row.type == BOOLEAN:
        needs_value = row.is_mandatory and not row.is_set
        return SwitchField(initial=bool(value), needs_value=needs_value, **about)
    return ValueField(row.type, widget=_widget(row.type), initial=text_of(value), **about)


def _widget(kind: str) -> forms.Widget:
    if kind in INTEGERS:
        return UnfoldAdminIntegerFieldWidget()
    if kind == FLOAT:
        return UnfoldAdminDecimalFieldWidget(attrs={"step": "any"})
    if kind.startswith(EDITOR):
        attrs = {"rows": 12, "spellcheck": "false", "class": "console-editor"}
        return UnfoldAdminTextareaWidget(attrs=attrs)
    return UnfoldAdminTextInputWidget()


def _help(row: ModuleParameter) -> SafeString:
    """Return what is known of a parameter; modules wrote it, and the theme shows help as HTML."""
    lines = [row.description]
    if is_secret(row.type, row.name):
        lines.append(KEEP if row.is_set else NOT_SET)
    elif row.type == JSON:
        lines.append(MASKED if MASK in text_of(shown_value(row)) else "")
    elif is_given(row.default) and len(text_of(row.default)) <= LONGEST_DEFAULT:
        lines.append(f"Default: {text_of(row.default)}")
    lines.append(row.name if row.name != row.human_name else "")
    return format_html_join(
        SafeString(" · "), "{}", ((conditional_escape(line),) for line in lines if line)
    )


def _with_plain_lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
