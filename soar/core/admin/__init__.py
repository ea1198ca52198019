"""The console's pages for users, groups, credentials and the trail; importing registers them."""

from soar.core.admin import api_keys, api_tokens, audit, groups, settings_page, users

__all__ = ["api_keys", "api_tokens", "audit", "groups", "settings_page", "users"]
