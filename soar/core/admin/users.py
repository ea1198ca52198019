"""Users in the console."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.auth import update_session_auth_hash
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from unfold.widgets import UnfoldAdminPasswordWidget

from soar.core.actor import Actor
from soar.core.admin.api_keys import answer_key_form, key_panel
from soar.core.admin.api_tokens import answer_token_form, token_panel
from soar.core.admin.base import ServiceAdmin, Services, actor_of
from soar.core.models import User
from soar.core.passwords import MAXIMUM_LENGTH
from soar.core.selectors import visible_users
from soar.core.services.users import add_user, delete_user, set_active, set_groups, update_user

PASSWORD_HELP = "At least 12 characters, with upper case, lower case and a digit."  # noqa: S105


class UserForm(forms.ModelForm):
    """A user as administrators edit him. What he may do comes from his groups alone (SEC-15)."""

    field_of_value = {"password": "new_password"}
    new_password = forms.CharField(
        label="New password",
        required=False,
        strip=False,
        max_length=MAXIMUM_LENGTH,
        help_text=f"Leave empty to keep the present one. {PASSWORD_HELP}",
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
    )

    class Meta:
        model = User
        fields = ("login", "name", "email", "is_service_account", "groups")


class NewUserForm(UserForm):
    """A user to be: he needs a password unless he is a service account."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["new_password"]
        field.label, field.help_text = "Password", f"{PASSWORD_HELP} A service account needs none."


@admin.register(User)
class UserAdmin(ServiceAdmin):
    """Users: everybody sees who his colleagues are, administrators change them."""

    services = Services(visible=visible_users, add=add_user, change=update_user, delete=delete_user)
    form = UserForm
    add_form = NewUserForm
    list_display = ("login", "name", "email", "is_active", "is_staff", "is_service_account")
    list_filter = ("is_active", "is_staff", "is_service_account", "groups")
    search_fields = ("login", "name", "email")
    filter_horizontal = ("groups",)
    readonly_fields = ("is_active", "is_staff", "last_login", "created_at")
    actions = ("activate", "deactivate")
    change_form_outer_after_template = "admin/credential_panels.html"
    colleague_fields = ("login", "name", "is_active")
    fieldsets = (
        (None, {"fields": ("login", "name", "email", "is_service_account", "new_password")}),
        ("Permissions", {"fields": ("groups", "is_active", "is_staff")}),
        ("Dates", {"fields": ("last_login", "created_at")}),
    )
    add_fieldsets = (
        (None, {"fields": ("login", "name", "email", "is_service_account", "new_password")}),
        ("Permissions", {"fields": ("groups",)}),
    )

    class Media:
        js = ("soar/copy.js",)

    # --- what colleagues see of each other

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return every field to administrators, and who he is to colleagues."""
        if actor_of(request).is_administrator:
            return super().get_fieldsets(request, obj)
        return ((None, {"fields": self.colleague_fields}),)

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        """Return the columns for administrators, fewer for colleagues."""
        return self.list_display if actor_of(request).is_administrator else self.colleague_fields

    def get_list_filter(self, request: HttpRequest) -> tuple[str, ...]:
        """Return the filters for administrators, fewer for colleagues."""
        return self.list_filter if actor_of(request).is_administrator else ("is_active",)

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        """Return what is searched: colleagues cannot probe for e-mail addresses."""
        return self.search_fields if actor_of(request).is_administrator else ("login", "name")

    # --- writing

    def perform_add(self, actor: Actor, values: dict[str, Any]) -> User:
        """Make the user and put him into his groups."""
        group_ids = values.pop("groups")
        user, _ = add_user(actor, password=values.pop("new_password"), **values)
        return set_groups(actor, user.pk, group_ids=group_ids) if group_ids else user

    def perform_change(self, actor: Actor, obj: User, values: dict[str, Any]) -> User:
        """Change the user, his password and his groups as far as the form did."""
        group_ids = values.pop("groups", None)
        password = values.pop("new_password", "")
        user = obj
        if values or password:
            user = update_user(actor, obj.pk, password=password, **values)
        if group_ids is not None:
            user = set_groups(actor, obj.pk, group_ids=group_ids)
        return user

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        """Save by the services, and stay logged in after changing the own password."""
        super().save_model(request, obj, form, change)
        if change and obj.pk == request.user.pk and "new_password" in form.changed_data:
            update_session_auth_hash(request, obj)

    @admin.action(description="Let selected users in", permissions=["change"])
    def activate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Activate the selected users."""
        self.run_on_each(request, queryset, _activate, "Activated %d users.")

    @admin.action(description="Keep selected users out", permissions=["change"])
    def deactivate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Deactivate the selected users."""
        self.run_on_each(request, queryset, _deactivate, "Deactivated %d users.")

    # --- credentials

    def get_urls(self) -> list[URLPattern]:
        """Return the stock addresses and those of the panels of credentials."""
        key, tokens = map(self.admin_site.admin_view, (self.api_key_view, self.api_tokens_view))
        return [
            path("<path:object_id>/api-key/", key, name="core_user_api_key"),
            path("<path:object_id>/api-tokens/", tokens, name="core_user_api_tokens"),
            *super().get_urls(),
        ]

    def api_key_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show or renew the API key of a user."""
        user = self.get_object(request, unquote(object_id))
        if user is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        return answer_key_form(request, user.pk, reverse("admin:core_user_change", args=[user.pk]))

    def api_tokens_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Issue, show or revoke a token of a user."""
        user = self.get_object(request, unquote(object_id))
        if user is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        page = reverse("admin:core_user_change", args=[user.pk])
        return answer_token_form(request, user.pk, page)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        """Render the page with the panels of credentials under the form of an existing user."""
        user = options.get("obj")
        if user is not None:
            action = reverse("admin:core_user_api_key", args=[user.pk])
            context["key_panel"] = key_panel(request, user.pk, action)
            action = reverse("admin:core_user_api_tokens", args=[user.pk])
            context["token_panel"] = token_panel(request, user.pk, action)
        return super().render_change_form(request, context, *args, **options)


def _activate(actor: Actor, user: User) -> None:
    set_active(actor, user.pk, active=True)


def _deactivate(actor: Actor, user: User) -> None:
    set_active(actor, user.pk, active=False)
