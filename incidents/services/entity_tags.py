"""Tags of entities: what is stored of them, and the reserved ones, which are the verdict (contract §3.3)."""

from collections.abc import Iterable, Sequence

from iocs.models import Verdict

# The graver first: it holds where both are given.
RESERVED = {
    Verdict.MALICIOUS: ("\N{LARGE RED CIRCLE}", "MALICIOUS"),
    Verdict.SUSPICIOUS: ("\N{LARGE ORANGE CIRCLE}", "SUSPICIOUS"),
}
VARIATION_SELECTOR = "\ufe0f"  # asks for the coloured form of a character; some keyboards add it


def tags_of(texts: Iterable[str | None]) -> list[str]:
    """Return the tags of texts with commas between them, each once, in the order they came."""
    parts = (part.strip() for text in texts for part in (text or "").split(","))
    return list(dict.fromkeys(part for part in parts if part))


def text_of(tags: Iterable[str]) -> str:
    """Return tags as they are stored."""
    return ",".join(tags_of(tags))


def parted(tags: Sequence[str]) -> tuple[Verdict | None, list[str]]:
    """Return the verdict that reserved tags stand for, None without one, and the other tags."""
    given = [(tag, tag.replace(VARIATION_SELECTOR, "")) for tag in tags_of(tags)]
    names = {name for _, name in given}
    verdict = next((one for one, words in RESERVED.items() if names.intersection(words)), None)
    reserved = {word for words in RESERVED.values() for word in words}
    return verdict, [tag for tag, name in given if name not in reserved]


def shown_tags(verdict: str, texts: Iterable[str | None]) -> list[str]:
    """Return the tags of an entity: the reserved ones of its verdict, then those that were written."""
    reserved = RESERVED.get(Verdict(verdict), ())
    return list(dict.fromkeys([*reserved, *parted(tags_of(texts))[1]]))
