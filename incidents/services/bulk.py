"""Doing the same to many incidents, each with its own permission: what one refuses does not stop the others."""

from collections.abc import Callable, Iterable

from django.db import transaction

from soar.core.errors import DomainError

Failures = list[tuple[int, DomainError]]


def for_each_incident(
    incident_ids: Iterable[int], service: Callable[[int], object]
) -> tuple[list[int], Failures]:
    """Call a service for each incident, and return those it was done to and what the others refused by."""
    done: list[int] = []
    failed: Failures = []
    for incident_id in dict.fromkeys(incident_ids):
        try:
            with transaction.atomic():
                service(incident_id)
        except DomainError as error:
            failed.append((incident_id, error))
        else:
            done.append(incident_id)
    return done, failed
