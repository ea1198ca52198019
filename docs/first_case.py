"""A first case, for dfir-iris-client 1.0.2 and 2.0.4 alike: IRIS_KEY=... python first_case.py"""

import os
from datetime import datetime

from dfir_iris_client.case import Case
from dfir_iris_client.helper.utils import assert_api_resp
from dfir_iris_client.session import ClientSession

url = os.environ.get("IRIS_URL", "http://127.0.0.1:8000")
session = ClientSession(apikey=os.environ["IRIS_KEY"], host=url)


def data(answer):
    assert_api_resp(answer, soft_fail=False)
    return answer.get_data()


def send(path, **body):  # plain requests, where the two versions' methods differ
    return data(session.pi_post(path, data=body))


text = {"case_name": "Phishing", "case_description": "A mail with a link", "case_soc_id": "SOC-1"}
cid = send("manage/cases/add", **text, case_customer=1)["case_id"]
case = Case(session, case_id=cid)
asset = data(case.add_asset("WS-042", "Windows - Computer", "Started", ip="10.0.0.42"))
data(case.add_ioc("phish.example.com", "domain", ioc_tlp="amber", ioc_tags=["phishing"]))
data(case.add_ioc("203.0.113.9", "ip-dst", description="Where the link led", ioc_tlp="red"))
group = send("case/notes/groups/add", group_title="Triage", cid=cid)
data(case.add_note("First look", "The user **clicked**.", group["group_id"]))
moment, links = datetime(2026, 3, 1, 9, 30), [asset["asset_id"]]
data(case.add_event("Link clicked", moment, linked_assets=links, category="Execution"))
send("case/tasks/add", task_title="Block it", task_status_id=1, task_assignee_id=1, cid=cid)
data(case.add_evidence("mail.eml", 48_213, description="The mail", file_hash="d41d8cd98f00b204"))
export = data(session.pi_get("case/export", cid=cid))
send(f"manage/cases/close/{cid}")
print({name: len(items) for name, items in export.items() if isinstance(items, list)})
