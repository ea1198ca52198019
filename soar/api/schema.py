"""How the doors describe themselves in OpenAPI."""

import re

from drf_spectacular.openapi import AutoSchema


class PathNamedSchema(AutoSchema):
    """Name each operation by method and path, which are unique, in place of guessed CRUD verbs."""

    def get_operation_id(self) -> str:
        """Return such as `post_case_notes_groups_update_group_id`."""
        return "_".join([self.method.lower(), *re.findall(r"\w+", self.path)])
