-- One row per month, primary segment at its start and primary segment at its end: how many customers went that way. A
-- month starts and ends with the last build before it; null is no segment.
with

moments as (

    select
        moment_at,
        lag(moment_at) over (order by moment_at) as before_at
    from (
        select max(changed_at) as moment_at
        from {{ ref('segment_history') }}
        group by {{ dbt.date_trunc('month', 'changed_at') }}
    ) as last_of_month

),

held as (

    select
        moments.moment_at,
        stays.customer_key,
        min_by(stays.segment_code, {{ segment_standing('segments.priority', 'stays.segment_code') }}) as segment_code
    from moments
    inner join {{ ref('int_membership_periods') }} as stays
        on moments.moment_at >= stays.entered_at and (moments.moment_at < stays.left_at or stays.left_at is null)
    inner join {{ ref('dim_segments') }} as segments on stays.segment_code = segments.segment_code
    group by moments.moment_at, stays.customer_key

),

-- Who is in a segment at either end of a month.
travellers as (

    select moments.before_at, moments.moment_at, held.customer_key
    from moments
    inner join held on moments.moment_at = held.moment_at
    where moments.before_at is not null
    union
    select moments.before_at, moments.moment_at, held.customer_key
    from moments
    inner join held on moments.before_at = held.moment_at

)

select
    cast(travellers.before_at as timestamp) as from_at,
    cast(travellers.moment_at as timestamp) as to_at,
    cast(before.segment_code as string) as from_segment,
    cast(after.segment_code as string) as to_segment,
    cast(count(*) as bigint) as customers
from travellers
left join held as before
    on travellers.customer_key = before.customer_key and travellers.before_at = before.moment_at
left join held as after
    on travellers.customer_key = after.customer_key and travellers.moment_at = after.moment_at
group by travellers.before_at, travellers.moment_at, before.segment_code, after.segment_code
