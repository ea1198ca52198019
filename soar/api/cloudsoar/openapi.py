"""The OpenAPI document of this door, one per mount, made once per process."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from drf_spectacular.generators import SchemaGenerator

from soar.api.cloudsoar.authentication import BASIC_SCHEME, BEARER_SCHEME
from soar.api.cloudsoar.errors import shape
from soar.api.cloudsoar.mounts import CURRENT, LEGACY

ROUTES = "soar.api.cloudsoar.urls"  # by name: what it routes to answers with this document
WAYS = {LEGACY: (BEARER_SCHEME,), CURRENT: (BEARER_SCHEME, BASIC_SCHEME)}
TITLE = "Watchfloor: Cloud SOAR API v3"
# An example of every shape, by its name: what is sent, and what is shown where a route has none of its own.
EXAMPLES: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("examples.json").read_text(encoding="utf-8")
)
MEDIA = "application/json"
WRONG = {
    "description": "closing_note: This field is required.",
    "fields": {"closing_note": ["This field is required."]},
}
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
            _add_examples(operation)
    made["components"]["securitySchemes"] = ways
    info = made["info"] | {"title": TITLE, "description": DESCRIPTION}
    return made | {"info": info, "paths": paths}


def _add_examples(operation: dict[str, Any]) -> None:
    """Put an example to the body and to each answer that has none, and right those of lists."""
    bodies = [("sent", operation.get("requestBody", {}))]
    bodies += [
        ("shown", answer) for code, answer in operation["responses"].items() if code[0] != "4"
    ]
    for direction, body in bodies:
        content = body.get("content", {}).get(MEDIA)
        if content is None:
            continue
        for example in content.get("examples", {}).values():
            # The generator makes a list of every example of a list, of those that are one already too.
            if content["schema"].get("type") == "array" and isinstance(example["value"][0], list):
                example["value"] = example["value"][0]
        found = _example_of(content["schema"], EXAMPLES[direction])
        if found is not None:
            content.setdefault("examples", {"Example": {"value": found}})
    for code, answer in operation["responses"].items():
        if code[0] == "4":
            refused = shape(int(code)) | (WRONG if code == "400" else {})
            for content in answer.get("content", {}).values():
                content.setdefault("examples", {"Example": {"value": refused}})


def _example_of(schema: Mapping[str, Any], known: Mapping[str, Any]) -> Any:
    """Return the example of a shape or of a list of it, None if there is none."""
    if schema.get("type") == "array":
        inner = _example_of(schema["items"], known)
        return None if inner is None else [inner]
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    return known.get(name.removeprefix("Patched").removesuffix("Request"))
