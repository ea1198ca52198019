"""Mail to whom a triage event is given; none is sent where no mail server is named."""

import logging
from functools import partial

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction

from incidents.models import Alert
from soar.core.actor import Actor
from soar.core.models import User

logger = logging.getLogger(__name__)
UNFIT_FOR_SUBJECT = str.maketrans({"\r": " ", "\n": " "})
TEXT = """Triage event #{id} is yours now.

Type: {type}
Source: {source}
Title: {title}
Given by: {giver}
{note}"""


def tell_new_owner(actor: Actor, alert: Alert, owner: User, *, note: str = "") -> None:
    """Send the new owner a mail once the transaction is committed; a failure stops nobody.

    Nothing is sent without a mail server, without an address, or to who gave the event to himself.
    """
    if not settings.EMAIL_HOST or not owner.email or owner.pk == actor.user_id:
        return
    subject = f"Triage event #{alert.pk}: {alert.title or alert.type.label}"
    body = TEXT.format(
        id=alert.pk,
        type=alert.type.label,
        source=alert.source or "-",
        title=alert.title or "-",
        giver=actor.name,
        note=f"\n{note}\n" if note else "",
    )
    subject = subject.translate(UNFIT_FOR_SUBJECT)[:200]
    message = EmailMessage(subject, body, to=[owner.email])
    transaction.on_commit(partial(_send, message, alert.pk))


def _send(message: EmailMessage, alert_id: int) -> None:
    try:
        message.send()
    except (OSError, ValueError) as error:  # SMTP errors are OSErrors; a bad address a ValueError
        logger.warning("no mail about triage event %s: %s", alert_id, type(error).__name__)
