"""Conditions on what a row has several of: tags and values of custom fields.

PostgreSQL answers them from indexes, which the migrations make there; elsewhere rows are compared one by one.
"""

import json
import re
from typing import Any

from django.db import connection
from django.db.models import BooleanField, F, Func, Q, TextField, Value


def with_custom_value(name: str, value: Any) -> Q:
    """Return the condition that incidents or alerts have a value in a custom field, of a list all its values."""
    if connection.vendor == "postgresql":
        return Q(custom__contains={name: value})
    has = Q(custom__has_key=name)  # so that its contrary is true of rows without the field
    if not isinstance(value, list):
        return has & Q(**{f"custom__{name}": value})
    return has & Q(*(Q(**{f"custom__{name}__icontains": json.dumps(one)}) for one in value))


def with_tag(tag: str, column: str) -> Q:
    """Return the condition that a list of tags has one, without regard to case."""
    if connection.vendor == "postgresql":
        return Q(_HasTag(F(column), Value(tag, output_field=TextField())))
    return Q(**{f"{column}__iregex": rf"(^|,)\s*{re.escape(tag)}\s*(,|$)"})


class _HasTag(Func):
    """Tell whether a list of tags has one; the first part is what the indexes on tags are on."""

    template = "(regexp_split_to_array(lower(%(expressions)s)])"
    arg_joiner = r"), '\s*,\s*') @> ARRAY[lower("
    output_field = BooleanField()
