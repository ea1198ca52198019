"""Field types of the IRIS wire: what they accept, what they say when they refuse, how they look.

Texts are those IRIS clients know (contract §1.5). A type that needs more than its column in SQL says so
in `column`, for soar.api.fast.
"""

import datetime as dt
import re
from typing import Any

from django.db.models import CharField as TextColumn
from django.db.models import DateTimeField, F, Func, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Concat
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from soar.api.base import bad_text, refuse_bad_texts
from soar.core.tags import TOO_LONG, are_too_long

REQUIRED = "Missing data for required field."
NULL = "Field may not be null."
MAXIMUM_ID = 2**63 - 1


class Text(serializers.CharField):
    """A string kept as it was typed; anything but a string is refused."""

    default_error_messages = {
        "required": REQUIRED,
        "null": NULL,
        "invalid": "Not a valid string.",
        "blank": "Shorter than minimum length 1.",
        "min_length": "Shorter than minimum length {min_length}.",
        "max_length": "Longer than maximum length {max_length}.",
    }

    def __init__(self, **options: Any) -> None:
        options.setdefault("trim_whitespace", False)
        options.setdefault("allow_blank", not options.get("min_length"))
        super().__init__(**options)
        self.validators = [v for v in self.validators if "Prohibit" not in type(v).__name__]

    def to_internal_value(self, data: Any) -> str:
        """Return the string; refuse other types, NUL and lone surrogates."""
        if not isinstance(data, str):
            self.fail("invalid")
        problem = bad_text(data)
        if problem:
            raise serializers.ValidationError(problem)
        return data

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Validate; an empty string where a length is asked for is too short, not missing."""
        if data == "" and self.min_length:
            self.fail("min_length", min_length=self.min_length)
        return super().run_validation(data)


class Tags(Text):
    """Tags with commas between them, none longer than a tag may be."""

    def to_internal_value(self, data: Any) -> str:
        """Return the text; refuse what Text refuses, and long tags."""
        text = super().to_internal_value(data)
        if are_too_long(text):
            raise serializers.ValidationError(TOO_LONG)
        return text


class Name(Text):
    """A string of at least two characters (contract §7.6.7)."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"min_length": 2} | options)


class Integer(serializers.IntegerField):
    """An integer or a string of digits, within 64 bits."""

    default_error_messages = {
        "required": REQUIRED,
        "null": NULL,
        "invalid": "Not a valid integer.",
        "max_value": "Not a valid integer.",
        "min_value": "Not a valid integer.",
        "max_string_length": "Not a valid integer.",
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_value": MAXIMUM_ID, "min_value": -MAXIMUM_ID - 1} | options)

    def to_internal_value(self, data: Any) -> int:
        """Return the integer; true and 1.5 are none."""
        if isinstance(data, bool) or (isinstance(data, float) and not data.is_integer()):
            self.fail("invalid")
        if isinstance(data, str) and not re.fullmatch(r"-?[0-9]{1,19}", data):
            self.fail("invalid")
        return int(super().to_internal_value(data))


class Boolean(serializers.BooleanField):
    """A boolean, or one of the words that stand for one."""

    default_error_messages = {"required": REQUIRED, "null": NULL, "invalid": "Not a valid boolean."}


class IdList(serializers.ListField):
    """A list of ids; digits in quotes count as ids, as clients send both."""

    default_error_messages = {
        "required": REQUIRED,
        "null": NULL,
        "not_a_list": "Not a valid list.",
        "max_length": "Too many ids.",
    }

    def __init__(self, **options: Any) -> None:
        options.setdefault("child", Integer())
        super().__init__(**{"max_length": 10_000} | options)

    def to_internal_value(self, data: Any) -> list[int]:
        """Return the ids, or one text for the whole list."""
        try:
            return list(super().to_internal_value(data))
        except serializers.ValidationError as error:
            if isinstance(error.detail, dict):
                raise serializers.ValidationError("Not a valid integer.") from error
            raise


@extend_schema_field(OpenApiTypes.OBJECT)
class Attributes(serializers.Field[Any, Any, Any, Any]):
    """Custom attributes: {tab: {field: value}} in, {tab: {field: {type, mandatory, value}}} out."""

    default_error_messages = {
        "required": REQUIRED,
        "null": NULL,
        "invalid": "Not a valid mapping type.",
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"allow_null": True, "required": False} | options)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Return the object; refuse other types and strings PostgreSQL cannot store."""
        if not isinstance(data, dict):
            self.fail("invalid")
        refuse_bad_texts(data)
        return data

    def to_representation(self, value: Any) -> Any:
        """Return it as stored."""
        return value

    def column(self, path: str) -> Combinable:
        """Return the column as it is."""
        return F(path)


@extend_schema_field(OpenApiTypes.OBJECT)
class JsonObject(Attributes):
    """An object of any shape."""


def iso(moment: dt.datetime) -> str:
    """Return a moment as IRIS writes it: UTC without offset, microseconds always."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")


class IsoText(Func):
    """A timestamp column as IRIS writes it; PostgreSQL formats, elsewhere Python does."""

    function = "to_char"
    output_field = DateTimeField()

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """Return the to_char call."""
        template = "to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US')"
        return super().as_sql(compiler, connection, template=template, **extra)

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """Return the bare column."""
        return super().as_sql(compiler, connection, template="%(expressions)s", **extra)


@extend_schema_field(OpenApiTypes.STR)
class Timestamp(serializers.Field[Any, Any, Any, Any]):
    """A moment, out as ISO 8601 UTC without offset; in, ISO 8601 with or without one."""

    default_error_messages = {
        "required": REQUIRED,
        "null": NULL,
        "invalid": "Not a valid datetime.",
    }

    def to_internal_value(self, data: Any) -> dt.datetime:
        """Return the moment; without an offset it is UTC."""
        moment = parse_moment(data)
        if moment is None:
            self.fail("invalid")
        return moment

    def to_representation(self, value: dt.datetime | str) -> str:
        """Return the text, which a database may have made already."""
        return value if isinstance(value, str) else iso(value)

    def column(self, path: str) -> Combinable:
        """Return the formatted column."""
        return IsoText(F(path))


def parse_moment(data: Any) -> dt.datetime | None:
    """Return an aware moment in UTC from ISO 8601 text, or None; years 1 and 9999 are out of range."""
    if not isinstance(data, str):
        return None
    try:
        moment = dt.datetime.fromisoformat(data)
    except ValueError:
        return None
    if not 1 < moment.year < 9999:
        return None
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)


class UsDateText(Func):
    """A date column as MM/DD/YYYY, empty when null."""

    output_field = TextColumn()

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """Return the to_char call."""
        template = "coalesce(to_char(%(expressions)s, 'MM/DD/YYYY'), '')"
        return super().as_sql(compiler, connection, template=template, **extra)

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """Return the strftime call."""
        template = "coalesce(strftime('%%%%m/%%%%d/%%%%Y', %(expressions)s), '')"
        return super().as_sql(compiler, connection, template=template, **extra)


@extend_schema_field(OpenApiTypes.STR)
class UsDate(serializers.Field[Any, Any, Any, Any]):
    """A date as MM/DD/YYYY, "" when there is none (contract §1.8, cases list)."""

    def get_attribute(self, instance: Any) -> Any:
        """Return the date, or "" for None, which a serializer would otherwise leave null."""
        return super().get_attribute(instance) or ""

    def to_representation(self, value: Any) -> str:
        """Return the text."""
        return value.strftime("%m/%d/%Y") if isinstance(value, dt.date) else str(value)

    def column(self, path: str) -> Combinable:
        """Return the formatted column."""
        return UsDateText(F(path))


@extend_schema_field(OpenApiTypes.STR)
class CaseTitle(serializers.Field[Any, Any, Any, Any]):
    """The name of a case as IRIS shows it, from the case itself or a path to it: `#5 - Name`."""

    def to_representation(self, value: Any) -> str:
        """Return the text."""
        return value if isinstance(value, str) else case_title(value)

    def column(self, path: str) -> Combinable:
        """Return the concatenation."""
        prefix = "" if path == "*" else f"{path}__"
        number = Cast(F(f"{prefix}id"), TextColumn())
        return Concat(
            Value("#"), number, Value(" - "), F(f"{prefix}name"), output_field=TextColumn()
        )


def case_title(case: Any) -> str:
    """Return `#5 - Name`."""
    return f"#{case.pk} - {case.name}"


@extend_schema_field(OpenApiTypes.ANY)
class Always(serializers.Field[Any, Any, Any, Any]):
    """A member that never changes: kept because clients read it."""

    def __init__(self, value: Any, **options: Any) -> None:
        self.value = value
        options.setdefault("source", "*")
        super().__init__(read_only=True, **options)

    def to_representation(self, value: Any) -> Any:
        """Return the value."""
        return self.value

    def column(self, path: str) -> Combinable:
        """Return the constant; only null stands in fast rows."""
        return Value(self.value, output_field=TextColumn(null=True))
