"""Fields administrators add. Source: Cloud SOAR, contract §3.8."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models


class CustomField(models.Model):
    """A field opt_<number> of a section. Its number is never given to another field, even when it is gone.

    `values` are the labels of a list field. `visible_when` is {field: value}: the field only applies to
    records where all of these hold.
    """

    MAXIMUM_NUMBER = 100

    class Section(models.TextChoices):
        """What has custom fields."""

        INCIDENTS = "incidents", "Incidents"
        TRIAGE = "triage", "Triage"
        TASKS = "tasks", "Tasks"
        NOTES = "notes", "Notes"
        ATTACHMENTS = "attachments", "Attachments"

    class Type(models.TextChoices):
        """What its values are."""

        CALCULATION = "Calculation"
        CHECKBOX = "Checkbox"
        COLOR = "Color Picker"
        DATE = "Date"
        MOMENT = "Date & Time"
        EMAIL = "Email Address"
        FILENAME = "Filename"
        HASH = "Hash"
        IP_ADDRESS = "IP Address"
        LIST = "List"
        MULTI_SELECT = "Multi Select List"
        NUMBER = "Numeric Textbox"
        TAGS = "Tags"
        TEXT = "Text"
        INTERVAL = "Time Interval"
        TIMEZONE = "Timezone"
        URL = "URL"
        USER_DETAILS = "User Details"

    section = models.CharField(max_length=20, choices=Section.choices)
    number = models.PositiveSmallIntegerField(
        editable=False, validators=[MinValueValidator(1), MaxValueValidator(MAXIMUM_NUMBER)]
    )
    label = models.CharField(max_length=200)
    type = models.CharField(max_length=20, choices=Type.choices)
    is_required = models.BooleanField(default=False)
    default = models.JSONField(null=True, blank=True)
    values = models.JSONField(default=list, blank=True)
    use_as_filter = models.BooleanField(default=False)
    use_in_notification = models.BooleanField(default=False)
    visible_when = models.JSONField(default=dict, blank=True)
    additional_info = models.TextField(blank=True)
    position = models.PositiveIntegerField(default=0)
    removed_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["section", "position", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["section", "number"], name="one_custom_field_per_number"
            )
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def name(self) -> str:
        """Return the name its values go by, such as opt_7."""
        return f"opt_{self.number}"
