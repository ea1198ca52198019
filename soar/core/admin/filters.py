"""Filters of lists: by a row typed and picked, which names only rows the user may see."""

from typing import Any

from django.http import HttpRequest
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.contrib.filters.forms import AutocompleteDropdownForm

from soar.core.admin.forms import is_id


class VisibleChoiceForm(AutocompleteDropdownForm):
    """The box of the filter: the stock one would label a hidden row whose id is in the address."""

    def __init__(
        self,
        request: HttpRequest,
        name: str,
        label: str,
        choices: Any,
        field: Any,
        model_admin: Any,
        **options: Any,
    ) -> None:
        super().__init__(request, name, label, choices, field, model_admin, **options)
        self.fields[name].queryset = model_admin.get_field_queryset(None, field, request)


class VisibleChoiceFilter(AutocompleteSelectFilter):
    """Filter by a related row the user may see; what is no id filters nothing."""

    form_class = VisibleChoiceForm

    def value(self) -> str | None:
        """Return the id in the address."""
        given = super().value()
        return given if given is not None and is_id(given) else None
