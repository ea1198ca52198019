"""Files as clients send and get them, whatever they are on (contract §4.3, §5 example 8; SEC-04, SEC-07)."""

import base64
import binascii
from collections.abc import Iterable, Mapping
from io import SEEK_END, BytesIO
from typing import Any

from django.conf import settings
from django.core.files import File
from rest_framework import serializers

from incidents.models import Attachment, CustomField
from incidents.selectors import custom_fields_of
from incidents.services.attachments import largest_upload
from incidents.services.calculations import values_as_shown
from incidents.services.file_names import LONGEST_NAME
from incidents.services.file_store import Content
from soar.api.base import represent
from soar.api.cloudsoar.bodies import MULTIPART
from soar.api.cloudsoar.errors import TooLarge
from soar.api.cloudsoar.fields import Integer, Moment, Text
from soar.api.cloudsoar.incident_parts import CustomValuesIn
from soar.api.cloudsoar.views import CloudSoarViewSet
from soar.core.actor import Actor
from soar.core.errors import Invalid

LONGEST_DESCRIPTION, LONGEST_REFERENCE = 10_000, 200
AROUND_A_FILE = 1 << 20  # what a multipart body may have besides the file
EXAMPLE = {
    "id": 15,
    "datetime": "2025-03-04T09:40:13Z",
    "uploader": "mrossi",
    "file_name": "Attachment 04-03-2025 09:40:12.png",
    "file_size": 48211,
    "file_type": "image/png",
    "description": "Add attachment from API",
    "reference": "00",
    "md5": "098f6bcd4621d373cade4e832627b4f6",
    "sha1": "a94a8fe5ccb19ba61c4c0873d391e987982fbbd3",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
}


class AttachmentChangeIn(CustomValuesIn):
    """What changes of an attachment. Custom fields go by opt_<number>."""

    file_name = Text(required=False, max_length=LONGEST_NAME, allow_blank=False)
    additional_info = Text(source="description", required=False, max_length=LONGEST_DESCRIPTION)
    reference = Text(required=False, max_length=LONGEST_REFERENCE)


class UploadIn(AttachmentChangeIn):
    """A file: a part `attachment` or `file` of a multipart body, or `file_name` and `content_base64`.

    The installation may accept some extensions only: others are answered 400, with those it accepts.
    """

    attachment = serializers.FileField(required=False, allow_empty_file=True)
    file = serializers.FileField(required=False, allow_empty_file=True)
    content_base64 = Text(required=False)


class AttachmentOut(serializers.Serializer[Any]):
    """An attachment, with its custom values as opt_<number>. `file_type` is what its bytes look like."""

    id = Integer()
    datetime = Moment(source="added_at")
    uploader = Text(source="user.login")
    file_name = Text()
    file_size = Integer(source="file.size_bytes")
    file_type = Text(source="file.media_type")
    description = Text()
    reference = Text()
    md5 = Text(source="file.md5")
    sha1 = Text(source="file.sha1")
    sha256 = Text(source="file.sha256")


class AttachmentDataOut(serializers.Serializer[Any]):
    """The bytes of an attachment."""

    id = Integer()
    file_name = Text()
    base64 = serializers.CharField()


class UploadViewSet(CloudSoarViewSet):
    """Views that take files: a multipart body may be as large as a file."""

    def largest_body(self) -> int:
        """Return how many bytes the body of this request may have."""
        kind = (self.request.content_type or "").partition(";")[0].strip().lower()
        known = super().largest_body()
        return max(known, largest_upload() + AROUND_A_FILE) if kind == MULTIPART else known


def shown_attachments(actor: Actor, attachments: Iterable[Attachment]) -> list[dict[str, Any]]:
    """Return attachments as this door shows them."""
    fields = custom_fields_of(actor, CustomField.Section.ATTACHMENTS)
    rows = ((one, represent(AttachmentOut, one)) for one in attachments)
    return [values | values_as_shown(fields, one.custom, values) for one, values in rows]


def shown_attachment(actor: Actor, attachment: Attachment) -> dict[str, Any]:
    """Return an attachment as this door shows it."""
    return shown_attachments(actor, [attachment])[0]


def upload_of(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of an upload that was read by UploadIn, with `content` and `file_name`.

    Raise Invalid when there is no file, or TooLarge.
    """
    given = dict(asked)
    parts = [given.pop("attachment", None), given.pop("file", None)]
    text = given.pop("content_base64", None)
    part = next((one for one in parts if one is not None), None)
    if part is None and text is None:
        raise Invalid.field("attachment", "Send a file, or file_name and content_base64.")
    if [*parts, text or None].count(None) < len(parts):
        raise Invalid.field("attachment", "Send one file at a time: the others would be lost.")
    content: Content = BytesIO(_decoded(text)) if part is None else part
    if content.seek(0, SEEK_END) > largest_upload():
        raise TooLarge()
    name = given.pop("file_name", "") or (part.name if part is not None else "")
    if not name:
        raise Invalid.field("file_name", "This field is required.")
    return {**given, "content": content, "file_name": name}


def data_of(attachment: Attachment, content: "File[bytes]") -> dict[str, Any]:
    """Return the bytes in base64."""
    with content:
        text = base64.b64encode(content.read()).decode()
    return {"id": attachment.pk, "file_name": attachment.file_name, "base64": text}


def _decoded(text: str) -> bytes:
    if len(text) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        raise TooLarge()
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid.field("content_base64", "This is not base64.") from error
