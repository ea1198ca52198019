"""Field types of the Cloud SOAR wire: what they accept, and how they look (contract §1.5)."""

import datetime as dt
from typing import Any

from django.db.models import DateTimeField, F, Func
from django.db.models.expressions import Combinable
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.plumbing import build_basic_type
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import get_attribute

from soar.api.base import bad_text
from soar.core.rich_text import sanitised_html

MAXIMUM_INTEGER = 2**63 - 1
LONGEST_LIST = 1000


class Text(serializers.CharField):
    """A string kept as it was typed; numbers are taken for their digits."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"trim_whitespace": False, "allow_blank": True} | options)

    def to_internal_value(self, data: Any) -> str:
        """Return the string, unless nobody could store it."""
        value = str(super().to_internal_value(data))
        problem = bad_text(value)
        if problem:
            raise serializers.ValidationError(problem)
        return value


class Html(Text):
    """Rich text: stored as it came, sanitised whenever it is shown (SEC-01)."""

    def to_representation(self, value: Any) -> str:
        """Return what of the HTML only has structure and text."""
        return str(sanitised_html(super().to_representation(value)))


class Integer(serializers.IntegerField):
    """An integer within 64 bits."""

    def __init__(self, **options: Any) -> None:
        bounds = {"max_value": MAXIMUM_INTEGER, "min_value": -MAXIMUM_INTEGER - 1}
        super().__init__(**bounds | options)


class Moment(serializers.DateTimeField):
    """A point in time: ISO 8601 in, and out in UTC with a Z, to the second unless it is precise."""

    def __init__(self, *, is_precise: bool = False, **options: Any) -> None:
        self.is_precise = is_precise
        super().__init__(**{"default_timezone": dt.UTC} | options)

    def column(self, path: str) -> Combinable:
        """Return the column as it has to leave PostgreSQL; elsewhere as it is."""
        return _SecondText(F(path))

    def to_representation(self, value: Any) -> str:
        """Return such as 2025-03-04T09:12:44Z; a text is one that left the database as `column`."""
        if isinstance(value, str):
            return value
        units = "microseconds" if self.is_precise else "seconds"
        text: str = value.astimezone(dt.UTC).replace(tzinfo=None).isoformat(timespec=units)
        return f"{text}Z"


class _SecondText(Func):
    """A moment as the text that to_representation would make of it, where the database builds the JSON."""

    template = "%(expressions)s"
    output_field = DateTimeField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Return the SQL of the text."""
        template = """to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')"""
        return self.as_sql(compiler, connection, template=template, **context)


@extend_schema_field(
    {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
)
class TagList(serializers.ListField):
    """Tags: a list, or one string with commas between them. Only tags are split at commas."""

    child = Text(max_length=200)

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": LONGEST_LIST} | options)

    def to_internal_value(self, data: Any) -> list[str]:
        """Return the tags without blanks, each once, in the order they came."""
        given = data.split(",") if isinstance(data, str) else data
        tags = [str(tag).strip() for tag in super().to_internal_value(given)]
        return list(dict.fromkeys(tag for tag in tags if tag))


class Wrapped(serializers.Field[Any, Any, Any, Any]):
    """A field of a detail answer: `{"name": label, "value": value}`, with `id` for a list value.

    `inner` writes the value; `id_source` is the attribute that holds the id. Read only.
    """

    def __init__(
        self,
        label: str,
        inner: serializers.Field[Any, Any, Any, Any],
        *,
        id_source: str = "",
        **options: Any,
    ) -> None:
        super().__init__(read_only=True, label=label, **options)
        self.inner = inner
        self.id_attributes = id_source.split(".") if id_source else []

    def get_attribute(self, instance: Any) -> Any:
        """Return the value and the id: even a null is wrapped."""
        value = _reached(instance, self.source_attrs)
        return (value, _reached(instance, self.id_attributes)) if self.id_attributes else (value,)

    def to_representation(self, value: Any) -> dict[str, Any]:
        """Return the wrapper."""
        shown = None if value[0] is None else self.inner.to_representation(value[0])
        wrapper = {"name": self.label, "value": shown}
        return wrapper if len(value) == 1 else wrapper | {"id": value[1]}


def _reached(instance: Any, names: list[str]) -> Any:
    """Return what a chain of attributes leads to, None where it meets None."""
    for name in names:
        if instance is None:
            return None
        instance = get_attribute(instance, [name])
    return instance


class WrappedSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """Tell the OpenAPI document of the wrapper."""

    target_class = Wrapped

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        """Return the schema."""
        inner = auto_schema._map_serializer_field(self.target.inner, direction)
        properties = {
            "name": {"type": "string", "enum": [self.target.label]},
            "value": inner | {"nullable": True} if "$ref" not in inner else inner,
        }
        if self.target.id_attributes:
            one = dict(build_basic_type(OpenApiTypes.INT) or {})
            is_list = isinstance(self.target.inner, serializers.ListField)
            several = {"type": "array", "items": one}
            properties["id"] = several if is_list else one | {"nullable": True}
        return {"type": "object", "properties": properties, "required": [*properties]}
