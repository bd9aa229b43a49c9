-- One row per segment and customer in it now, and since when. Members are the customers who match the rule. A static
-- segment that is taken once keeps the customers who matched when its rule was first run, as long as they are
-- customers.
with

-- A segment that is taken once is settled when its rule has been published.
settled as (

    select segments.segment_code
    from {{ ref('dim_segments') }} as segments
    inner join {{ ref('stg_ledger__segment_definitions') }} as published
        on
            segments.segment_code = published.segment_code
            and segments.definition_hash = published.definition_hash
    where segments.kind = 'static' and segments.refresh = 'once'

),

members as (

    select
        matches.segment_code,
        matches.customer_key
    from {{ ref('segment_matches') }} as matches
    left join settled on matches.segment_code = settled.segment_code
    where settled.segment_code is null
    union all
    select
        open_memberships.segment_code,
        open_memberships.customer_key
    from {{ ref('int_open_memberships') }} as open_memberships
    inner join settled on open_memberships.segment_code = settled.segment_code
    inner join {{ ref('customer_360') }} as customers on open_memberships.customer_key = customers.customer_key

)

select
    members.segment_code,
    members.customer_key,
    coalesce(open_memberships.entered_at, {{ as_of() }}) as entered_at
from members
left join {{ ref('int_open_memberships') }} as open_memberships
    on
        members.segment_code = open_memberships.segment_code
        and members.customer_key = open_memberships.customer_key
