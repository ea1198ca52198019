"""Whatever a module does, there is an outcome that says so, and the next run is not harmed."""

import pytest

from modules.runner.host import Ending, Limits, Outcome
from tests.modules.runner.jobs import (
    failure_of,
    has_ended,
    result_of,
    sample,
    success_of,
    texts,
    trouble,
)


@pytest.fixture(scope="module", autouse=True)
def _imported_before_any_limit_counts() -> None:
    success_of(trouble("nothing", is_forked=True))


SHORT = Limits(wall_seconds=1)
SMALL = Limits(wall_seconds=60, memory_bytes=300 * 2**20)


def tells(outcome: Outcome) -> tuple[Ending, str]:
    """Return how a run without a result ended."""
    assert outcome.result is None
    return outcome.ending, outcome.detail


@pytest.mark.parametrize("kind", ["hang", "spin"])
def test_a_module_that_never_ends_is_stopped_at_its_limit(kind: str, is_forked: bool) -> None:
    outcome = trouble(kind, limits=SHORT, is_forked=is_forked)
    assert tells(outcome) == (Ending.TIMEOUT, "no result after 1 s")
    assert outcome.seconds >= 1


def test_a_crash_is_named_by_its_signal_and_shown_where(is_forked: bool) -> None:
    outcome = trouble("crash", is_forked=is_forked)
    assert tells(outcome) == (Ending.DIED, "killed by signal 11 (SIGSEGV)")
    assert "SampleTrouble.py" in outcome.output


def test_a_module_that_leaves_without_a_word_has_died(is_forked: bool) -> None:
    outcome = trouble("leave", is_forked=is_forked)
    assert tells(outcome) == (Ending.DIED, "ended with status 0 without a result")


def test_sys_exit_is_a_failure(is_forked: bool) -> None:
    message = failure_of(trouble("exit", is_forked=is_forked))
    assert message == "The module failed: it ended the process with sys.exit(enough)"


def test_an_exception_is_a_failure_with_a_traceback_and_without_effects(is_forked: bool) -> None:
    outcome = trouble("raise", is_forked=is_forked)
    assert failure_of(outcome) == "KeyError: 'no such thing'"
    result = result_of(outcome)
    assert result["traceback"].startswith("Traceback")
    assert "SampleTrouble.py" in result["traceback"]
    assert "watchfloor_runner" not in result["traceback"]
    assert (result["diffs"], result["data"]) == ([], None)
    assert texts(result) == ["about to raise"]


def test_a_module_that_takes_all_memory_fails(is_forked: bool) -> None:
    message = failure_of(trouble("memory", limits=SMALL, is_forked=is_forked))
    assert message == "MemoryError: the memory limit of the module is reached"


def test_noise_stays_out_of_the_result_and_is_bounded(is_forked: bool) -> None:
    outcome = trouble("noise", is_forked=is_forked)
    assert success_of(outcome)["message"] == "Success"
    assert len(outcome.output) < 300_000
    assert "bytes left out" in outcome.output
    assert outcome.output.startswith('{"status"')
    assert outcome.output.endswith("last words\n")


def test_endless_noise_does_not_outlast_the_limit(is_forked: bool) -> None:
    outcome = trouble("endless_noise", limits=SHORT, is_forked=is_forked)
    assert tells(outcome) == (Ending.TIMEOUT, "no result after 1 s")
    assert len(outcome.output) < 300_000


def test_children_left_behind_end_with_the_run(is_forked: bool) -> None:
    lines = texts(success_of(trouble("children", is_forked=is_forked)))
    children = [int(line.split()[1]) for line in lines if line.startswith("child ")]
    assert [has_ended(child, 0) for child in children] == [True, True, True]


def test_returned_data_that_are_too_large_are_left_out(is_forked: bool) -> None:
    result = success_of(trouble("huge", is_forked=is_forked))
    assert result["data"] is None
    assert result["diffs"][0]["changes"] == {"ioc_tags": ["", "still here"]}
    assert any("larger than 15 MiB" in line for line in texts(result))


def test_a_result_that_is_too_large_as_a_whole_is_a_failure(is_forked: bool) -> None:
    outcome = trouble("too_huge", is_forked=is_forked)
    assert failure_of(outcome) == "The result is larger than 15 MiB"


@pytest.mark.parametrize("name", ["none", "dict"])
def test_an_answer_that_is_no_status_is_a_failure(name: str, is_forked: bool) -> None:
    outcome = sample(
        "iris_sample_answers", hook="on_manual_trigger_ioc", ui_name=name, is_forked=is_forked
    )
    kind = {"none": "None", "dict": "a dict"}[name]
    expected = f"hooks_handler() returned {kind} instead of a status such as I2Success(...)"
    assert failure_of(outcome) == expected


def test_a_run_that_is_not_to_go_on_is_cancelled(is_forked: bool) -> None:
    outcome = trouble("hang", keep_on=lambda: False, is_forked=is_forked)
    assert tells(outcome) == (Ending.CANCELLED, "cancelled")


def test_a_run_ends_when_asking_whether_to_go_on_fails(is_forked: bool) -> None:
    def fail() -> bool:
        raise LookupError("the database is gone")

    with pytest.raises(LookupError):
        trouble("hang", keep_on=fail, is_forked=is_forked)
    assert success_of(trouble("nothing", is_forked=is_forked))


@pytest.mark.parametrize("kind", ["crash", "leave", "exit", "memory", "children"])
def test_the_run_after_a_bad_one_is_not_harmed(kind: str, is_forked: bool) -> None:
    trouble(kind, limits=SMALL, is_forked=is_forked)
    assert texts(success_of(trouble("nothing", is_forked=is_forked))) == ["about to nothing"]
