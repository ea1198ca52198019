"""Fill in the new columns of what is closed already."""

import datetime as dt

from django.db import migrations

CLOSED = 9


def fill(apps, schema_editor):
    apps.get_model("cases", "CaseState").objects.filter(pk=CLOSED).update(is_closed=True)
    cases = apps.get_model("cases", "Case").objects.exclude(closed_on=None)
    for day in cases.order_by().values_list("closed_on", flat=True).distinct():
        midnight = dt.datetime.combine(day, dt.time(), dt.UTC)
        cases.filter(closed_on=day).update(closed_at=midnight)


class Migration(migrations.Migration):
    dependencies = [("cases", "0003_closing_and_other_faces")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
