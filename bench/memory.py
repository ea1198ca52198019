"""How much memory one web worker holds after listing and exporting the big case many times."""

from typing import Any

from bench.calls import Place
from bench.client import Call, Connection, Target
from bench.processes import Program, resident_megabytes, running

REPETITIONS = 20
LIMIT_MEGABYTES = 300
PATHS = (
    "/case/ioc/list",
    "/case/assets/list",
    "/case/timeline/events/list",
    "/case/tasks/list",
    "/case/export",
)


def measure_memory(program: Program, place: Place, key: str) -> dict[str, Any]:
    """Return the resident megabytes of a program's only worker before, after and at its highest."""
    with running([program], workers=1) as servers:
        server = servers[program.name]
        connection = Connection(Target("127.0.0.1", server.port, key))
        connection.send(Call("/api/ping"))
        before, _ = max(map(resident_megabytes, server.pids()))
        exported = 0
        for _ in range(REPETITIONS):
            for path in PATHS:
                exported = len(connection.send(Call(f"{path}?cid={place.big}")))
        after, peak = max(map(resident_megabytes, server.pids()))
        connection.close()
    return {
        "before_mb": round(before, 1),
        "after_mb": round(after, 1),
        "peak_mb": round(peak, 1),
        "repetitions": REPETITIONS,
        "export_mb": round(exported / 1e6, 1),
        "target": f"< {LIMIT_MEGABYTES}",
        "met": peak < LIMIT_MEGABYTES,
    }
