-- One row per segment and customer in it now, and since when.
select
    cast(matches.segment_code as string) as segment_code,
    cast(matches.customer_key as string) as customer_key,
    cast(coalesce(open_memberships.entered_at, {{ as_of() }}) as timestamp) as entered_at
from {{ ref('int_current_members') }} as matches
left join {{ ref('int_open_memberships') }} as open_memberships
    on
        matches.segment_code = open_memberships.segment_code
        and matches.customer_key = open_memberships.customer_key
