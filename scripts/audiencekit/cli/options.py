"""Options and settings that several commands share. The only place that reads the clock."""

import random
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from audiencekit.delivery.sending import RetryPolicy, Runtime


class Moment(click.ParamType):
    """A moment in UTC, written as 2018-01-01 or 2018-01-01T18:30:00+01:00."""

    name = "moment"

    def convert(
        self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(
                f"{value!r} is not a moment. Write 2018-01-01 or 2018-01-01T18:30:00.", param, ctx
            )
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


as_of_option = click.option(
    "--as-of", type=Moment(), default=None, help="The moment to build as of, in UTC. Default: now."
)
accept_option = click.option(
    "--accept",
    multiple=True,
    metavar="NAME",
    help="Let this landing table or channel pass although it lost rows or breaks rules. Repeatable.",
)
currency_option = click.option(
    "--currency",
    metavar="CODE",
    help="The currency that all figures are in, as EUR. Default: that of dbt_project.yml.",
)
time_zone_option = click.option(
    "--time-zone",
    metavar="ZONE",
    help="Whose days, months and weekends count, as Europe/Paris. Default: that of dbt_project.yml.",
)
landing_argument = click.argument("landing", required=False)
tries_option = click.option(
    "--tries", default=6, show_default=True, help="How often a request is tried."
)
wait_option = click.option(
    "--wait",
    default=1.0,
    show_default=True,
    help="Seconds before the second try. Doubled before each further try.",
)


def landing_of(given: str | None) -> str:
    """The landing that the user gave, or else that of dbt_project.yml, whose folder is in the project."""
    from audiencekit.dbt_project import PROJECT_IN_USE, project_vars
    from audiencekit.intake.databases import is_database

    if given:
        return given
    if not (set_landing := project_vars().get("landing")):
        raise click.UsageError("Missing argument 'LANDING'.", click.get_current_context())
    return set_landing if is_database(set_landing) else str(PROJECT_IN_USE / set_landing)


def now() -> datetime:
    """The moment in UTC, to the second."""
    return clock().replace(tzinfo=None, microsecond=0)


def clock() -> datetime:
    """The moment in UTC, with its zone, to the microsecond."""
    return datetime.now(UTC)


def retry_policy(tries: int, wait: float) -> "RetryPolicy":
    """How often and how long apart requests are tried."""
    from audiencekit.delivery.sending import RetryPolicy

    return RetryPolicy(tries=tries, first_wait=wait)


def surroundings() -> "Runtime":
    """The clock, randomness and waiting of the real world."""
    from audiencekit.delivery.sending import Runtime

    return Runtime(now, random.Random(), time.sleep)
