"""The customer whose incident a case is: the tenant boundary."""

import uuid

from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone


class Customer(models.Model):
    """An organisation served by this installation."""

    name = models.CharField(max_length=200)
    description = models.TextField(null=True, blank=True)
    sla = models.TextField("service level agreement", null=True, blank=True)
    uuid = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    custom_attributes = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(Lower("name"), name="customer_name_unique_ignoring_case")
        ]

    def __str__(self) -> str:
        return self.name
