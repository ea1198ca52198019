"""Undoes the ways people write indicators so that nobody clicks them.

No pattern has an unbounded part that could match in two ways, so the time grows with the text only.
"""

import re

# Stands for a dot that was defanged, so that later steps know the author meant an indicator.
MEANT_DOT = "\ue000"

_SCHEME = re.compile(
    r"(?i)(?<![a-z])(h(?:xx|tt|\*\*|__)p|f[xt]p)(s?)"
    r"(?:://|\[:\]//|\[://\]|\(:\)//|:\[//\]|:\[/\]\[/\]|\[:\]\[/\]\[/\])"
)
_DOT = re.compile(
    r"(?i)(?<=\w) ?(?:\[ ?(?:\.|dot|punkt) ?\]|\( ?(?:\.|dot|punkt) ?\)|\{ ?(?:\.|dot|punkt) ?\}) ?(?=\w)"
    r"|(?<=\w)(?:\[\.|\.\])(?=\w)"
)
_AT = re.compile(r"(?i)(?<=\w) ?(?:\[ ?(?:@|at) ?\]|\( ?(?:@|at) ?\)|\{ ?(?:@|at) ?\}) ?(?=\w)")
_COLON = re.compile(r"\[:\]|\(:\)")
_SLASH = re.compile(r"\[/\]")
_LIST_OF_URLS = re.compile(r"(?i)[,;](?=(?:https?|ftps?)://)")


def refanged(text: str) -> str:
    """Return a text with schemes, dots, at signs and colons put back; defanged dots as MEANT_DOT."""
    text = text.replace(MEANT_DOT, " ")
    text = _SCHEME.sub(lambda m: f"{'http' if m[1][0] in 'hH' else 'ftp'}{m[2].lower()}://", text)
    text = _COLON.sub(":", _SLASH.sub("/", text))
    text = _AT.sub("@", _DOT.sub(MEANT_DOT, text))
    return _LIST_OF_URLS.sub(" ", text)
