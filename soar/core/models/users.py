"""Users, and what IRIS adds to Django's groups."""

import uuid

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, Group, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from soar.core.permissions import LABELS, AccessLevel, Permission


class UserManager(BaseUserManager["User"]):
    """Look users up by login; users are made by soar.core.services.users."""

    def get_by_natural_key(self, username: str | None) -> "User":
        """Return the user of a login, ignoring case."""
        return self.get(login__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person or service account. His credentials for each door are separate rows.

    `permission_mask` is the union of the permission bits of his groups, kept by
    soar.core.services.standing, because every request asks for it.
    """

    login = models.CharField(max_length=150, unique=True)
    name = models.CharField(max_length=200)
    email = models.EmailField(max_length=254)
    uuid = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField("may open the console", default=False)
    is_service_account = models.BooleanField(default=False)
    permission_mask = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "login"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name", "email"]

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(Lower("login"), name="user_login_unique_ignoring_case"),
            models.UniqueConstraint(Lower("email"), name="user_email_unique_ignoring_case"),
        ]
        permissions = [(bit.codename, LABELS[bit]) for bit in Permission]

    def __str__(self) -> str:
        return self.login

    def get_full_name(self) -> str:
        """Return the display name."""
        return self.name

    def get_short_name(self) -> str:
        """Return the login."""
        return self.login


class GroupProfile(models.Model):
    """What IRIS knows of a group beyond its name and permissions.

    Members of an auto-follow group get `auto_follow_access_level` on every case opened from then on.
    """

    group = models.OneToOneField(
        Group, on_delete=models.CASCADE, primary_key=True, related_name="profile"
    )
    uuid = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    description = models.CharField(max_length=1000, blank=True)
    auto_follow = models.BooleanField(default=False)
    auto_follow_access_level = models.PositiveSmallIntegerField(
        default=0, choices=[(0, "none"), *AccessLevel.choices()]
    )

    def __str__(self) -> str:
        return f"profile of group {self.pk}"
