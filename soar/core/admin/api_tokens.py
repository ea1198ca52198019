"""API tokens in the console: the list of all, and the section of a user's page that issues and ends his."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from soar.core.actor import Actor
from soar.core.admin.base import ReadOnlyAdmin, Services, actor_of
from soar.core.admin.forms import is_id, refusal_text
from soar.core.errors import DomainError, Forbidden
from soar.core.models import ApiToken
from soar.core.permissions import Permission
from soar.core.selectors import visible_api_tokens
from soar.core.services.api_tokens import (
    DESCRIPTION_LENGTH,
    LONGEST_DAYS,
    MAXIMUM_TOKENS,
    issue_token,
    may_issue,
    may_see_text,
    require_text_access,
    require_token_access,
    revoke_token,
    show_token,
)

# In the session for one request, between the click and the page that answers it. Never the token itself.
SHOWN = "show_api_token"


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    """Who has which tokens since when; their texts are on the users' pages."""

    services = Services(visible=visible_api_tokens)
    list_display = ("user", "description", "state", "created_at", "last_used_at", "expires_at")
    list_select_related = ("user", "created_by", "revoked_by")
    list_filter = ("revoked_at", "expires_at", "last_used_at")
    search_fields = ("user__login", "user__name", "description", "jti")
    actions = ("revoke",)
    fields = (
        "jti",
        "user",
        "description",
        "state",
        "created_at",
        "created_by",
        "expires_at",
        "last_used_at",
        "last_used_ip",
        "revoked_at",
        "revoked_by",
    )

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Tell whether the actor may end tokens: everybody his own, and he sees no others."""
        return self.has_view_permission(request)

    @admin.action(description="Revoke selected tokens", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        """End the selected tokens."""
        self.run_on_each(request, queryset, _revoke, "Revoked %d tokens.")


class NewTokenForm(forms.Form):
    """What may be said of a token to be."""

    description = forms.CharField(
        required=False, max_length=DESCRIPTION_LENGTH, widget=UnfoldAdminTextInputWidget()
    )
    days = forms.IntegerField(
        label="Good for days",
        required=False,
        min_value=1,
        max_value=LONGEST_DAYS,
        help_text="Empty: until it is revoked.",
        widget=UnfoldAdminIntegerFieldWidget(),
    )


def token_panel(request: HttpRequest, user_id: int, action: str) -> dict[str, Any] | None:
    """Return what the section shows: to the owner and whoever holds API_ADMIN, else None.

    Of a user who may do more than he the latter sees no text and generates nothing, but revokes.

    A text is in it only on the page right after somebody who may see it clicked Generate or Show.
    """
    actor = actor_of(request)
    if actor.user_id != user_id and not actor.may(Permission.API_ADMIN):
        return None
    rows = list(_tokens(actor, user_id)[:MAXIMUM_TOKENS])
    shown = request.session.pop(SHOWN, None) if request.method == "GET" else None
    row = next((row for row in rows if row.pk == shown), None)
    return {
        "rows": rows,
        "shown": row,
        "text": show_token(actor, row.pk) if row is not None else "",
        "action": action,
        "form": NewTokenForm() if may_issue(actor, user_id) else None,
        "may_see": may_see_text(actor, user_id),
    }


def answer_token_form(request: HttpRequest, user_id: int, back: str) -> HttpResponse:
    """Do what the clicked button says, and send the browser back to the section."""
    if request.method != "POST":
        return redirect(back)
    actor = actor_of(request)
    try:
        require_token_access(actor, user_id)
        _act(request, actor, user_id)
    except Forbidden as error:
        raise PermissionDenied(error.message) from error
    except DomainError as error:
        messages.error(request, refusal_text(error))
    return redirect(f"{back}#api-tokens")


def _act(request: HttpRequest, actor: Actor, user_id: int) -> None:
    if "generate" in request.POST:
        _generate(request, actor, user_id)
    elif "show" in request.POST:
        require_text_access(actor, user_id)
        request.session[SHOWN] = _chosen(actor, user_id, request.POST["show"]).pk
    elif "revoke" in request.POST:
        revoke_token(actor, _chosen(actor, user_id, request.POST["revoke"]).pk)
        messages.success(request, "The token was revoked. It no longer opens anything.")


def _generate(request: HttpRequest, actor: Actor, user_id: int) -> None:
    form = NewTokenForm(request.POST)
    if not form.is_valid():
        texts = [f"{name}: {text}" for name, lines in form.errors.items() for text in lines]
        messages.error(request, " ".join(texts))
        return
    row = issue_token(actor, user_id, **form.cleaned_data)
    messages.success(request, "The token was generated.")
    request.session[SHOWN] = row.pk


def _chosen(actor: Actor, user_id: int, number: str) -> ApiToken:
    row = _tokens(actor, user_id).filter(pk=number).first() if is_id(number) else None
    if row is None:
        raise Http404("No such token")
    return row


def _tokens(actor: Actor, user_id: int) -> QuerySet[ApiToken]:
    return visible_api_tokens(actor).filter(user=user_id, revoked_at=None)


def _revoke(actor: Actor, row: ApiToken) -> None:
    revoke_token(actor, row.pk)
