"""The names modules import, in every spelling, and what they do. Contract §3.2."""

from pathlib import Path
from typing import Any

import pytest

from tests.modules.runner.jobs import (
    CASE_ID,
    MARA,
    failure_of,
    ioc,
    run_body,
    success_of,
    texts,
)

OK = "return InterfaceStatus.I2Success()"
SPELLINGS = [
    "import iris_interface",
    "import iris_interface.IrisInterfaceStatus",
    "import iris_interface.IrisModuleInterface as m; m.IrisModuleInterface",
    "from iris_interface import IrisInterfaceStatus, IrisModuleInterface as inner",
    "from iris_interface.IrisInterfaceStatus import IIStatus, IIStatusCode, QueuingHandler",
    "from iris_interface.IrisInterfaceStatus import merge_status, I2Success, I2CodeError",
    "from iris_interface.IrisInterfaceStatus import *; I2Success()",
    "from iris_interface.IrisModuleInterface import IrisPipelineTypes as p; p.pipeline_update",
    "from app import app, db, celery; app.logger, app.config.get('X'), db.session",
    "import app; app.app.logger.info('x'); app.db.session.commit()",
    "from app.db import db; from app.app import app",
    "from app.datamgmt.iris_engine.modules_db import module_list_available_hooks",
    "import app.datamgmt.iris_engine.modules_db as m; m.module_list_available_hooks()",
    "from app.datamgmt.manage.manage_attribute_db import add_tab_attribute_field",
    "from app.datamgmt.manage.manage_attribute_db import add_tab_attribute",
    "from app.datamgmt.manage.manage_srv_settings_db import get_server_settings_as_dict",
    "from app.datamgmt.iris_engine.evidence_storage import EvidenceStorage",
    "from app.datamgmt.case.case_notes_db import add_note, add_note_group",
    "from app.iris_engine.module_handler.module_handler import register_hook",
    "from app.iris_engine.module_handler.module_handler import deregister_from_hook",
    "from app.iris_engine.module_handler.module_handler import get_mod_config_by_name",
    "from app.iris_engine.utils.tracker import track_activity",
    "from app.models import Ioc, CaseAssets, Notes, NoteDirectory, Cases, CasesEvent, CaseTasks",
    "from app.models import CaseReceivedFile, IocType, IocLink, Tlp, Client, Comments",
    "from app.models.models import CaseAssets, Client, IocLink",
    "from app.models.alerts import Alert",
    "from app.models.cases import Cases, CasesEvent",
    "from app.models.authorization import User",
    "from app.schema.marshables import AlertSchema, CaseDetailsSchema, CaseAssetsSchema",
    "from app.schema.marshables import CaseNoteSchema, IocSchema, EventSchema, CommentSchema",
    "from app.schema.marshables import CaseEvidenceSchema, CaseTaskSchema, SomeOtherSchema",
    "from sqlalchemy import and_, or_, desc, text",
    "from sqlalchemy.orm.attributes import flag_modified",
    "from sqlalchemy.exc import IntegrityError",
]


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The spellings that fail inside a module, with the reason."""
    body = """
        failed = {}
        for spelling in SPELLINGS:
            try:
                exec(spelling, {})
            except BaseException as error:
                failed[spelling] = repr(error)
        return InterfaceStatus.I2Success(data=failed)
    """
    folder = tmp_path_factory.mktemp("spellings")
    found: dict[str, str] = success_of(run_body(folder, body, head=f"SPELLINGS = {SPELLINGS!r}"))[
        "data"
    ]
    return found


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_spelling_can_be_imported(refused: dict[str, str], spelling: str) -> None:
    assert spelling not in refused


def value_of(folder: Path, expression: str, *, head: str = "", **changes: Any) -> Any:
    """Return the value of an expression inside a handler, as JSON knows it."""
    body = f"return InterfaceStatus.I2Success(data={expression})"
    return success_of(run_body(folder, body, head=head, **changes))["data"]


def test_all_hooks_are_listed(tmp_path: Path) -> None:
    head = "from app.datamgmt.iris_engine.modules_db import module_list_available_hooks"
    listed = (
        "[(h.id, h.hook_name, bool(h.hook_description)) for h in module_list_available_hooks()]"
    )
    found = value_of(tmp_path, listed, head=head)
    assert len(found) == 90
    assert [name for _, name, _ in found].count("on_postload_ioc_create") == 1
    assert all(described for _, _, described in found)


def test_settings_are_in_both_spellings(tmp_path: Path) -> None:
    settings = {"http_proxy": "http://proxy.example.org:3128", "HTTPS_PROXY": "https://other"}
    found = value_of(tmp_path, "self.server_dict_conf", server_settings=settings)
    assert found["HTTP_PROXY"] == found["http_proxy"] == "http://proxy.example.org:3128"
    assert found["https_proxy"] == found["HTTPS_PROXY"] == "https://other"
    assert found["prevent_post_mod_repush"] is False


def test_the_instance_knows_what_it_runs_for(tmp_path: Path) -> None:
    known = (
        "[self.case_id, self.module_id, self.hook_run_id, dict(self.current_user), "
        "self.current_user.login, data[0].case_id, data[0].case.name, data[0].user.name]"
    )
    assert value_of(tmp_path, known) == [
        CASE_ID,
        7,
        11,
        MARA,
        "mara",
        CASE_ID,
        "#3 - Phishing",
        "Mara Lindqvist",
    ]


def test_case_and_user_are_set_on_objects_that_have_none(tmp_path: Path) -> None:
    data = [{"__kind__": "ioc", "ioc_id": 5}]
    assert value_of(tmp_path, "[data[0].case_id, data[0].user.name]", data=data) == [
        CASE_ID,
        "Mara Lindqvist",
    ]


def test_arguments_come_as_iris_gives_them(tmp_path: Path) -> None:
    changes = {"hook": "on_manual_trigger_ioc", "ui_name": "By hand"}
    expression = "[hook_name, hook_ui_name, type(data).__name__, type(data[0]).__name__]"
    assert value_of(tmp_path, expression, **changes) == [*changes.values(), "list", "Ioc"]


def test_an_automatic_hook_has_no_name(tmp_path: Path) -> None:
    assert value_of(tmp_path, "[hook_ui_name]", ui_name="") == [None]


def test_a_deleted_object_is_a_number_that_knows_what_it_was(tmp_path: Path) -> None:
    data = [{"__kind__": "asset", "__deleted__": True, "id": 5, "asset_name": "host-1"}]
    expression = "[data[0] + 1, isinstance(data[0], int), str(data[0]), data[0].asset_name, data]"
    assert value_of(tmp_path, expression, data=data) == [6, True, "5", "host-1", [5]]


def test_plain_numbers_and_dicts_stay_what_they_are(tmp_path: Path) -> None:
    assert value_of(tmp_path, "data", data=[5, {"alert_ids": [1, 2]}]) == [
        5,
        {"alert_ids": [1, 2]},
    ]


def test_attributes_answer_like_columns_or_not_at_all(tmp_path: Path) -> None:
    data = [ioc(ioc_description=None, ioc_tags=None, modification_history=None)]
    expression = (
        "[getattr(data[0], 'user_update', 'none'), hasattr(data[0], 'nonsense'), "
        "data[0].ioc_description, data[0].ioc_tags, data[0].ioc_uuid, data[0].ioc_type.type_name, "
        "data[0].tlp.tlp_name, data[0].case.client.name]"
    )
    expected = ["none", False, "", None, None, "ip-any", "amber", "ACME"]
    assert value_of(tmp_path, expression, data=data) == expected


def test_an_unknown_attribute_is_an_attribute_error(tmp_path: Path) -> None:
    message = failure_of(run_body(tmp_path, "return data[0].nonsense"))
    assert message == "AttributeError: 'Ioc' object has no attribute 'nonsense'"


def test_evidence_storage_comes_with_a_status(tmp_path: Path) -> None:
    expression = (
        "[self.get_evidence_storage().get_data() is self._evidence_storage, "
        "self._evidence_storage.is_evidence_registered(case_id=3, sha256='ab')]"
    )
    assert value_of(tmp_path, expression) == [True, False]


def test_the_configuration_comes_in_all_forms(tmp_path: Path) -> None:
    chosen = [{"param_name": "limit", "type": "integer", "value": "15", "mandatory": True}]
    expression = (
        "[self.module_dict_conf['limit'] * 60, self._dict_conf.get('limit'), "
        "self.get_configuration_dict().get_data(), len(self.get_configuration().get_data())]"
    )
    assert value_of(tmp_path, expression, configuration=chosen) == [900, 15, {"limit": 15}, 1]


def test_the_log_has_levels_and_times_and_is_queued(tmp_path: Path) -> None:
    body = """
        self.log.debug("small %s", "thing")
        self.log.error("great thing")
        app.logger.warning("of the application")
        logging.getLogger("some.library").warning("of a library")
        track_activity("added a note", caseid=3)
        return InterfaceStatus.I2Success(logs=[*self.message_queue, "only here"])
    """
    head = """
        import logging
        from app import app
        from app.iris_engine.utils.tracker import track_activity
    """
    logs = success_of(run_body(tmp_path, body, head=head))["logs"]
    assert [(line["level"], line["text"]) for line in logs] == [
        ("DEBUG", "small thing"),
        ("ERROR", "great thing"),
        ("WARNING", "of the application"),
        ("WARNING", "some.library: of a library"),
        ("INFO", "Activity: added a note"),
        ("INFO", "only here"),
    ]
    assert all(line["time"].endswith("+00:00") for line in logs)


def test_a_failure_without_words_is_explained_by_the_log(tmp_path: Path) -> None:
    body = """
        self.log.error("the service answered 500")
        self.log.info("giving up")
        return InterfaceStatus.I2Error
    """
    assert failure_of(run_body(tmp_path, body)) == "Error: the service answered 500"


def test_a_job_nobody_knows_is_a_failure(tmp_path: Path) -> None:
    assert failure_of(run_body(tmp_path, OK, kind="dance")) == "There is no job dance"


def test_a_decorator_of_celery_leaves_functions_alone(tmp_path: Path) -> None:
    head = """
        from app import celery
        @celery.task(bind=True)
        def one(self): return 1
        @celery.task
        def two(): return 2
    """
    assert value_of(tmp_path, "[one(None), two()]", head=head) == [1, 2]


def test_schemas_show_objects_dicts_and_numbers(tmp_path: Path) -> None:
    head = "from app.schema.marshables import IocSchema, CommentSchema, CaseTaskSchema"
    expression = (
        "[IocSchema(many=True).dump(data)[0]['ioc_type']['type_name'], "
        "IocSchema().dump(data[0])['ioc_value'], IocSchema(many=True, unknown=1).dump([5]), "
        "CommentSchema(many=True).dump([{'comment_text': 'x'}]), CaseTaskSchema().dump(3)]"
    )
    assert value_of(tmp_path, expression, head=head) == [
        "ip-any",
        "198.51.100.7",
        [{"ioc_id": 5}],
        [{"comment_text": "x"}],
        {"id": 3},
    ]


def test_a_schema_of_a_deleted_object_shows_what_is_known(tmp_path: Path) -> None:
    data = [{"__kind__": "ioc", "__deleted__": True, "id": 5, "ioc_value": "gone.example.org"}]
    head = "from app.schema.marshables import IocSchema"
    shown = value_of(tmp_path, "IocSchema(many=True).dump(data)[0]", head=head, data=data)
    assert (shown["ioc_id"], shown["ioc_value"]) == (5, "gone.example.org")


def test_attribute_helpers_say_whether_there_is_an_object(tmp_path: Path) -> None:
    head = """
        from app.datamgmt.manage.manage_attribute_db import add_tab_attribute
        from app.datamgmt.manage.manage_attribute_db import add_tab_attribute_field
    """
    body = """
        done = [
            add_tab_attribute_field(None, "T", "F", "html", "x"),
            add_tab_attribute(data[0], "Empty"),
            add_tab_attribute_field(data[0], "T", "F", "input_select", "a", True, ["a", "b"]),
        ]
        return InterfaceStatus.I2Success(data=done)
    """
    result = success_of(run_body(tmp_path, body, head=head, data=[ioc(custom_attributes=None)]))
    assert result["data"] == [False, True, True]
    field = {"mandatory": True, "type": "input_select", "value": "a", "options": ["a", "b"]}
    assert result["diffs"][0]["attributes"] == {"Empty": {}, "T": {"F": field}}


def test_requests_are_logged_without_their_secrets(tmp_path: Path) -> None:
    head = "import http.client"
    body = """
        connection = http.client.HTTPConnection("127.0.0.1", 1)
        try:
            connection.request("GET", "/report?apikey=secret")
            connection.getresponse()
        except OSError as error:
            self.log.info("no service")
        return InterfaceStatus.I2Success()
    """
    assert "secret" not in str(texts(success_of(run_body(tmp_path, body, head=head))))
