"""What the pairs of a form or a query string mean: nesting by key, types by the shape they are for (§1.4).

`fields.description=x` and `fields[description]=x` are an object's member; a repeated key, `type[]=A` and
`type[0]=A` are lists.
"""

import re
from collections.abc import Mapping
from typing import Any

from django.http import QueryDict
from rest_framework import serializers
from rest_framework.exceptions import ParseError

from soar.api.base import load_json
from soar.api.cloudsoar.fields import TagList

MAXIMUM_DEPTH = 10
LONGEST_KEY = 500
# Strict, so that a text which is no form at all is not taken for one with an unknown key.
KEY = re.compile(r"[\w-]+(?:\.[\w-]+|\[[\w-]*\])*")
SEGMENT = re.compile(r"\.?([\w-]+)|\[([\w-]*)\]")
INDEX = re.compile(r"[0-9]{1,6}", re.ASCII)
TRUE, FALSE = frozenset({"true", "1", "on"}), frozenset({"false", "0", "off"})
WHOLE_OBJECTS = ("data", "payload")
APPENDED = -1
Shape = serializers.BaseSerializer[Any]
Segment = str | int


class _Node:
    """A place in the tree that the keys spell: values of its own, or places below it."""

    def __init__(self, key: str = "") -> None:
        self.key = key
        self.values: list[Any] = []
        self.below: dict[Segment, _Node] = {}


def form_values(data: QueryDict, shape: Shape) -> Any:
    """Return the pairs as the object they spell, typed for a shape; raise ParseError for odd keys."""
    root = _Node()
    for key, values in data.lists():
        place = root
        for segment in _segments(key):
            place = place.below.setdefault(segment, _Node(key))
        place.values += values
    spelt = {str(name): _value_of(node) for name, node in root.below.items()}
    return _typed(_merged(spelt, shape), shape)


def _segments(key: str) -> list[Segment]:
    if len(key) > LONGEST_KEY or not KEY.fullmatch(key):
        raise ParseError(
            f"The key {key[:50]!r} is neither a name nor a path such as a.b, a[b] or a[0]."
        )
    found: list[Segment] = []
    for name, bracketed in SEGMENT.findall(key):
        if name:
            found.append(name)
        elif not bracketed:
            found.append(APPENDED)
        else:
            found.append(int(bracketed) if INDEX.fullmatch(bracketed) else bracketed)
    if len(found) > MAXIMUM_DEPTH:
        raise ParseError(f"The key {key[:50]!r} goes too deep.")
    return found


def _value_of(node: _Node) -> Any:
    indexes = [segment for segment in node.below if isinstance(segment, int)]
    if len(indexes) < len(node.below):
        if indexes or node.values:
            raise ParseError(f"The key {node.key[:50]!r} is used as a value and as an object.")
        return {str(name): _value_of(inner) for name, inner in node.below.items()}
    if indexes:
        # Numbered ones by number, then those given without a number in the order they came.
        order = sorted(indexes, key=lambda index: (index == APPENDED, index))
        nested = [_value_of(node.below[index]) for index in order if index != APPENDED]
        appended = node.below.get(APPENDED)
        rest = _listed(_value_of(appended)) if appended is not None else []
        return [*node.values, *nested, *rest]
    return node.values[0] if len(node.values) == 1 else node.values


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _merged(values: dict[str, Any], shape: Shape) -> dict[str, Any]:
    """Return the values with a part named data or payload that holds a whole object spread out.

    Not where the shape has a field of that name; what was given by itself wins over the object.
    """
    known = getattr(shape, "fields", {})
    for name in WHOLE_OBJECTS:
        if name in values and name not in known:
            found = _from_json(values[name])
            if isinstance(found, Mapping):
                del values[name]
                values = {**found, **values}
    return values


def _typed(value: Any, field: Any) -> Any:
    """Return a text of a form as the type its field expects, where the text says so; else as it is."""
    if isinstance(field, serializers.ListSerializer | serializers.ListField):
        return _typed_list(value, field)
    if isinstance(field, serializers.Serializer):
        return _typed_members(_from_json(value), field)
    if isinstance(field, serializers.DictField | serializers.JSONField):
        return None if value == "" else _from_json(value)
    if isinstance(field, serializers.CharField | serializers.FileField) or not isinstance(
        value, str
    ):
        return value
    if value == "":
        return None
    if isinstance(field, serializers.BooleanField):
        return _boolean(value)
    return value


def _typed_list(value: Any, field: Any) -> Any:
    if value == "":
        return []
    if isinstance(value, str) and value.lstrip().startswith("["):
        value = _from_json(value)
    if isinstance(field, TagList):
        return value
    return [_typed(item, field.child) for item in _listed(value)]


def _typed_members(value: Any, shape: serializers.Serializer[Any]) -> Any:
    if not isinstance(value, Mapping):
        return value
    fields = shape.fields
    return {
        name: _typed(item, fields[name]) if name in fields else item for name, item in value.items()
    }


def _boolean(text: str) -> Any:
    word = text.strip().lower()
    return True if word in TRUE else False if word in FALSE else text


def _from_json(value: Any) -> Any:
    """Return what a text that looks like an object or a list holds, else the value itself."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
        return value
    try:
        return load_json(value)
    except ParseError:
        return value
