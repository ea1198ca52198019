"""Reference data of indicators."""

from django.db import models
from django.db.models.functions import Lower


class IocType(models.Model):
    """A type of indicator, named as the MISP attribute type it equals.

    `suggested_regex` is shipped for an opt-in validation; `validation_regex` is what an
    administrator chose to enforce.
    """

    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    taxonomy = models.TextField(null=True, blank=True)
    validation_regex = models.TextField(null=True, blank=True)
    validation_expect = models.TextField(null=True, blank=True)
    suggested_regex = models.TextField(null=True, blank=True)
    suggested_expect = models.TextField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(Lower("name"), name="ioc_type_name_unique_ignoring_case")
        ]

    def __str__(self) -> str:
        return self.name


class Tlp(models.Model):
    """A level of the traffic light protocol 2.0."""

    name = models.CharField(max_length=30, unique=True)
    bscolor = models.CharField(max_length=30)

    class Meta:
        ordering = ["id"]
        verbose_name = "TLP level"

    def __str__(self) -> str:
        return f"TLP:{self.name}"
