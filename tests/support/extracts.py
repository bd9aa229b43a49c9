"""Extracts of a shop's systems that come after a build of the small demo (simulated): hours and days of orders, returns,
e-mail events, touches, consent, service contacts, logins and web events, made of those of the days before."""

from pathlib import Path

import duckdb
from workspaces import DEMO_AS_OF

_QUERIES = {
    # New orders of customers; some as a guest under another spelling of the address, one with a new device of payment.
    "orders": """
        with bought as (
            select *, row_number() over (order by order_id) as number
            from '{landing}/orders.parquet'
            where total > 0 and status = 'completed' and original_order_id is null
                and ordered_at between timestamp '{as_of}' - interval 20 day and timestamp '{as_of}' - interval 1 hour
                and coalesce(account_id, card_number, email) is not null
            qualify row_number() over (partition by order_id) = 1
        )

        select * exclude (number) replace (
            'later ' || order_id as order_id, timestamp '{as_of}' + (number % 30) * interval 1 hour as ordered_at,
            upper(email) as email, total + 3 as total
        )
        from bought where number % 7 = 0
        union all by name
        -- Orders of before, whose status is another one now.
        select * exclude (number), timestamp '{as_of}' + interval 3 hour as updated_at
        from (select * replace (case number % 2 when 0 then 'returned' else 'cancelled' end as status) from bought)
        where number % 11 = 1
        union all by name
        -- Orders that turn out to be of another customer.
        select * exclude (number) replace (
            null as account_id, null as email, null as phone, (select max(card_number) from bought) as card_number
        ), timestamp '{as_of}' + interval 7 hour as updated_at
        from bought where number % 29 = 6
        union all by name
        -- Returns that name their order, and returns that name none.
        select * exclude (number) replace (
            'return of ' || order_id as order_id, -total / 2 as total, order_id as original_order_id,
            timestamp '{as_of}' + interval 5 hour as ordered_at
        )
        from bought where number % 13 = 2
        union all by name
        select * exclude (number) replace (
            'return ' || order_id as order_id, -total as total, timestamp '{as_of}' + interval 6 hour as ordered_at
        )
        from bought where number % 17 = 3
        union all by name
        select * exclude (number) replace (
            'stranger ' || number as order_id, 'nobody ' || number as account_id, null as card_number,
            null as email, null as phone, timestamp '{as_of}' + interval 1 hour as ordered_at
        )
        from bought where number <= 2
    """,
    "order_lines": """
        select lines.* replace ('later ' || lines.order_id as order_id)
        from '{landing}/order_lines.parquet' as lines
        where 'later ' || lines.order_id in (select order_id from '{folder}/orders.later.parquet')
    """,
    "email_events": """
        with before as (
            select *, row_number() over (order by event_id) as number
            from '{landing}/email_events.parquet'
            where occurred_at between timestamp '{as_of}' - interval 25 day and timestamp '{as_of}' - interval 1 hour
                and email is not null
        )

        select * exclude (number) replace (
            'later ' || event_id as event_id,
            timestamp '{as_of}' + to_seconds(600 + (number * 37) % 120000) as occurred_at,
            case when number % 19 = 0 then upper(email) else email end as email,
            case number % 23 when 1 then 'unsubscribed' when 2 then 'bounced' when 3 then 'opened' when 4 then 'clicked' else event_name end
                as event_name
        )
        from before where number % 4 = 0
        union all by name
        select * exclude (number) replace (
            'stranger' as event_id, 'stranger@example.net' as email, timestamp '{as_of}' + interval 1 hour as occurred_at
        )
        from before where number = 1
    """,
    "campaign_touches": """
        select * exclude (number) replace (
            'later ' || touch_id as touch_id, timestamp '{as_of}' + (number % 40) * interval 50 minute as touched_at
        )
        from (select *, row_number() over (order by touch_id) as number from '{landing}/campaign_touches.parquet')
        where number % 5 = 0
    """,
    "consent_events": """
        with before as (
            select *, row_number() over (order by consent_event_id) as number from '{landing}/consent_events.parquet'
        )

        select * exclude (number) replace (
            'later ' || consent_event_id as consent_event_id, timestamp '{as_of}' + (number % 20) * interval 1 hour as decided_at,
            case when number % 3 = 0 then 'granted' else 'withdrawn' end as status,
            case when number % 4 = 0 then upper(id_value) else id_value end as id_value,
            cast(null as timestamp) as expires_at
        )
        from before where number % 6 = 0 and id_type = 'email'
        union all by name
        select * exclude (number) replace (
            'stranger' as consent_event_id, 'stranger@example.org' as id_value, 'email' as id_type, 'withdrawn' as status,
            timestamp '{as_of}' + interval 1 hour as decided_at
        )
        from before where number = 1
    """,
    "service_contacts": """
        select * replace (
            'later ' || service_contact_id as service_contact_id, timestamp '{as_of}' + interval 4 hour as opened_at,
            cast(null as timestamp) as closed_at, 'open' as status
        )
        from '{landing}/service_contacts.parquet'
    """,
    "accounts": """
        select
            * exclude (number) replace (timestamp '{as_of}' + (1 + number % 5) * interval 1 hour as updated_at),
            number % 4 = 0 as email_opt_out, number % 4 = 1 as ads_opt_out,
            case when number % 4 = 2 then false end as newsletter_opt_in
        from (select *, row_number() over (order by account_id) as number from '{landing}/accounts.parquet')
        where number % 3 = 0
    """,
    "static_lists": """
        select * replace ('email' as id_type, email as id_value, timestamp '{as_of}' + interval 2 hour as added_at)
        from (from '{landing}/static_lists.parquet' limit 1) cross join (
            select email from '{landing}/accounts.parquet' order by account_id limit 5 offset 20
        )
    """,
    "web_events": """
        select * replace ('later ' || event_id as event_id, occurred_at + interval 2 day as occurred_at)
        from '{landing}/web_events.parquet'
        where occurred_at between timestamp '{as_of}' - interval 2 day and timestamp '{as_of}' - interval 1 second
    """,
}


def write_extracts(landing: Path, folder: Path, *tables: str) -> None:
    """Make `folder` a landing with the files of `landing` and a later extract of each of the `tables`; of all without them."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in landing.iterdir():
        if not (folder / path.name).exists():
            (folder / path.name).symlink_to(path)
    for table in tables or _QUERIES:
        query = _QUERIES[table].format(landing=landing, folder=folder, as_of=DEMO_AS_OF)
        if table == "static_lists":
            query = query.replace("select *", "select * exclude (email)", 1)
        duckdb.execute(f"copy ({query}) to '{folder}/{table}.later.parquet' (format parquet)")
