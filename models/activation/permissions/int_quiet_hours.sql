-- One row per customer and channel with quiet hours: whether they are on for the customer, and when that may change
-- next. The customer's time zone is that of their region or country, else that of the shop. Where it may be one of
-- several, it is quiet while it is quiet in any.
with

zones as (

    select distinct time_zone from {{ ref('time_zones') }}
    union
    select '{{ var("time_zone") }}'

),

clocks as (

    select
        hours.channel,
        zones.time_zone,
        hours.from_hour,
        hours.until_hour,
        {{ local_time(as_of(), 'zones.time_zone') }} as local_at
    from {{ ref('quiet_hours') }} as hours
    cross join zones

),

days as (

    select 0 as later
    union all
    select 1
    union all
    select 2

),

sides as (

    select true as is_end
    union all
    select false

),

boundaries as (

    select
        clocks.channel,
        clocks.time_zone,
        {{ utc_time(dbt.dateadd(
            'hour',
            'days.later * 24 + case when sides.is_end then clocks.until_hour else clocks.from_hour end',
            dbt.date_trunc('day', 'clocks.local_at')
        ), 'clocks.time_zone') }} as boundary_at
    from clocks
    cross join days
    cross join sides

),

next_boundaries as (

    select channel, time_zone, min(boundary_at) as changes_at
    from boundaries
    where boundary_at > {{ as_of() }}
    group by channel, time_zone

),

states as (

    select
        clocks.channel,
        clocks.time_zone,
        case
            when clocks.from_hour > clocks.until_hour
                then
                    extract(hour from clocks.local_at) >= clocks.from_hour
                    or extract(hour from clocks.local_at) < clocks.until_hour
            else
                extract(hour from clocks.local_at) >= clocks.from_hour
                and extract(hour from clocks.local_at) < clocks.until_hour
        end as is_quiet,
        next_boundaries.changes_at
    from clocks
    inner join next_boundaries
        on clocks.channel = next_boundaries.channel and clocks.time_zone = next_boundaries.time_zone

),

customer_zones as (

    select
        customers.customer_key,
        coalesce(regional.time_zone, national.time_zone, '{{ var("time_zone") }}') as time_zone
    from {{ ref('dim_customers') }} as customers
    left join {{ ref('time_zones') }} as regional
        on customers.country_code = regional.country_code and customers.region = regional.region
    left join {{ ref('time_zones') }} as national
        on
            case when regional.time_zone is null then customers.country_code end = national.country_code
            and national.region is null

)

select
    customer_zones.customer_key,
    states.channel,
    bool_or(states.is_quiet) as is_quiet,
    min(states.changes_at) as changes_at
from customer_zones
inner join states on customer_zones.time_zone = states.time_zone
group by customer_zones.customer_key, states.channel
