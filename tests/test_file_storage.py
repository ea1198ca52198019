"""The storage of files: whole or not at all."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile

from soar.core import environment
from soar.core.file_storage import DurableStorage


def test_a_file_lies_under_its_name_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    storage = DurableStorage(location=tmp_path)
    assert storage.save("ab/cd", ContentFile(b"x")) == "ab/cd"
    path = tmp_path / "ab" / "cd"
    assert (path.read_bytes(), path.stat().st_mode & 0o077) == (b"x", 0)


def test_a_file_of_the_name_is_written_over(tmp_path: Path) -> None:
    storage = DurableStorage(location=tmp_path)
    for content in (b"x", b"y"):
        storage.save("a", ContentFile(content))
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"y"]


def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    class Torn(ContentFile):  # type: ignore[type-arg]
        def chunks(self, chunk_size: int | None = None):  # type: ignore[no-untyped-def]
            yield b"half"
            raise OSError

    with pytest.raises(OSError):
        DurableStorage(location=tmp_path).save("a", Torn(b""))
    assert list(tmp_path.iterdir()) == []


def test_options_of_the_store_are_an_object(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOAR_X", '{"bucket_name": "b"}')
    assert environment.members("SOAR_X") == {"bucket_name": "b"}
    for text in ("[]", "{"):
        monkeypatch.setenv("SOAR_X", text)
        with pytest.raises(ImproperlyConfigured):
            environment.members("SOAR_X")
