"""Parts of the console's forms: strict JSON, choices of one case, refusals shown beside their field."""

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.forms.fields import InvalidJSONInput

from soar.core.errors import DomainError
from soar.core.history import is_possible_id


class StrictJSONField(forms.JSONField):
    """JSON that every database can store: no NUL, no NaN, no half characters, no bottomless nesting."""

    def to_python(self, value: Any) -> Any:
        """Return the parsed value, or raise ValidationError."""
        try:
            parsed = super().to_python(value)
            text = json.dumps(parsed, ensure_ascii=False, allow_nan=False)
            text.encode()
        except (ValueError, RecursionError) as error:
            raise self._invalid(value) from error
        if "\\u0000" in text.replace("\\\\", ""):
            raise self._invalid(value)
        return parsed

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Return what to show again: the text as typed when it cannot be parsed."""
        try:
            self.to_python(data)
        except ValidationError:
            return InvalidJSONInput(data)
        return super().bound_data(data, initial)

    def _invalid(self, value: Any) -> ValidationError:
        return ValidationError(
            self.error_messages["invalid"], code="invalid", params={"value": str(value)[:100]}
        )


class JSONObjectField(StrictJSONField):
    """A JSON object, or nothing."""

    def to_python(self, value: Any) -> Any:
        """Return the parsed object, or raise ValidationError for any other JSON."""
        parsed = super().to_python(value)
        if parsed is not None and not isinstance(parsed, dict):
            raise ValidationError("Enter a JSON object.", code="invalid")
        return parsed


def is_id(value: Any) -> bool:
    """Tell whether a posted value can be the id of a row; the stock widgets fail on any other."""
    text = str(value)
    return text.isascii() and text.isdecimal() and len(text) < 20 and is_possible_id(int(text))


class _IdsOnly:
    def optgroups(self, name: str, value: list[Any], attr: Any = None) -> Any:
        """Return the selected choices, passing over what cannot be an id."""
        return super().optgroups(name, [item for item in value if is_id(item)], attr)  # type: ignore[misc]


class ChoiceByTyping(_IdsOnly, AutocompleteSelect):
    """An autocomplete for one row."""


class ChoicesByTyping(_IdsOnly, AutocompleteSelectMultiple):
    """An autocomplete for several rows."""


class ChoicesOfCase(ChoicesByTyping):
    """An autocomplete that offers only rows of one case."""

    def __init__(self, *args: Any, case_id: int, **options: Any) -> None:
        self.case_id = case_id
        super().__init__(*args, **options)

    def get_url(self) -> str:
        """Return the autocomplete's address, narrowed to the case."""
        return f"{super().get_url()}?{urlencode({'case': self.case_id})}"


class LabelledChoices(forms.ModelMultipleChoiceField):
    """Several rows, each labelled by `label_of` and known to services by its `id_name`."""

    id_name = "pk"

    def __init__(self, *args: Any, label_of: Any = str, **options: Any) -> None:
        self.label_of = label_of
        super().__init__(*args, **options)

    def clean(self, value: Any) -> Any:
        """Return the rows, or raise ValidationError also for what cannot be an id."""
        for item in value or ():
            if not is_id(item):
                raise ValidationError(
                    self.error_messages["invalid_pk_value"],
                    code="invalid_pk_value",
                    params={"pk": str(item)[:100]},
                )
        return super().clean(value)

    def label_from_instance(self, obj: Model) -> str:
        """Return the label of one row."""
        return str(self.label_of(obj))


def plain_values(form: forms.BaseForm, names: Iterable[str]) -> dict[str, Any]:
    """Return the cleaned values as a service takes them: rows become ids."""
    values: dict[str, Any] = {}
    for name in names:
        field, value = form.fields[name], form.cleaned_data.get(name)
        if isinstance(field, forms.ModelMultipleChoiceField):
            id_name = getattr(field, "id_name", "pk")
            values[name] = [getattr(row, id_name) for row in value]
        elif isinstance(field, forms.ModelChoiceField):
            values[f"{name}_id"] = value.pk if value is not None else None
        else:
            values[name] = value
    return values


def refused(form_class: type[forms.ModelForm], refusal: DomainError) -> type[forms.ModelForm]:
    """Return the form class with what a service refused as errors beside the fields they name.

    A form whose fields are named otherwise than the service's values says so in `field_of_value`.
    """
    names = getattr(form_class, "field_of_value", {})

    class Refused(form_class):  # type: ignore[misc, valid-type]
        def clean(self) -> Any:
            cleaned = super().clean()
            for name, text in _errors(refusal):
                candidates = (names.get(name, name), name.removesuffix("_id"))
                known = next((n for n in candidates if n in self.fields), None)
                self.add_error(known, text if known or not name else f"{name}: {text}")
            return cleaned

    Refused.__name__ = form_class.__name__
    return Refused


def refusal_text(refusal: DomainError) -> str:
    """Return a refusal as one line, for places without a form."""
    return " ".join(text for _, text in _errors(refusal))


def _errors(refusal: DomainError) -> list[tuple[str, str]]:
    if not refusal.fields:
        return [("", refusal.message)]
    return [(name, text) for name, texts in refusal.fields.items() for text in texts]
