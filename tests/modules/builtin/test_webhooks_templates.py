"""Bodies operators write are filled with values and with nothing else."""

from typing import Any

import pytest
from watchfloor_webhooks.templates import TemplateError, filled

VALUES: dict[str, Any] = {
    "hook": "on_postload_ioc_create",
    "case_id": 7,
    "objects": [{"ioc_value": "evil.example", "ioc_type": {"type_name": "domain"}, "tags": None}],
}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ({"id": "{case_id}"}, {"id": 7}),
        ("case {case_id}: {objects.0.ioc_value}", "case 7: evil.example"),
        (["{objects.0.ioc_type}"], [{"type_name": "domain"}]),
        ("[{objects.0.tags}]", "[]"),
        ("{objects.3.ioc_value|none}", "none"),
        ("{objects.0.note|}", ""),
        ({"n": 5, "b": True, "x": None}, {"n": 5, "b": True, "x": None}),
        ("{ not a place }, {}", "{ not a place }, {}"),
    ],
)
def test_places_are_filled(template: Any, expected: Any) -> None:
    assert filled(template, VALUES) == expected


@pytest.mark.parametrize(
    ("template", "message"),
    [
        (
            "{objects.0.ioc_valu}",
            r'\{objects.0.ioc_valu\}: no "ioc_valu", there are ioc_type, ioc_value',
        ),
        ("{objects.1.ioc_value}", 'no "1", there are 1 elements'),
        ("{hook.__class__}", 'no "__class__", it has no parts'),
    ],
)
def test_a_place_that_leads_nowhere_is_named(template: str, message: str) -> None:
    with pytest.raises(TemplateError, match=message):
        filled({"text": template}, VALUES)


def test_values_are_not_read_as_templates() -> None:
    values = {"object": {"ioc_value": "{secret}"}, "secret": "s3cret"}
    assert filled("{object.ioc_value} {object.ioc_value}", values) == "{secret} {secret}"
