"""Values of custom fields in forms of the console."""

from typing import Any

from unfold.widgets import UnfoldAdminTextareaWidget

from soar.core.admin.forms import JSONObjectField


class CustomValues(JSONObjectField):
    """Values of custom fields, by their numbers."""

    def __init__(self, **options: Any) -> None:
        usual = {
            "label": "Custom fields",
            "required": False,
            "help_text": 'By their numbers, such as {"opt_1": "Milan"}. Those not named stay; null unsets one.',
            "widget": UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        }
        super().__init__(**usual | options)
