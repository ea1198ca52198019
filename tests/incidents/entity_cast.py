"""Entities the tests play with: values in cases of two customers, in alerts and in catalogues."""

from cases.models import CaseIoc, Customer
from cases.services.iocs import add_ioc
from incidents.models import Alert, AlertIoc, AlertStatus, ListField, ListValue
from iocs.models import Ioc, Tlp
from iocs.services import ensure_ioc
from soar.core.actor import Actor

IP, DOMAIN = 76, 20
VALUE = "203.0.113.7"


def put(actor: Actor, case_id: int, value: str = VALUE, **fields: str) -> CaseIoc:
    """Put an address into a case and return what the case says of it."""
    given = {"type_id": IP, "tlp_id": 1, "value": value}
    return add_ioc(actor, case_id, **given | fields)[0]  # type: ignore[arg-type]


def put_into_alert(customer: Customer, value: str = VALUE, **fields: str) -> AlertIoc:
    """Make an alert of a customer that mentions an address, and return what the alert says of it."""
    alert = Alert.objects.create(
        type=ListValue.objects.filter(field=ListField.TYPE)[0],
        status=AlertStatus.objects.all()[0],
        customer=customer,
        created_by_id=1,
    )
    ioc, _ = ensure_ioc(type_id=IP, value=value)
    return AlertIoc.objects.create(alert=alert, ioc=ioc, tlp=Tlp.objects.all()[0], **fields)


def the(value: str = VALUE) -> Ioc:
    """Return the one address of a value."""
    return Ioc.objects.get(type_id=IP, value=value)
