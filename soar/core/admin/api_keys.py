"""IRIS API keys in the console: a list without secrets, and the panel that shows and renews one."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from soar.core.admin.base import ReadOnlyAdmin, Services, actor_of
from soar.core.errors import Forbidden, NotFound
from soar.core.models import IrisApiKey
from soar.core.selectors import visible_api_keys
from soar.core.services.api_keys import renew_key, require_key_access, reveal_key

# In the session for one request, between the click and the page that answers it. Never the key itself.
SHOWN = "show_api_key_of"


@admin.register(IrisApiKey)
class IrisApiKeyAdmin(ReadOnlyAdmin):
    """Who has a key since when; the keys are on the users' pages."""

    services = Services(visible=visible_api_keys)
    list_display = ("user", "generation", "is_derived", "renewed_at")
    list_select_related = ("user",)
    search_fields = ("user__login", "user__name")
    fields = ("user", "generation", "is_derived", "renewed_at")


def key_panel(request: HttpRequest, user_id: int, action: str) -> dict[str, Any] | None:
    """Return what the panel shows: to the owner and administrators, else None.

    The key is in it only on the page right after its owner or an administrator clicked Show or Renew.
    """
    actor = actor_of(request)
    row = visible_api_keys(actor).filter(pk=user_id).first()
    if row is None:
        return None
    is_shown = request.method == "GET" and request.session.get(SHOWN) == user_id
    if is_shown:
        del request.session[SHOWN]
    key = reveal_key(actor, user_id) if is_shown else None
    is_own = actor.user_id == user_id
    return {"row": row, "is_shown": is_shown, "key": key, "action": action, "is_own": is_own}


def answer_key_form(request: HttpRequest, user_id: int, back: str) -> HttpResponse:
    """Renew the key or note that it is to be shown, and send the browser back to the panel."""
    if request.method != "POST":
        return redirect(back)
    actor = actor_of(request)
    try:
        require_key_access(actor, user_id)
        if "renew" in request.POST:
            renew_key(actor, user_id)
            messages.success(request, "The API key was renewed. The old key no longer works.")
    except Forbidden as error:
        raise PermissionDenied(error.message) from error
    except NotFound as error:
        raise Http404(error.message) from error
    request.session[SHOWN] = user_id
    return redirect(f"{back}#api-key")
