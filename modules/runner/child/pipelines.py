"""The two calls of a pipeline: take an uploaded file, import what was taken. Contract iris-modules §2.6."""

from typing import Any

from .interface import IrisModuleInterface

UPLOAD, BLOCK = "upload", 2**20


class FileHandle:
    """An uploaded file as modules expect it: a name and save()."""

    def __init__(self, path: str, filename: str) -> None:
        self.path, self.filename = path, filename
        self.name = "file"

    def save(self, destination: Any, *_given: Any) -> None:
        """Copy it to a place."""
        with open(self.path, "rb") as source, open(destination, "wb") as target:  # noqa: PTH123
            while block := source.read(BLOCK):
                target.write(block)


def call(job: dict[str, Any], module: IrisModuleInterface) -> tuple[str, Any]:
    """Call the method a pipeline job is for; return its name and its answer."""
    given = job.get("pipeline") or {}
    if given.get("step") == UPLOAD:
        handle = FileHandle(str(given.get("file")), str(given.get("filename")))
        words = (given.get("case_customer"), given.get("case_name"), bool(given.get("is_update")))
        return "pipeline_files_upload", module.pipeline_files_upload(
            given.get("base_path"), handle, *words
        )
    return "pipeline_handler", module.pipeline_handler(given.get("type"), given.get("data") or {})
