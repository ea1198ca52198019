"""Entities that are files: cataloguing one keeps its bytes with it, for whoever brought them."""

from collections.abc import Sequence

from incidents.selectors import visible_attachments
from incidents.services.attachments import add_attachment
from incidents.services.entities import catalogue_entity
from incidents.services.file_names import LONGEST_NAME, check_file_name
from incidents.services.file_store import Content, described
from iocs.models import Ioc
from soar.core.actor import Actor
from soar.core.recording import recording


def catalogue_file(
    actor: Actor,
    *,
    type_id: int,
    content: Content,
    file_name: str,
    value: str = "",
    tags: Sequence[str] = (),
    description: str = "",
) -> tuple[Ioc, bool]:
    """Catalogue an entity that is a file, under its name unless a value is given, and keep the file.

    The same bytes are on one entity once. Raise what cataloguing and attaching raise.
    """
    file_name = file_name[:LONGEST_NAME]
    check_file_name(file_name, field="file")
    with recording(actor):
        ioc, is_new = catalogue_entity(
            actor, type_id=type_id, value=value or file_name, tags=tags, description=description
        )
        if not _has(actor, ioc, content):
            add_attachment(actor, content=content, file_name=file_name, ioc_id=ioc.pk)
    return ioc, is_new


def _has(actor: Actor, ioc: Ioc, content: Content) -> bool:
    """Tell whether the actor has put these bytes on the entity before."""
    mine = visible_attachments(actor).filter(ioc=ioc)
    if not mine.exists():
        return False
    sha256 = described(content).sha256
    return mine.filter(file__sha256=sha256).exists()
