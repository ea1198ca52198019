"""How long a tag may be: PostgreSQL finds rows by their tags with an index that takes no longer ones."""

from soar.core.errors import Invalid

LONGEST_TAG = 512
TOO_LONG = f"A tag has at most {LONGEST_TAG} characters."


def are_too_long(tags: str) -> bool:
    """Tell whether one of the tags, which commas part, is longer than a tag may be."""
    return len(tags) > LONGEST_TAG and any(len(tag) > LONGEST_TAG for tag in tags.split(","))


def check_tags(tags: str | None) -> None:
    """Raise Invalid when one of the tags is too long."""
    if tags is not None and are_too_long(tags):
        raise Invalid.field("tags", TOO_LONG)
