"""What a user may change about himself."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from soar.core.actor import Actor
from soar.core.errors import Invalid, NotFound
from soar.core.models import User
from soar.core.recording import recording


def change_own_password(actor: Actor, *, old: str, new: str) -> User:
    """Give the actor a new password, known to nobody else. Raise NotFound or Invalid."""
    with recording(actor) as record:
        user = User.objects.select_for_update().filter(pk=actor.user_id).first()
        if user is None:
            raise NotFound("Invalid user ID")
        if not old or not user.check_password(old):
            raise Invalid.field("old_password", "This is not your current password")
        try:
            validate_password(new, user)
        except ValidationError as error:
            raise Invalid("Data error", {"new_password": error.messages}) from error
        user.set_password(new)
        user.save(update_fields=["password"])
        summary = f"user {user.login} changed his password"
        record("user.password_changed", user, summary=summary)
    return user
