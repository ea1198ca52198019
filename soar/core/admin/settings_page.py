"""My settings: what a user sees and changes of himself."""

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from unfold.widgets import UnfoldAdminPasswordWidget

from soar.core.admin.api_keys import answer_key_form, key_panel
from soar.core.admin.api_tokens import answer_token_form, token_panel
from soar.core.admin.base import actor_of
from soar.core.errors import Invalid
from soar.core.passwords import MAXIMUM_LENGTH
from soar.core.services.own_account import change_own_password


def _password(label: str, autocomplete: str, help_text: str = "") -> forms.CharField:
    widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": autocomplete})
    return forms.CharField(
        label=label, strip=False, max_length=MAXIMUM_LENGTH, widget=widget, help_text=help_text
    )


class OwnPasswordForm(forms.Form):
    """The old password, and the new one twice."""

    old_password = _password("Current password", "current-password")
    new_password = _password(
        "New password",
        "new-password",
        "At least 12 characters, with upper case, lower case and a digit.",
    )
    repeated = _password("New password again", "new-password")

    def clean(self) -> dict[str, str]:
        """Require both new passwords to be equal."""
        cleaned = super().clean() or {}
        both_given = {"new_password", "repeated"} <= set(cleaned)
        if both_given and cleaned["new_password"] != cleaned["repeated"]:
            self.add_error("repeated", "The two new passwords differ.")
        return cleaned


@sensitive_post_parameters()
def my_settings(request: HttpRequest) -> HttpResponse:
    """Show the settings, and change the password when the form is right."""
    form = OwnPasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _change_password(request, form):
        messages.success(request, "Your password was changed.")
        return redirect("admin:my_settings")
    context = {
        **admin.site.each_context(request),
        "title": "My settings",
        "form": form,
        "key_panel": key_panel(request, request.user.pk, reverse("admin:my_settings_api_key")),
        "token_panel": token_panel(
            request, request.user.pk, reverse("admin:my_settings_api_tokens")
        ),
    }
    return TemplateResponse(request, "admin/my_settings.html", context)


def my_api_key(request: HttpRequest) -> HttpResponse:
    """Show or renew the own API key."""
    return answer_key_form(request, request.user.pk, reverse("admin:my_settings"))


def my_api_tokens(request: HttpRequest) -> HttpResponse:
    """Show or revoke an own API token; issue one, if one may."""
    return answer_token_form(request, request.user.pk, reverse("admin:my_settings"))


def _change_password(request: HttpRequest, form: OwnPasswordForm) -> bool:
    values = form.cleaned_data
    try:
        user = change_own_password(
            actor_of(request), old=values["old_password"], new=values["new_password"]
        )
    except Invalid as refusal:
        for name, texts in refusal.fields.items():
            form.add_error(name, list(texts))
        return False
    update_session_auth_hash(request, user)
    return True


admin.site.add_page("my-settings/", my_settings, "my_settings")
admin.site.add_page("my-settings/api-key/", my_api_key, "my_settings_api_key")
admin.site.add_page("my-settings/api-tokens/", my_api_tokens, "my_settings_api_tokens")
