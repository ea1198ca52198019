"""The one way out: HTTP requests that reach no address they should not.

A library, not a module. Modules import it as `watchfloor_http`, the application as
`modules.builtin.watchfloor_http`; it needs nothing but the standard library.
"""

from .addresses import AllowList, RequestRefused
from .client import HttpClient, Policy, RequestFailed, Response, require_plain_url

__all__ = [
    "AllowList",
    "HttpClient",
    "Policy",
    "RequestFailed",
    "RequestRefused",
    "Response",
    "require_plain_url",
]
