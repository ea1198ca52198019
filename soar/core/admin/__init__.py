"""The console's pages for users, groups, credentials and the trail; importing registers them."""

from soar.core.admin import api_keys, audit, groups, settings_page, users

__all__ = ["api_keys", "audit", "groups", "settings_page", "users"]
