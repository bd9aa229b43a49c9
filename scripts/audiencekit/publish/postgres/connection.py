"""A connection to PostgreSQL from the environment, and its errors as messages without a secret."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict

from audiencekit.errors import UserError

URL = "AUDIENCEKIT_POSTGRES_URL"
LIBPQ = ("PGHOST", "PGHOSTADDR", "PGSERVICE", "PGDATABASE")


def connect() -> psycopg.Connection:
    """A connection by AUDIENCEKIT_POSTGRES_URL, or else by libpq's own variables.

    Raises UserError when neither is set, or when the server does not answer or refuses.
    """
    url = os.environ.get(URL, "")
    if not url and not any(os.environ.get(name) for name in LIBPQ):
        raise UserError(
            f"No PostgreSQL server is named. Set {URL} (postgresql://user@host:5432/database), or libpq's "
            "variables: PGHOST, PGPORT, PGDATABASE, PGUSER, PGPASSWORD or a ~/.pgpass."
        )
    settings = _parse(url)
    if "connect_timeout" not in settings and "PGCONNECT_TIMEOUT" not in os.environ:
        settings["connect_timeout"] = "10"
    try:
        return psycopg.connect(application_name="audiencekit", autocommit=True, **settings)
    except psycopg.Error as problem:
        raise UserError(
            f"PostgreSQL cannot be reached: {_first_line(problem)}. "
            f"Check {URL}, or PGHOST, PGPORT, PGDATABASE and PGUSER."
        ) from None


def _parse(url: str) -> dict[str, Any]:
    """The parts of an address.

    libpq quotes a broken address in its error, and part of the password with it: a character like @ or / that is
    not percent-encoded moves the password into the host, port or database. So it is checked here.
    """
    try:
        settings: dict[str, Any] = {
            name: str(value) for name, value in conninfo_to_dict(url).items()
        }
    except psycopg.Error:
        settings = {"host": "@"}
    names = [settings.get(name, "") for name in ("host", "dbname", "user")]
    if "@" in "".join(names) or not re.fullmatch(r"[\d,]*", settings.get("port", "")):
        raise UserError(
            f"{URL} cannot be read. Write postgresql://user:password@host:5432/database, with characters "
            "such as @ : / % in the password percent-encoded (@ is %40)."
        )
    return settings


@contextmanager
def postgres_errors(what: str) -> Iterator[None]:
    """Raise errors of PostgreSQL inside the block as a UserError about `what`.

    Only messages without values are passed on: a value may be personal data.
    """
    try:
        yield
    except psycopg.Error as problem:
        raise UserError(f"{what}: {_reason(problem)}") from None


def _reason(problem: psycopg.Error) -> str:
    message = problem.diag.message_primary
    if message is None:
        return (
            f"the connection was lost ({_first_line(problem)}). PostgreSQL still holds "
            "one whole generation. Publish again to make it this one."
        )
    if isinstance(problem, errors.DependentObjectsStillExist):
        depends = "; ".join((problem.diag.message_detail or "").splitlines())
        message = f"{message} ({depends}). Drop or change what depends on it, then publish again"
    elif isinstance(problem, errors.LockNotAvailable):
        message = "another session holds a lock on it. Publish again when that is done"
    elif isinstance(problem, psycopg.DataError):
        line = re.search(r"line \d+(, column \w+)?", problem.diag.context or "")
        place = f" at {line[0]}" if line else ""
        message = f"PostgreSQL cannot hold a value{place} ({type(problem).__name__})"
    return f"{message}. Nothing was written."


def _first_line(problem: psycopg.Error) -> str:
    return (str(problem).strip().splitlines() or [type(problem).__name__])[0].strip()
