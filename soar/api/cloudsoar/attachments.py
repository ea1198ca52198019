"""Attachments of an incident (contract §4.3, §5 example 8)."""

from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request
from rest_framework.response import Response

from cases.selectors import find
from incidents.models import Attachment
from incidents.selectors import visible_attachments
from incidents.services.attachments import (
    add_attachment,
    delete_attachment,
    open_attachment,
    update_attachment,
)
from soar.api.cloudsoar.filters import FilterField, FilterTable, Moments, Numbers, Texts
from soar.api.cloudsoar.incident_parts import WORKERS, PartViewSet
from soar.api.cloudsoar.paging import ListingIn, Page
from soar.api.cloudsoar.uploads import (
    EXAMPLE,
    AttachmentChangeIn,
    AttachmentDataOut,
    AttachmentOut,
    UploadIn,
    UploadViewSet,
    data_of,
    shown_attachment,
    shown_attachments,
    upload_of,
)
from soar.api.cloudsoar.views import FailureOut, endpoint
from soar.core.downloads import SERVED_TYPE, download_of

UNKNOWN = "No such attachment of this incident"
TABLE = FilterTable(
    FilterField("id", "ID", Numbers(), "pk"),
    FilterField("datetime", "Date", Moments(), "added_at"),
    FilterField("uploader", "Uploader", Texts(), "user__login"),
    FilterField("file_name", "File name", Texts(), "file_name"),
    FilterField("file_size", "File size", Numbers(), "file__size_bytes"),
    FilterField("file_type", "File type", Texts(), "file__media_type"),
    FilterField("reference", "Reference", Texts(), "reference"),
    FilterField("sha256", "SHA-256", Texts(), "file__sha256"),
    free_text=("file_name", "description", "reference"),
)


class AttachmentsViewSet(UploadViewSet, PartViewSet):
    """Attachments."""

    @endpoint(WORKERS, summary="List attachments", query=ListingIn, gives=AttachmentOut(many=True))
    def list(self, request: Request, incident: int) -> Response:
        """Answer the attachments of an incident."""
        self.find_incident(incident)
        rows = visible_attachments(self.actor).filter(incident=incident)
        asked = self.query(ListingIn)
        page = Page.of(rows.select_related("file", "user"), TABLE, asked, default_order="id")
        return page.answer(request, shown_attachments(self.actor, page.rows))

    @endpoint(
        WORKERS,
        summary="Attach a file",
        takes=UploadIn,
        gives=AttachmentOut,
        code=201,
        examples={"An attachment": EXAMPLE},
    )
    def create(self, request: Request, incident: int) -> Response:
        """Keep a file."""
        self.admit_writer(incident)
        values = upload_of(self.read(UploadIn))
        made = add_attachment(self.actor, incident_id=incident, **values)
        return Response(shown_attachment(self.actor, self._find(incident, made.pk)), status=201)

    @endpoint(
        WORKERS,
        summary="Fetch what is known of an attachment",
        gives=AttachmentOut,
        examples={"An attachment": EXAMPLE},
    )
    def retrieve(self, request: Request, incident: int, attachment: int) -> Response:
        """Answer an attachment without its bytes."""
        self.find_incident(incident)
        return Response(shown_attachment(self.actor, self._find(incident, attachment)))

    @endpoint(
        WORKERS, summary="Change an attachment", takes=AttachmentChangeIn, gives=AttachmentOut
    )
    def update(self, request: Request, incident: int, attachment: int) -> Response:
        """Change name, description or reference."""
        self.admit_writer(incident)
        found = self._find(incident, attachment)
        update_attachment(self.actor, found.pk, **self.read(AttachmentChangeIn))
        return Response(shown_attachment(self.actor, self._find(incident, attachment)))

    @endpoint(WORKERS, summary="Delete an attachment", code=204)
    def destroy(self, request: Request, incident: int, attachment: int) -> Response:
        """Delete an attachment; its bytes go with the last that has them."""
        self.admit_writer(incident)
        delete_attachment(self.actor, self._find(incident, attachment).pk)
        return Response(status=204)

    @endpoint(
        WORKERS,
        summary="Download an attachment",
        description="Always to be saved, never shown: whatever the file is, it comes as "
        f"{SERVED_TYPE} that no browser opens by itself.",
        gives=OpenApiTypes.BINARY,
        media=SERVED_TYPE,
        also={409: FailureOut},
    )
    def download(self, request: Request, incident: int, attachment: int) -> FileResponse:
        """Answer the bytes."""
        self.find_incident(incident)
        found = self._find(incident, attachment)
        _, content = open_attachment(self.actor, found.pk)
        return download_of(found.file_name, found.file.size_bytes, content)

    @endpoint(
        WORKERS,
        summary="Fetch an attachment in base64",
        gives=AttachmentDataOut,
        also={409: FailureOut},
    )
    def data(self, request: Request, incident: int, attachment: int) -> Response:
        """Answer the bytes in base64."""
        self.find_incident(incident)
        found = self._find(incident, attachment)
        return Response(data_of(*open_attachment(self.actor, found.pk)))

    def _find(self, incident: int, attachment: int) -> Attachment:
        rows = visible_attachments(self.actor).filter(incident=incident)
        return find(rows.select_related("file", "user"), attachment, UNKNOWN)
