"""From the turns of all rounds to medians, ratios and a verdict."""

import statistics
from collections.abc import Iterable, Mapping
from typing import Any, TextIO

from bench.calls import Endpoint

Figures = dict[str, float]
Rounds = dict[str, list[Figures]]  # program -> its figures, round by round


def summarise(endpoint: Endpoint, rounds: Rounds) -> dict[str, Any]:
    """Return the medians of every program and the ratios of ours to the others, each with its target."""
    summary: dict[str, Any] = {
        "rounds": len(rounds["ours"]),
        "programs": {name: _medians(figures) for name, figures in rounds.items()},
    }
    ours = rounds["ours"]
    if "floor" in rounds:
        ratio = _ratio(ours, rounds["floor"], "cpu_ms")
        summary["cpu_over_floor"] = _verdict(ratio, at_most=endpoint.floor_target)
    if "plain" in rounds:
        ratio = _ratio(rounds["plain"], ours, "cpu_ms")
        summary["plain_cpu_over_ours"] = _verdict(ratio, at_least=endpoint.plain_target)
        summary["plain_p50_over_ours"] = round(_ratio(rounds["plain"], ours, "p50_ms"), 2)
        summary["throughput_over_plain"] = round(_ratio(ours, rounds["plain"], "per_second_8"), 2)
    return summary


def print_table(results: Mapping[str, Any], stream: TextIO) -> None:
    """Write a line per endpoint."""
    line = "{:<17} {:>6} {:>9} {:>9} {:>9} {:>8} {:>8} {:>8} {:>13} {:>13}\n"
    heads = ("endpoint", "", "cpu ms", "py", "pg", "p50", "p95", "req/s 8", "x floor", "plain x")
    stream.write(line.format(*heads))
    for name, result in results.items():
        for program, figures in result["programs"].items():
            ratios = [
                _verdict_text(result.get(key)) if program == "ours" else ""
                for key in ("cpu_over_floor", "plain_cpu_over_ours")
            ]
            numbers = [
                f"{figures[key]:.2f}"
                for key in ("cpu_ms", "cpu_python_ms", "cpu_postgres_ms", "p50_ms", "p95_ms")
            ]
            stream.write(
                line.format(name, program, *numbers, f"{figures['per_second_8']:.0f}", *ratios)
            )


def missed(results: Mapping[str, Any]) -> list[str]:
    """Return which targets were not met."""
    return [
        f"{name}: {key}"
        for name, result in results.items()
        for key in ("cpu_over_floor", "plain_cpu_over_ours")
        if key in result and not result[key]["met"]
    ]


def _medians(rounds: Iterable[Figures]) -> Figures:
    listed = list(rounds)
    return {
        key: round(statistics.median(figures[key] for figures in listed), 3) for key in listed[0]
    }


def _ratio(over: list[Figures], under: list[Figures], key: str) -> float:
    """Return the median over the rounds of one program's figure divided by the other's."""
    return statistics.median(a[key] / b[key] for a, b in zip(over, under, strict=True))


def _verdict(
    ratio: float, *, at_most: float | None = None, at_least: float | None = None
) -> dict[str, Any]:
    met = ratio <= at_most if at_most is not None else ratio >= (at_least or 0)
    target = f"<= {at_most}" if at_most is not None else f">= {at_least}"
    return {"ratio": round(ratio, 2), "target": target, "met": met}


def _verdict_text(verdict: Mapping[str, Any] | None) -> str:
    if verdict is None:
        return "-"
    return f"{verdict['ratio']:.2f} ({verdict['target']}){'' if verdict['met'] else ' !'}"
