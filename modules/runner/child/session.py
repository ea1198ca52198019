"""What `app.db` offers: a session that notes proposals instead of writing."""

from typing import Any

from . import context
from .queries import Column, Query
from .records import Record
from .refusals import DELETE, SQL, NoSuchAttribute, NotOffered

ONE = "Only queries over one model or its columns are offered."


class Session:
    """Stands for the database session: `add` proposes, `query` finds, nothing is written."""

    no_autoflush: Any
    is_active = True
    dirty: tuple[Any, ...] = ()
    deleted: tuple[Any, ...] = ()

    def add(self, record: Any) -> None:
        """Propose a new object; it gets a negative id until it exists."""
        context.current().add(record)

    def add_all(self, records: Any) -> None:
        """Propose several."""
        for record in records:
            self.add(record)

    def commit(self) -> None:
        """Keep what was proposed so far, whatever is rolled back later."""
        run = context.current()
        run.committed = len(run.additions)

    def rollback(self) -> None:
        """Forget the objects proposed since the last commit."""
        run = context.current()
        del run.additions[run.committed :]

    def flush(self, *_given: Any) -> None:
        """Do nothing: ids are there already."""

    refresh = expire = expunge = expunge_all = expire_all = close = remove = flush

    def merge(self, record: Any, **_named: Any) -> Any:
        """Return the object: there is one of each."""
        return record

    def query(self, *wanted: Any) -> Query:
        """Return a query over a model, or over columns of one."""
        columns = [one for one in wanted if isinstance(one, Column)]
        models = {one.model for one in columns} or set(wanted)
        is_known = all(isinstance(one, type) and issubclass(one, Record) for one in models)
        if len(models) != 1 or not is_known or (columns and len(columns) != len(wanted)):
            raise NotOffered(ONE)
        return context.current().query(models.pop(), *columns)

    def get(self, model: Any, identity: Any) -> Any:
        """Return the object of an id, or None."""
        return self.query(model).get(identity)

    def delete(self, *_given: Any, **_named: Any) -> Any:
        """Refuse."""
        raise NotOffered(DELETE)

    def execute(self, *_given: Any, **_named: Any) -> Any:
        """Refuse."""
        raise NotOffered(SQL)

    scalar = scalars = connection = get_bind = bulk_insert_mappings = bulk_save_objects = execute
    bulk_update_mappings = execute

    def __contains__(self, record: Any) -> bool:
        return any(record is one for one in context.current().additions)

    def __call__(self) -> "Session":
        """Return it: some ask the session for a session."""
        return self

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_error: Any) -> None:
        return None

    def __getattr__(self, name: str) -> Any:
        if name == "no_autoflush":
            return self
        raise NoSuchAttribute(f"db.session.{name} is not offered. {SQL}")


class Database:
    """Stands for `app.db`, as an object and as a module of that name."""

    def __init__(self) -> None:
        self.session = Session()
        self.__path__: list[str] = []

    @property
    def db(self) -> "Database":
        """Return it: newer modules say `from app.db import db`."""
        return self

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NoSuchAttribute(f"db.{name} is not offered. {SQL}")


db = Database()
