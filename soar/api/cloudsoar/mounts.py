"""Where this door stands: the same resources below two prefixes (contract §1.1)."""

LEGACY = "/incmansuite_ng/api/v3/"
CURRENT = "/api/csoar/v3/"
MOUNTS = (LEGACY, CURRENT)
# Whatever is asked for below these is answered in this door's words, what does not exist included.
TERRITORY = ("/incmansuite_ng", "/api/csoar/")


def mount_of(path: str) -> str:
    """Return the prefix a path came in by."""
    return LEGACY if path.startswith(LEGACY) else CURRENT
