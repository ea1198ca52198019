"""The structure administrators give to custom attributes, one per family of objects."""

from django.db import models


class AttributeDefinition(models.Model):
    """Tabs and fields of one family: {tab: {field: {type, mandatory, value}}} (contract §2.2)."""

    family = models.CharField(max_length=20, unique=True)
    display_name = models.CharField(max_length=100)
    content = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.display_name
