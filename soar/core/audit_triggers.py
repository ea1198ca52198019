"""Database triggers that make the audit trail append-only on PostgreSQL and SQLite."""

from django.db.backends.base.base import BaseDatabaseWrapper

TABLES = ("core_auditlog", "core_auditseal")

_POSTGRESQL_FUNCTION = """
CREATE OR REPLACE FUNCTION core_refuse_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$
"""


def install(connection: BaseDatabaseWrapper) -> None:
    """Make UPDATE, DELETE and, on PostgreSQL, TRUNCATE of the audit tables raise."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_POSTGRESQL_FUNCTION)
        for table in TABLES:
            for statement in _creation(connection.vendor, table):
                cursor.execute(statement)


def remove(connection: BaseDatabaseWrapper) -> None:
    """Drop the triggers; used when a migration is reversed and by test teardown only."""
    with connection.cursor() as cursor:
        for table in TABLES:
            for event in ("update", "delete", "truncate"):
                on_table = f" ON {table}" if connection.vendor == "postgresql" else ""
                cursor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{event}{on_table}")


def _creation(vendor: str, table: str) -> list[str]:
    if vendor == "postgresql":
        return [
            f"CREATE TRIGGER {table}_no_{event} BEFORE {event} ON {table} "
            f"FOR EACH {'STATEMENT' if event == 'truncate' else 'ROW'} "
            "EXECUTE FUNCTION core_refuse_change()"
            for event in ("update", "delete", "truncate")
        ]
    return [
        f"CREATE TRIGGER {table}_no_{event} BEFORE {event} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for event in ("update", "delete")
    ]
