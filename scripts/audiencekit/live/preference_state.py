"""What a customer allows and refuses now, from the tables that the evaluator makes for audiences."""

import json
from datetime import datetime

from audiencekit.live.evaluator import Evaluator
from audiencekit.live.preference_choices import Group, Preferences, Topic

# The channel with topics and a frequency.
_EMAIL = "email"


def preferences_of(evaluator: Evaluator, customer: str, moment: datetime) -> Preferences:
    """As of `moment` (UTC), with refusals since the build. Called in the thread that evaluates."""
    evaluator.evaluate({customer}, moment)
    con, relations = evaluator.con, evaluator.relations
    allowed = dict(
        con.execute(
            f"select channel, is_allowed from {relations['int_channel_permissions']}"
        ).fetchall()
    )
    channels: dict[tuple[str, ...], list[tuple[str, str]]] = {}
    for purposes, channel, label in con.execute(
        "select purposes, channel, label from warehouse.activation.dim_channels where needs_permission "
        "order by channel <> ?, channel",
        [_EMAIL],
    ).fetchall():
        channels.setdefault(tuple(json.loads(purposes)), []).append((channel, label))
    limits = con.execute(
        f"select window_days from {relations['int_frequency_limits']} where channel = ?", [_EMAIL]
    ).fetchall()
    return Preferences(
        tuple(
            Group(
                purposes,
                tuple(label for _, label in found),
                all(allowed.get(channel, False) for channel, _ in found),
            )
            for purposes, found in channels.items()
        ),
        _topics(evaluator),
        limits[0][0] if limits else 0,
        _unlisted(evaluator),
    )


def _topics(evaluator: Evaluator) -> tuple[Topic, ...]:
    rows = evaluator.con.execute(
        f"""
            select topics.topic, topics.label, topics.description, refused.topic is not null
            from warehouse.seeds.topics as topics
            left join {evaluator.relations["int_topic_refusals"]} as refused
                on topics.topic = refused.topic and refused.channel = ?
            order by topics.topic
        """,
        [_EMAIL],
    ).fetchall()
    return tuple(Topic(*row) for row in rows)


def _unlisted(evaluator: Evaluator) -> tuple[str, ...]:
    rows = evaluator.con.execute(
        f"""
            select distinct topic
            from {evaluator.relations["int_preferences"]}
            where status in ('denied', 'withdrawn') and topic not in (select topic from warehouse.seeds.topics)
            order by topic
        """
    ).fetchall()
    return tuple(topic for (topic,) in rows)
