-- One row per segment and customer in it now: who matches the rule; of a static segment that is taken once, who
-- matched it when its rule was first run, as long as they are customers.
with

-- Such a segment is settled once its rule has been published.
settled as (

    select segments.segment_code
    from {{ ref('dim_segments') }} as segments
    inner join {{ ref('stg_ledger__segment_definitions') }} as known
        on
            segments.segment_code = known.segment_code
            and segments.definition_hash = known.definition_hash
    where segments.kind = 'static' and segments.refresh = 'once'

)

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
