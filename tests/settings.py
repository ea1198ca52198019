"""Settings of the tests: those of the product on a data directory that is thrown away afterwards."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

_BASE = "SOAR_TEST_BASE"
if _BASE not in os.environ:  # pytest-xdist workers inherit it and leave the removal to their parent
    os.environ[_BASE] = tempfile.mkdtemp(prefix="soar-test-")
    atexit.register(shutil.rmtree, os.environ[_BASE], ignore_errors=True)
_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")

for _name in [name for name in os.environ if name.startswith("SOAR_") and name != _BASE]:
    del os.environ[_name]
BASE = Path(os.environ[_BASE])  # of this run, shared by its processes
os.environ["SOAR_DATA_DIR"] = str(BASE / _WORKER)
os.environ["SOAR_QUEUE"] = f"test-{_WORKER}"
os.environ["SOAR_LOG_LEVEL"] = "WARNING"

from soar.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher"
]  # fast; Argon2 has its own test
# Else every test client would first look through all static files.
WHITENOISE_AUTOREFRESH = True
