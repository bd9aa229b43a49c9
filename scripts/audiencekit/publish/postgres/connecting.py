"""A connection to PostgreSQL from the environment, and its refusals in words without a secret."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict

from audiencekit.errors import UserError

URL = "AUDIENCEKIT_POSTGRES_URL"
LIBPQ = ("PGHOST", "PGHOSTADDR", "PGSERVICE", "PGDATABASE")


def connect() -> psycopg.Connection:
    """A connection as AUDIENCEKIT_POSTGRES_URL says, or else as libpq's own variables say.

    Raises UserError when neither is set, or when the server does not answer or refuses.
    """
    url = os.environ.get(URL, "")
    if not url and not any(os.environ.get(name) for name in LIBPQ):
        raise UserError(
            f"No PostgreSQL is named. Set {URL} (postgresql://user@host:5432/database), or libpq's "
            "variables: PGHOST, PGPORT, PGDATABASE, PGUSER, PGPASSWORD or a ~/.pgpass."
        )
    given = _parse(url)
    if "connect_timeout" not in given and "PGCONNECT_TIMEOUT" not in os.environ:
        given["connect_timeout"] = "10"
    try:
        return psycopg.connect(application_name="audiencekit", autocommit=True, **given)
    except psycopg.Error as problem:
        raise UserError(
            f"PostgreSQL cannot be reached: {_first_line(problem)}. "
            f"It is looked for where {URL} or PGHOST, PGPORT, PGDATABASE and PGUSER say."
        ) from None


def _parse(url: str) -> dict[str, str]:
    """The parts of an address. libpq would quote a broken one, and a piece of its password with it:
    a sign like @ or / that is not percent-encoded shifts the password into host, port or database.
    """
    try:
        given = conninfo_to_dict(url)
    except psycopg.Error:
        given = {"host": "@"}
    parts = [str(given.get(name, "")) for name in ("host", "dbname", "user")]
    if "@" in "".join(parts) or not re.fullmatch(r"[\d,]*", str(given.get("port", ""))):
        raise UserError(
            f"{URL} cannot be read. Write postgresql://user:password@host:5432/database, with signs "
            "such as @ : / % in the password percent-encoded (@ is %40)."
        )
    return given


@contextmanager
def explained(what: str) -> Iterator[None]:
    """What PostgreSQL refuses inside becomes a UserError about `what`.

    Only messages without values are passed on: a value may be personal data.
    """
    try:
        yield
    except psycopg.Error as problem:
        raise UserError(f"{what}: {_reason(problem)}") from None


def _reason(problem: psycopg.Error) -> str:
    said = problem.diag.message_primary
    if said is None:
        return (
            f"the connection was lost ({_first_line(problem)}). PostgreSQL holds one whole generation; "
            "publish again, and it is this one."
        )
    if isinstance(problem, errors.DependentObjectsStillExist):
        depends = "; ".join((problem.diag.message_detail or "").splitlines())
        said = f"{said} ({depends}). Drop or change what depends on it, then publish again"
    elif isinstance(problem, errors.LockNotAvailable):
        said = "another session holds a lock on it. Publish again when that is done"
    elif isinstance(problem, psycopg.DataError):
        line = re.search(r"line \d+(, column \w+)?", problem.diag.context or "")
        place = f" at {line[0]}" if line else ""
        said = f"PostgreSQL cannot hold a value{place} ({type(problem).__name__})"
    return f"{said}. Nothing was written."


def _first_line(problem: psycopg.Error) -> str:
    return (str(problem).strip().splitlines() or [type(problem).__name__])[0].strip()
