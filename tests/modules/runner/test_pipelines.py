"""Pipelines: an uploaded file is taken, then imported. Contract §2.6."""

from pathlib import Path
from typing import Any

from modules.runner.host import Limits, run_job
from tests.modules.runner.jobs import CASE_ID, environment, failure_of, job, make_module, success_of

METHODS = """
    def pipeline_files_upload(self, base_path, file_handle, case_customer, case_name, is_update):
        file_handle.save(f"{base_path}/{file_handle.filename}")
        self.log.info("%s %s %s", case_customer, case_name, is_update)
        return InterfaceStatus.I2Success()

    def pipeline_handler(self, pipeline_type, pipeline_data):
        if pipeline_type != IrisPipelineTypes.pipeline_type_update:
            return InterfaceStatus.I2Error(f"no {pipeline_type}")
        self._evidence_storage.add_evidence(
            case_id=pipeline_data["case_id"], filename="a.evtx", description="Imported",
            size=3, sha256="ab" * 32, date_added=None, user_id=pipeline_data["user_id"],
        )
        return InterfaceStatus.I2Success(data=pipeline_data["pipeline_args"])
"""


def run_pipeline(folder: Path, **pipeline: Any) -> Any:
    """Run one step of a pipeline."""
    head = "from iris_interface.IrisModuleInterface import IrisPipelineTypes"
    make_module(folder, "return None", head=head)
    file = folder / "made_up" / "MadeUp.py"
    file.write_text(file.read_text() + METHODS)
    what = job("made_up", kind="pipeline", data=[], pipeline=pipeline)
    return run_job(environment("made_up", folder), what, Limits(60))


def test_an_uploaded_file_is_saved_by_the_module(tmp_path: Path) -> None:
    (tmp_path / "upload").write_bytes(b"abc")
    (tmp_path / "base").mkdir()
    outcome = run_pipeline(
        tmp_path,
        step="upload",
        file=str(tmp_path / "upload"),
        filename="a.evtx",
        base_path=str(tmp_path / "base"),
        case_customer="ACME",
        case_name="Phishing",
        is_update=True,
    )
    assert success_of(outcome)["logs"][0]["text"] == "ACME Phishing True"
    assert (tmp_path / "base" / "a.evtx").read_bytes() == b"abc"


def test_an_import_proposes_evidence(tmp_path: Path) -> None:
    data = {"case_id": CASE_ID, "user_id": 4, "pipeline_args": {"source": "x"}}
    result = success_of(run_pipeline(tmp_path, type="pipeline_update", data=data))
    assert result["data"] == {"source": "x"}
    (evidence,) = result["creations"]
    assert (evidence["kind"], evidence["fields"]["filename"]) == ("evidence", "a.evtx")
    assert evidence["fields"]["file_size"] == 3


def test_a_refused_step_says_so(tmp_path: Path) -> None:
    outcome = run_pipeline(tmp_path, type="pipeline_import", data={})
    assert failure_of(outcome) == "no pipeline_import"


def test_a_module_without_a_pipeline_is_not_implemented(tmp_path: Path) -> None:
    make_module(tmp_path, "return None")
    what = job("made_up", kind="pipeline", data=[], pipeline={"type": "pipeline_update"})
    outcome = run_job(environment("made_up", tmp_path), what, Limits(60))
    assert failure_of(outcome) == "Not implemented"
