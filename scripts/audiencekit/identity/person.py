"""What the last build knows of one customer: identifiers, profile, orders, decisions, segments and audiences."""

from rich.console import Console

from audiencekit.identity.lookup import find_people, open_warehouse, print_table
from audiencekit.workspace import Workspace

LAST_ORDERS = 10
# Of so many customers at most everything is printed.
MOST_CUSTOMERS = 10
# Heading, columns, and the query; $1 is the customer's key.
SECTIONS = (
    (
        "Identifiers",
        ("identifier", "value", "first seen"),
        "select id_type, id_value, cast(first_seen_at as varchar) from identity.int_identifier_keys "
        "where customer_key = $1 union all "
        "select 'anonymous_id', anonymous_id, cast(known_at as varchar) from identity.int_anonymous_visitors "
        "where customer_key = $1 order by all",
    ),
    (
        "Profile",
        ("field", "from", "of", "last changed"),
        "select field, record_id, source_system, cast(updated_at as varchar) "
        "from profiles.dim_customer_sources where customer_key = $1 order by all",
    ),
    (
        f"Last {LAST_ORDERS} orders",
        ("order", "day", "gross", "returned", "net"),
        "select order_id, cast(ordered_on as varchar), printf('%.2f', gross_revenue), "
        "printf('%.2f', returned_amount), printf('%.2f', net_revenue) from profiles.fct_orders "
        f"where customer_key = $1 order by ordered_at desc, order_id limit {LAST_ORDERS}",
    ),
    (
        "Decisions",
        ("purpose", "channel", "allowed", "because", "law", "decided"),
        "select purpose, channel, case when is_allowed then 'yes' else 'no' end, basis, jurisdiction, "
        "cast(decided_at as varchar) from profiles.dim_consent where customer_key = $1 order by all",
    ),
    (
        "Segments",
        ("segment", "since"),
        "select segment_code, cast(entered_at as varchar) from segments.segment_membership "
        "where customer_key = $1 order by all",
    ),
    (
        "Audiences",
        ("channel", "audience", "since"),
        "select channel, audience_code, cast(updated_at as varchar) from activation.int_audience_rows "
        "where customer_key = $1 order by all",
    ),
)


def print_person(workspace: Workspace, identifier: str, console: Console) -> None:
    """Print what is known of each customer of `identifier` (kind=value, or the value alone).

    Raises UserError where no record contains it, or it belongs to no customer.
    """
    with open_warehouse(workspace) as con:
        keys = find_people(con, identifier)
        if len(keys) > 1:
            console.print(f"{len(keys):,} customers have {identifier}:\n", highlight=False)
        if len(keys) > MOST_CUSTOMERS:
            for key in keys[:MOST_CUSTOMERS]:
                console.print(f"customer_key={key}", highlight=False)
            console.print("… Ask for one of them to see more.", highlight=False)
            return
        for key in keys:
            console.print(f"Customer {key}", highlight=False)
            for heading, columns, query in SECTIONS:
                rows = con.execute(query, [key]).fetchall()
                console.print(f"\n[bold]{heading}[/]" + ("" if rows else ": none"), highlight=False)
                if rows:
                    print_table(console, columns, rows)
            if key != keys[-1]:
                console.print()
