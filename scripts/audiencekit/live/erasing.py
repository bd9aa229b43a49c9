"""Requests for erasure in extracts: whom they are about, by the identity that the last build published."""

import duckdb

from audiencekit.intake.erasure_requests import check_people_per_request
from audiencekit.live.concerned import PUBLISHED, REQUESTS, learn_spellings, named_in


def find_erased(con: duckdb.DuckDBPyConnection, is_accepted: bool) -> frozenset[str]:
    """The customers whom new requests for erasure are about.

    Raises UserError for a request about too many people, unless it `is_accepted`.
    """
    learn_spellings(con, named_in([REQUESTS], "added"))
    found = con.execute(f"""
        with requests as (
            select requests.request_id, requests.id_type, coalesce(spellings.point, requests.id_value) as id_value
            from added.{REQUESTS} as requests
            left join known.spellings as spellings
                on requests.id_type = spellings.id_type and requests.id_value = spellings.raw_value
        )

        select distinct requests.request_id, records.customer_key, false as is_merged_key
        from requests
        inner join {PUBLISHED}.int_record_identifiers as identifiers using (id_type, id_value)
        inner join {PUBLISHED}.int_record_customers as records on identifiers.record_id = records.record_id
        inner join warehouse.profiles.dim_customers as customers on records.customer_key = customers.customer_key
        left join {PUBLISHED}.int_shared_ids as shared
            on requests.id_type = shared.id_type and requests.id_value = shared.id_value
        where shared.id_value is null
    """).df()
    requests = con.execute(
        f"select request_id, bool_or(id_type = 'phone' and trim(id_value) not like '+%') as is_national "
        f"from added.{REQUESTS} group by request_id"
    ).df()
    if len(found) and not is_accepted:
        check_people_per_request(found, requests)
    return frozenset(found["customer_key"])
