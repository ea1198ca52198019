"""Typed readers of environment variables that refuse nonsense instead of guessing."""

import hashlib
import json
import os
import secrets
import tempfile
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

LONGEST_SOCKET_PATH = 90  # Unix sockets take 107 bytes, the name of the socket included
TRUE_WORDS = {"1", "true", "yes", "on"}
FALSE_WORDS = {"0", "false", "no", "off"}


def text(name: str, default: str = "") -> str:
    """Return the variable, or the content of the file that NAME_FILE names."""
    path = os.environ.get(f"{name}_FILE")
    if path and name in os.environ:
        raise ImproperlyConfigured(f"Set {name} or {name}_FILE, not both")
    if path:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE cannot be read: {error.strerror}") from error
    return os.environ.get(name, default)


def boolean(name: str, *, default: bool) -> bool:
    """Return the variable as a boolean; anything but a yes or no word is refused."""
    value = text(name).strip().lower()
    if not value:
        return default
    if value in TRUE_WORDS:
        return True
    if value in FALSE_WORDS:
        return False
    raise ImproperlyConfigured(f"{name} must be true or false")


def integer(name: str, default: int, *, minimum: int, maximum: int) -> int:
    """Return the variable as an integer within its bounds."""
    value = text(name).strip()
    if not value:
        return default
    try:
        number = int(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be an integer") from error
    if not minimum <= number <= maximum:
        raise ImproperlyConfigured(f"{name} must be between {minimum} and {maximum}")
    return number


def address(name: str, default: str) -> tuple[str, int]:
    """Return an address:port variable as host and port; [::1]:8000 is understood."""
    value = text(name) or default
    host, separator, port = value.rpartition(":")
    if not separator or not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise ImproperlyConfigured(f"{name} must be address:port")
    return host.strip("[]"), int(port)


def words(name: str) -> list[str]:
    """Return a comma separated variable as a list without empty members."""
    return [word.strip() for word in text(name).split(",") if word.strip()]


def members(name: str) -> dict[str, Any]:
    """Return a variable that holds a JSON object, an empty one when it is not set."""
    try:
        value = json.loads(text(name).strip() or "{}")
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a JSON object") from error
    if not isinstance(value, dict):
        raise ImproperlyConfigured(f"{name} must be a JSON object")
    return value


def secret(name: str, directory: Path) -> str:
    """Return the variable, or a random value kept in a file only its owner may read.

    The file is made once, atomically, so that processes starting together agree on one value.
    """
    given = text(name)
    if given:
        return given
    path = directory / "secrets" / name.lower()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    if not path.exists():
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(64))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another process was first: its value counts
        finally:
            draft.unlink()
    return path.read_text(encoding="utf-8").strip()


def secrets_in(name: str, directory: Path) -> list[str]:
    """Return the secrets of the variable, separated by commas or white space, else one kept like `secret`."""
    found = secret(name, directory).replace(",", " ").split()
    if not found:
        raise ImproperlyConfigured(f"{name} names no secret")
    return found


def socket_directory(data_directory: Path) -> Path:
    """Return where Unix sockets lie: with the data, or in a private place when that path is too long."""
    if len(os.fsencode(data_directory)) <= LONGEST_SOCKET_PATH:
        return data_directory
    digest = hashlib.sha256(os.fsencode(data_directory)).hexdigest()[:16]
    directory = Path(tempfile.gettempdir()) / f"soar-{os.getuid()}-{digest}"
    directory.mkdir(mode=0o700, exist_ok=True)
    found = directory.lstat()
    if found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise ImproperlyConfigured(f"{directory} belongs to somebody else: shorten SOAR_DATA_DIR")
    return directory
