"""The audit trail: append-only rows, chained by hash soon after they are written."""

from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone


class AuditLog(models.Model):
    """One write: who, through which door, on what, from which values to which.

    Rows hold ids and logins, never foreign keys, so that they outlive what they tell of. Database
    triggers refuse UPDATE and DELETE (soar.core.audit_triggers).
    """

    recorded_at = models.DateTimeField(default=timezone.now)
    actor_id = models.BigIntegerField(null=True)
    actor_login = models.CharField(max_length=150)
    channel = models.CharField(max_length=20)
    request_id = models.CharField(max_length=64, blank=True)
    address = models.CharField(max_length=45, blank=True)
    action = models.CharField(max_length=80)
    object_type = models.CharField(max_length=80)
    object_id = models.BigIntegerField(null=True)
    case_id = models.BigIntegerField(null=True)
    summary = models.TextField(blank=True)
    details = models.JSONField(default=dict)
    is_user_input = models.BooleanField(default=False)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["case_id", "id"], name="audit_case"),
            models.Index(  # actions are asked for by the nouns they begin with
                fields=["case_id", "action"],
                name="audit_case_action",
                opclasses=["int8_ops", "varchar_pattern_ops"],
            ),
            models.Index(fields=["object_type", "object_id", "id"], name="audit_object"),
            models.Index(fields=["actor_id", "id"], name="audit_actor"),
            models.Index(Lower("actor_login"), "id", name="audit_login"),
            models.Index(fields=["object_id", "id"], name="audit_object_id"),
            models.Index(fields=["action", "id"], name="audit_action"),
            models.Index(fields=["recorded_at"], name="audit_time"),
        ]

    def __str__(self) -> str:
        return f"{self.action} #{self.pk}"


class AuditSeal(models.Model):
    """The link of one audit row in the hash chain: `seal` covers the row and the previous seal."""

    position = models.BigIntegerField(primary_key=True)
    audit = models.OneToOneField(
        AuditLog, on_delete=models.DO_NOTHING, related_name="seal", db_constraint=False
    )
    seal = models.CharField(max_length=64)
    sealed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["position"]

    def __str__(self) -> str:
        return f"seal {self.position}"
