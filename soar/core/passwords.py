"""The password policy. Source: DFIR-IRIS default policy (contract §2.1, users/add)."""

from typing import Any

from django.core.exceptions import ValidationError

MINIMUM_LENGTH = 12
MAXIMUM_LENGTH = 256


class PolicyValidator:
    """Require 12 characters with an upper-case letter, a lower-case letter and a digit."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError naming every rule the password breaks."""
        broken = []
        if len(password) < MINIMUM_LENGTH:
            broken.append(f"Password must be at least {MINIMUM_LENGTH} characters long")
        if len(password) > MAXIMUM_LENGTH:
            broken.append(f"Password must be at most {MAXIMUM_LENGTH} characters long")
        if not (any(c.isupper() for c in password) and any(c.isdigit() for c in password)):
            broken.append("Password must contain 1 capital letter and 1 number")
        if not any(c.islower() for c in password):
            broken.append("Password must contain 1 lower-case letter")
        if broken:
            raise ValidationError(broken)

    def get_help_text(self) -> str:
        """Return the rules as one sentence."""
        return f"At least {MINIMUM_LENGTH} characters, with upper case, lower case and a digit."
