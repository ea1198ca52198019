"""Inserting a row that another writer may be inserting at the same moment."""

from django.db import connection, models


def insert_if_absent(row: models.Model) -> bool:
    """Insert a new row unless a unique constraint already has its like; tell whether it was inserted.

    Sets the primary key when it was. One statement, so two writers cannot both believe they were
    first, and neither gets an error that would end his transaction.
    """
    fields = [field for field in row._meta.concrete_fields if not field.primary_key]
    columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    values = [field.get_db_prep_save(field.pre_save(row, True), connection) for field in fields]
    table = connection.ops.quote_name(row._meta.db_table)
    key = connection.ops.quote_name(str(row._meta.pk.column))
    places = ", ".join(["%s"] * len(fields))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({columns}) VALUES ({places}) "  # noqa: S608  (names from models)
            f"ON CONFLICT DO NOTHING RETURNING {key}",
            values,
        )
        inserted = cursor.fetchone()
    if inserted is not None:
        row.pk = inserted[0]
        row._state.adding = False
        row._state.db = connection.alias
    return inserted is not None
