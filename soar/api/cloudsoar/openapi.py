"""The OpenAPI document of this door, one per mount, made once per process."""

from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator

from soar.api.cloudsoar.authentication import BASIC_SCHEME, BEARER_SCHEME
from soar.api.cloudsoar.mounts import CURRENT, LEGACY

ROUTES = "soar.api.cloudsoar.urls"  # by name: what it routes to answers with this document
WAYS = {LEGACY: (BEARER_SCHEME,), CURRENT: (BEARER_SCHEME, BASIC_SCHEME)}
TITLE = "Watchfloor: Cloud SOAR API v3"
DESCRIPTION = """The Cloud SOAR REST API v3. The same resources stand below `/incmansuite_ng/api/v3/` and
`/api/csoar/v3/`; a slash at the end may be left out, and nothing is redirected.

**Token**: an administrator generates it on the page of a user, section *API Token*. Send it as
`Authorization: Bearer TOKEN`; below `/api/csoar/v3/` also as HTTP Basic, with its JTI as the user name.

**Bodies** may be JSON, `application/x-www-form-urlencoded` or `multipart/form-data`. In forms, members of objects
are written `fields[description]=x` or `fields.description=x`, lists `type[]=A&type[]=B`, `type[0]=A` or by
repeating the key; JSON under a form's Content-Type is read as JSON. The vendor's documentation says that the
payload may be "XML" under `Content-Type: multipart/form-data format`: those are the names of form media types, no
client sends XML, and XML is not accepted (415).

**Answers** are JSON whatever `Accept` says: bare arrays and objects without an envelope. Every error is
`{"error": "...", "description": "..."}`, with 400 also `fields`.
"""


@cache
def document(mount: str) -> dict[str, Any]:
    """Return the document of what stands below a mount."""
    made: dict[str, Any] = SchemaGenerator(urlconf=ROUTES).get_schema(request=None, public=True)
    schemes = made["components"]["securitySchemes"]
    ways = {name: schemes[name] for name in WAYS[mount]}
    paths = {path: item for path, item in made["paths"].items() if path.startswith(mount)}
    for path, item in paths.items():
        for operation in item.values():
            operation["tags"] = [path.removeprefix(mount).partition("/")[0]]
            if operation.get("security"):
                operation["security"] = [{name: []} for name in ways]
    made["components"]["securitySchemes"] = ways
    info = made["info"] | {"title": TITLE, "description": DESCRIPTION}
    return made | {"info": info, "paths": paths}
