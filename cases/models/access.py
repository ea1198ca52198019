"""Who may enter a case, at three levels; cases.permissions says how they combine."""

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models

from cases.models.cases import Case
from cases.models.customers import Customer
from soar.core.permissions import AccessLevel


class GroupCaseAccess(models.Model):
    """The level of the members of a group on one case."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="case_access")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="group_access")
    level = models.PositiveSmallIntegerField(choices=AccessLevel.choices())

    class Meta:
        verbose_name_plural = "group case access"
        constraints = [
            models.UniqueConstraint(fields=["case", "group"], name="one_level_per_case_and_group")
        ]

    def __str__(self) -> str:
        return f"group {self.group_id} on case {self.case_id}: {self.get_level_display()}"


class CustomerMembership(models.Model):
    """A user's level on all cases of a customer."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="customer_memberships"
    )
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="memberships")
    level = models.PositiveSmallIntegerField(
        choices=AccessLevel.choices(), default=AccessLevel.FULL_ACCESS
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "customer"], name="one_level_per_user_and_customer"
            )
        ]

    def __str__(self) -> str:
        return f"user {self.user_id} of customer {self.customer_id}: {self.get_level_display()}"


class UserCaseAccess(models.Model):
    """The level of one user on one case."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="case_access"
    )
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="user_access")
    level = models.PositiveSmallIntegerField(choices=AccessLevel.choices())

    class Meta:
        verbose_name_plural = "user case access"
        constraints = [
            models.UniqueConstraint(fields=["case", "user"], name="one_level_per_case_and_user")
        ]

    def __str__(self) -> str:
        return f"user {self.user_id} on case {self.case_id}: {self.get_level_display()}"
