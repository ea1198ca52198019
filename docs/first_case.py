"""Work a first case; runs with dfir-iris-client 1.0.2 and 2.0.4 alike: IRIS_KEY=... python first_case.py"""
import os
from datetime import datetime

from dfir_iris_client.case import Case
from dfir_iris_client.helper.utils import assert_api_resp
from dfir_iris_client.session import ClientSession

url = os.environ.get("IRIS_URL", "http://127.0.0.1:8000")
session = ClientSession(apikey=os.environ["IRIS_KEY"], host=url)

def send(path, **body):  # a plain request, where the clients' methods differ from version to version
    return checked(session.pi_post(path, data=body))

def checked(answer):
    assert_api_resp(answer, soft_fail=False)
    return answer.get_data()

cid = send("manage/cases/add", case_name="Phishing", case_description="A mail with a link",
           case_customer=1, case_soc_id="SOC-1")["case_id"]
case = Case(session, case_id=cid)
host = checked(case.add_asset("WS-042", "Windows - Computer", "Started", ip="10.0.0.42"))["asset_id"]
checked(case.add_ioc("phish.example.com", "domain", ioc_tlp="amber", ioc_tags=["phishing"]))
checked(case.add_ioc("203.0.113.9", "ip-dst", description="Where the link led", ioc_tlp="red"))
group = send("case/notes/groups/add", group_title="Triage", cid=cid)["group_id"]
checked(case.add_note("First look", "The user **clicked**.", group))
checked(case.add_event("Link clicked", datetime.utcnow(), linked_assets=[host], category="Execution"))
send("case/tasks/add", task_title="Block the domain", task_status_id=1, task_assignee_id=1, cid=cid)
checked(case.add_evidence("mail.eml", 48_213, description="The mail", file_hash="d41d8cd98f00b204"))
export = checked(session.pi_get("case/export", cid=cid))
send(f"manage/cases/close/{cid}")
print({name: len(items) for name, items in export.items() if isinstance(items, list)})
