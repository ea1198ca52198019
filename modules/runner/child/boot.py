"""Start of the child. Run by path: `python -I boot.py DESCRIPTOR`; makes its folder the package watchfloor_runner.

Nothing else of Watchfloor is importable: a project folder on the path is taken off it.
"""

import importlib
import importlib.util
import os
import socket
import sys

NAME = "watchfloor_runner"


def main(descriptor: int) -> None:
    """Serve the host at the other end of a socket."""
    here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - pathlib costs 5 ms here
    project = os.path.normpath(os.path.join(here, "..", "..", ".."))  # noqa: PTH118
    sys.path[:] = [path for path in sys.path if os.path.normpath(path) not in (here, project)]
    spec = importlib.util.spec_from_file_location(
        NAME,
        os.path.join(here, "__init__.py"),  # noqa: PTH118
        submodule_search_locations=[here],
    )
    package = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
    sys.modules[NAME] = package
    silence()
    server = importlib.import_module(f"{NAME}.server")
    server.Server(socket.socket(fileno=descriptor)).serve()


def silence() -> None:
    """Send what is printed before a run into nothing; what the interpreter complained of is out already."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    os.close(nothing)


if __name__ == "__main__":
    main(int(sys.argv[1]))
