"""When what holds for a customer can change, although nothing happens: the moments to evaluate them at again.

An event leaves a window, a cart has been left for half an hour, a silence has lasted twice as long as usual, a day
begins. So nobody is asked again and again whether something changed.
"""

from __future__ import annotations

from collections.abc import Set
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pyarrow as pa

from audiencekit.publish.live_facts import EVENTS
from audiencekit.publish.live_state import FEATURES

if TYPE_CHECKING:
    from audiencekit.live.evaluator import Evaluator

# Features have two rows for each customer, as of a moment and so much later: it is read from them how fast they grow. It is far
# enough for slopes to be exact, and close enough for nothing to happen in between.
LATER = timedelta(seconds=1)


class Clock:
    """The next change of those customers whom an evaluator evaluated last, from their facts and features."""

    def __init__(self, evaluator: Evaluator):
        self._evaluator, self._con = evaluator, evaluator.con
        names = self._con.execute(
            "select distinct name from published.cone.thresholds order by name"
        )
        self._compared = [name for (name,) in names.fetchall()]
        ((zone,),) = self._con.execute("from published.cone.zone").fetchall()
        self._zone = ZoneInfo(zone)
        times = [
            f"select customer_key, {field.name} as happened_at from memory.due.{table}"
            for table, schema in evaluator.schemas.items()
            for field in schema
            if pa.types.is_timestamp(field.type) and field.name != "moment_at"
        ]
        events = evaluator.relations["fct_events"]
        times += [
            f"select customer_key, {name} from {events}" for name in ("occurred_at", "known_at")
        ]
        # Of an event whose time has not come, nobody knows yet whose it is.
        times.append(
            f"select customer_key, occurred_at from memory.due.customers cross join memory.due.{EVENTS} "
            "where occurred_at >= cast($now as timestamp)"
        )
        self._times = " union all ".join(times)
        self._limits = evaluator.relations["int_frequency_limits"]
        windows = self._con.execute("from published.cone.windows order by micros")
        self._windows = [0, *(micros for (micros,) in windows.fetchall())]

    def next_changes(self, customers: Set[str], moment: datetime) -> dict[str, datetime]:
        """The first moment after `moment`, as of which `customers` were evaluated, at which each one's row can change.

        UTC, to the microsecond.
        """
        midnight = self._midnight(moment)
        found = (self._crossings(moment), self._ends_of_windows(moment), self._quiet_hours())
        return {key: min([midnight, *(f[key] for f in found if key in f)]) for key in customers}

    def _quiet_hours(self) -> dict[str, datetime]:
        """When quiet hours may begin or end next."""
        relation = self._evaluator.relations["int_quiet_hours"]
        query = f"select customer_key, min(changes_at) from {relation} group by customer_key"
        return dict(self._con.execute(query).fetchall())

    def _ends_of_windows(self, moment: datetime) -> dict[str, datetime]:
        """When something that happened leaves a window, and the moment after. Some rules say at, and some say after."""
        ends = ", ".join(f"min({_end(str(micros))})" for micros in self._windows)
        return dict(
            self._con.execute(
                f"""
                with

                happened as (
                    select * from ({self._times})
                    where happened_at between timestamp '1900-01-01' and timestamp '2200-01-01'
                ),

                ends as (
                    select customer_key, least({ends}) as next_at from happened group by customer_key
                    union all
                    select happened.customer_key, min({_end("limits.window_days * 86400000000")})
                    from happened
                    inner join {self._limits} as limits on happened.customer_key = limits.customer_key
                    group by happened.customer_key
                )

                select customer_key, min(next_at) from ends where next_at is not null group by customer_key
            """,
                {"now": moment},
            ).fetchall()
        )

    def _crossings(self, moment: datetime) -> dict[str, datetime]:
        """When a number that grows with time, such as days since the last order, passes one that a rule compares it with.

        Such numbers grow evenly until something happens, so two moments tell the slope.
        """
        features = self._evaluator.relations[FEATURES]
        types = dict(
            self._con.execute(
                f"select column_name, column_type from (describe {features})"
            ).fetchall()
        )
        columns = [name for name in self._compared if types.get(name) == "DOUBLE"]
        if not columns:
            return {}
        values = ", ".join(
            f"struct_pack(name := '{name}', value := now.{name}, later := soon.{name})"
            for name in columns
        )
        return dict(
            self._con.execute(
                f"""
                with

                pairs as (
                    select now.customer_key, unnest([{values}], max_depth := 2)
                    from {features} as now
                    inner join {features} as soon on now.customer_key = soon.customer_key
                    where now.moment_at = $now and soon.moment_at = $soon
                ),

                slopes as (
                    select customer_key, name, value, (later - value) / $micros as slope
                    from pairs
                ),

                crossings as (
                    select slopes.customer_key, (thresholds.value - slopes.value) / nullif(slope, 0) as micros
                    from slopes
                    inner join published.cone.thresholds as thresholds on slopes.name = thresholds.name
                )

                -- A millisecond later than calculated: some rules say at, and some say after.
                select customer_key, min(cast($now as timestamp) + to_microseconds(cast(ceil(micros) as bigint) + 1000))
                from crossings
                where micros > 0 and micros < 1e16
                group by customer_key
            """,
                {
                    "now": moment,
                    "soon": moment + LATER,
                    "micros": LATER / timedelta(microseconds=1),
                },
            ).fetchall()
        )

    def _midnight(self, moment: datetime) -> datetime:
        """When the next day of the shop begins: people have birthdays."""
        local = moment.replace(tzinfo=UTC).astimezone(self._zone)
        tomorrow = datetime.combine(local.date() + timedelta(days=1), time(), self._zone)
        return tomorrow.astimezone(UTC).replace(tzinfo=None)


def _end(micros: str) -> str:
    """SQL for the first moment after $now at which `happened_at` leaves a window of so many microseconds, or has left it."""
    end = f"happened_at + to_microseconds({micros})"
    now = "cast($now as timestamp)"
    return (
        f"case when {end} > {now} then {end} when {end} = {now} then {end} + to_microseconds(1) end"
    )
