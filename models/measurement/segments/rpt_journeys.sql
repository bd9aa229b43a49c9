-- One row per month, primary segment at its start and primary segment at its end: how many customers moved that way. A
-- month starts with the last build of the month before, and ends with its own last build; null is no segment.
with

moments as (

    select
        moment_at,
        lag(moment_at) over (order by moment_at) as before_at
    from (
        select max(changed_at) as moment_at
        from {{ ref('segment_history') }}
        group by {{ dbt.date_trunc('month', shop_time('changed_at')) }}
    ) as last_of_month

),

primary_segments as (

    select
        moments.moment_at,
        stays.customer_key,
        min_by(stays.segment_code, {{ segment_precedence('segments.priority', 'stays.segment_code') }}) as segment_code
    from moments
    inner join {{ ref('int_membership_periods') }} as stays
        on moments.moment_at >= stays.entered_at and (moments.moment_at < stays.left_at or stays.left_at is null)
    inner join {{ ref('dim_segments') }} as segments on stays.segment_code = segments.segment_code
    group by moments.moment_at, stays.customer_key

),

-- Customers who are in a segment at either end of a month.
customers as (

    select moments.before_at, moments.moment_at, primary_segments.customer_key
    from moments
    inner join primary_segments on moments.moment_at = primary_segments.moment_at
    where moments.before_at is not null
    union
    select moments.before_at, moments.moment_at, primary_segments.customer_key
    from moments
    inner join primary_segments on moments.before_at = primary_segments.moment_at

)

select
    customers.before_at as from_at,
    customers.moment_at as to_at,
    before.segment_code as from_segment,
    after.segment_code as to_segment,
    count(*) as customers
from customers
left join primary_segments as before
    on customers.customer_key = before.customer_key and customers.before_at = before.moment_at
left join primary_segments as after
    on customers.customer_key = after.customer_key and customers.moment_at = after.moment_at
group by customers.before_at, customers.moment_at, before.segment_code, after.segment_code
