"""The shapes of contract §2.2, v1.0.2 members and additive v2 members, as checks of plain data."""

import re
from typing import Any

TS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}")
DATE = re.compile(r"\d{4}-\d\d-\d\d")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
COLOR = re.compile(r"|#fff|#1572E899|#6861CE99|#48ABF799|#31CE3699|#F2596199|#FFAD4699")
INT, STR, OBJECT, BOOL = (int, None), (str, None), (dict, None), (bool, None)

STATE = {"object_state": int, "object_last_update": TS}
USER = {"id": int, "user_name": str, "user_login": str, "user_email": str}
CASE = {
    "case_id": int,
    "case_name": str,
    "case_description": str,
    "case_soc_id": str,
    "case_customer": int,
    "open_date": DATE,
    "close_date": (DATE, None),
    "user_id": int,
    "custom_attributes": OBJECT,
    "case_uuid": UUID,
    "classification_id": INT,
    "owner_id": int,
    "severity_id": INT,
    "state_id": int,
    "status_id": int,
    "reviewer_id": INT,
    "review_status_id": INT,
    "closing_note": STR,
    "modification_history": dict,
}
CASE_UPDATED = CASE | {"case_tags": str, "protagonists": list}
CASE_DETAILS = {
    "case_id": int,
    "case_name": str,
    "case_description": str,
    "case_soc_id": str,
    "customer_name": str,
    "customer_id": int,
    "open_by_user": str,
    "open_by_user_id": int,
    "open_date": DATE,
    "close_date": (DATE, None),
    "status_id": int,
    "custom_attributes": OBJECT,
    "case_uuid": UUID,
    "owner": str,
    "owner_id": int,
    "state_id": INT,
    "state_name": STR,
    "status_name": str,
    "initial_date": TS,
    "classification": STR,
    "classification_id": INT,
    "reviewer": STR,
    "reviewer_id": INT,
    "case_tags": str,
    "protagonists": list,
    "modification_history": dict,
}
CASE_ROW = {
    "case_close_date": re.compile(r"|\d\d/\d\d/\d{4}"),
    "case_open_date": re.compile(r"\d\d/\d\d/\d{4}"),
    "case_description": str,
    "case_id": int,
    "case_name": str,
    "case_soc_id": str,
    "client_name": str,
    "opened_by": str,
    "opened_by_user_id": int,
    "owner": str,
    "owner_id": int,
    "case_uuid": UUID,
    "classification": STR,
    "classification_id": INT,
    "state_id": int,
    "state_name": str,
    "access_level": int,
}
ASSET_TYPE = {
    "asset_id": int,
    "asset_name": str,
    "asset_description": str,
    "asset_icon_compromised": str,
    "asset_icon_not_compromised": str,
}
ASSET = {
    "asset_id": int,
    "asset_name": str,
    "asset_type_id": int,
    "asset_description": STR,
    "asset_domain": STR,
    "asset_ip": STR,
    "asset_info": STR,
    "asset_tags": STR,
    "asset_compromised": BOOL,
    "analysis_status_id": int,
    "case_id": int,
    "user_id": int,
    "date_added": TS,
    "date_update": TS,
    "custom_attributes": OBJECT,
    "asset_uuid": UUID,
    "asset_compromise_status_id": INT,
    "asset_enrichment": OBJECT,
    "asset_type": ASSET_TYPE,
    "analysis_status": {"id": int, "name": str},
    "alerts": list,
    "modification_history": dict,
}
LINKED_IOC = {
    "ioc_id": int,
    "ioc_value": str,
    "ioc_tags": STR,
    "ioc_type_id": int,
    "type_name": str,
    "ioc_description": STR,
    "ioc_tlp_id": int,
}
ASSET_ROW = {
    "analysis_status": str,
    "analysis_status_id": int,
    "asset_compromised": BOOL,
    "asset_compromise_status_id": INT,
    "asset_description": STR,
    "asset_domain": STR,
    "asset_id": int,
    "asset_uuid": UUID,
    "asset_ip": STR,
    "asset_name": str,
    "asset_tags": STR,
    "asset_type": str,
    "asset_type_id": int,
    "asset_icon_compromised": str,
    "asset_icon_not_compromised": str,
    "ioc_links": [{"ioc_id": int, "ioc_value": str}],
    "link": [{"case_id": int, "case_name": str, "asset_id": int}],
}
IOC = {
    "ioc_id": int,
    "ioc_value": str,
    "ioc_type": int,
    "ioc_type_id": int,
    "ioc_tlp_id": int,
    "ioc_description": STR,
    "ioc_tags": STR,
    "ioc_misp": None,
    "user_id": int,
    "custom_attributes": OBJECT,
    "ioc_uuid": UUID,
    "ioc_enrichment": OBJECT,
    "modification_history": dict,
}
IOC_LINK = {"case_id": int, "case_name": str, "client_name": str}
IOC_ROW = {
    "ioc_description": STR,
    "ioc_id": int,
    "ioc_uuid": UUID,
    "ioc_misp": None,
    "ioc_tags": STR,
    "ioc_tlp_id": int,
    "ioc_type": str,
    "ioc_type_id": int,
    "ioc_value": str,
    "link": [IOC_LINK],
    "misp_link": None,
    "tlp_bscolor": str,
    "tlp_name": str,
}
EVENT = {
    "event_id": int,
    "case_id": int,
    "user_id": int,
    "event_title": str,
    "event_content": str,
    "event_raw": str,
    "event_source": str,
    "event_date": TS,
    "event_date_wtz": TS,
    "event_tz": str,
    "event_added": TS,
    "event_category_id": int,
    "event_color": COLOR,
    "event_tags": str,
    "event_in_graph": bool,
    "event_in_summary": bool,
    "custom_attributes": OBJECT,
    "event_uuid": UUID,
    "event_iocs": [int],
    "event_assets": [int],
    "parent_event_id": INT,
    "children": list,
    "event_is_flagged": bool,
    "event_comments_map": list,
    "modification_history": dict,
}
TIMELINE_ROW = {
    "event_id": int,
    "event_title": str,
    "event_content": str,
    "event_date": TS,
    "event_date_wtz": TS,
    "event_tz": str,
    "event_color": COLOR,
    "event_tags": str,
    "event_in_graph": bool,
    "event_in_summary": bool,
    "category_name": str,
    "event_category_id": int,
    "assets": [{"asset_id": int, "asset_name": str, "event_id": int}],
    "event_uuid": UUID,
    "iocs": [{"ioc_id": int, "ioc_value": str, "event_id": int}],
}
ASSIGNEE = {"id": int, "name": str, "user": str}
TASK = {
    "id": int,
    "task_title": str,
    "task_description": str,
    "task_tags": str,
    "task_status_id": int,
    "task_assignee_id": INT,
    "task_case_id": int,
    "task_open_date": TS,
    "task_last_update": TS,
    "task_close_date": None,
    "task_userid_open": int,
    "task_userid_update": int,
    "task_userid_close": None,
    "custom_attributes": OBJECT,
    "task_uuid": UUID,
    "task_assignees": [ASSIGNEE],
    "modification_history": dict,
}
TASK_ROW = {
    "assignee_name": STR,
    "status_bscolor": str,
    "status_name": str,
    "task_assignee_id": INT,
    "task_description": str,
    "task_id": int,
    "task_open_date": TS,
    "task_status_id": int,
    "task_tags": str,
    "task_title": str,
    "task_assignees": [ASSIGNEE],
    "task_uuid": UUID,
}
TASK_STATUS = {"id": int, "status_bscolor": str, "status_description": str, "status_name": str}
GLOBAL_TASK = {
    "task_id": int,
    "task_title": str,
    "task_description": str,
    "task_tags": str,
    "task_status_id": int,
    "task_assignee_id": int,
    "task_open_date": TS,
    "task_last_update": TS,
    "task_close_date": None,
    "task_userid_open": INT,
    "task_userid_update": int,
    "task_userid_close": None,
    "task_uuid": UUID,
}
GLOBAL_TASK_ROW = {
    "status_bscolor": str,
    "status_name": str,
    "task_assignee_id": int,
    "task_description": str,
    "task_id": int,
    "task_uuid": UUID,
    "task_last_update": TS,
    "task_status_id": int,
    "task_tags": str,
    "task_title": str,
    "user_name": str,
}
DIRECTORY = {"id": int, "name": str, "parent_id": INT, "case_id": int}
NOTE = {
    "note_id": int,
    "note_title": str,
    "note_content": str,
    "note_creationdate": TS,
    "note_lastupdate": TS,
    "custom_attributes": OBJECT,
    "group_id": int,
    "group_title": str,
    "note_uuid": UUID,
    "note_user": int,
    "note_case_id": int,
    "directory_id": int,
    "directory": DIRECTORY,
    "comments": list,
    "modification_history": dict,
}
NOTE_ROW = {"note_id": int, "note_title": str, "note_lastupdate": TS, "user": str}
GROUP = {"group_id": int, "group_title": str, "group_creationdate": TS, "group_lastupdate": TS}
EVIDENCE = {
    "id": int,
    "filename": str,
    "file_size": INT,
    "file_hash": STR,
    "file_description": STR,
    "date_added": TS,
    "custom_attributes": OBJECT,
    "username": str,
    "file_uuid": UUID,
    "case_id": int,
    "user_id": int,
    "user": USER,
    "type_id": INT,
    "type": OBJECT,
    "acquisition_date": (TS, None),
    "start_date": (TS, None),
    "end_date": (TS, None),
    "chain_of_custody": (dict, None),
    "modification_history": dict,
}
CUSTOMER = {"customer_id": int, "customer_name": str, "custom_attributes": OBJECT}
IOC_TYPE = {
    "type_id": int,
    "type_name": str,
    "type_description": str,
    "type_taxonomy": STR,
    "type_validation_regex": STR,
    "type_validation_expect": STR,
}
USER_ROW = {
    "user_active": bool,
    "user_id": int,
    "user_login": str,
    "user_name": str,
    "user_roles": [{"role_id": int, "role_name": str}],
    "user_uuid": UUID,
    "user_email": str,
    "user_is_service_account": bool,
}
USER_WRITTEN = {
    "active": bool,
    "id": int,
    "user_email": str,
    "user_id": int,
    "user_isadmin": bool,
    "user_login": str,
    "user_name": str,
    "has_deletion_confirmation": bool,
    "has_mini_sidebar": bool,
    "external_id": None,
    "in_dark_mode": None,
}


def assert_fits(value: Any, shape: Any, at: str = "data") -> None:
    """Check a value against a shape: a type, a pattern, None, (either, or), [of each], {members}."""
    if isinstance(shape, tuple):
        options = [part for part in shape if part is not None]
        if not (value is None and None in shape):
            assert_fits(value, options[0], at)
    elif isinstance(shape, dict):
        assert set(shape) <= set(value), f"{at} lacks {set(shape) - set(value)}"
        for name, part in shape.items():
            assert_fits(value[name], part, f"{at}.{name}")
    elif isinstance(shape, list):
        assert isinstance(value, list), at
        for place, item in enumerate(value):
            assert_fits(item, shape[0], f"{at}[{place}]")
    elif isinstance(shape, re.Pattern):
        assert isinstance(value, str), f"{at}: {value!r}"
        assert shape.fullmatch(value), f"{at}: {value!r}"
    else:
        assert type(value) is (type(None) if shape is None else shape), f"{at}: {value!r}"
