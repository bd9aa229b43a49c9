-- One row per challenger segment and group of customers (both, only_current, only_challenger): how many they are, and
-- what they did. A challenger is a segment of its own; its YAML names in `challenges` the segment it may replace. With
-- `channels: []` no customer is addressed for it.
with

pairs as (

    select segment_code as challenger, challenges as segment_code
    from {{ ref('dim_segments') }}
    where challenges <> ''

),

membership as (

    select segment_code, customer_key from {{ ref('segment_membership') }}

),

sides as (

    select pairs.challenger, pairs.segment_code, membership.customer_key, 1 as is_current, 0 as is_challenger
    from pairs
    inner join membership on pairs.segment_code = membership.segment_code
    union all
    select pairs.challenger, pairs.segment_code, membership.customer_key, 0 as is_current, 1 as is_challenger
    from pairs
    inner join membership on pairs.challenger = membership.segment_code

),

grouped as (

    select
        challenger,
        segment_code,
        customer_key,
        case
            when max(is_current) + max(is_challenger) = 2 then 'both'
            when max(is_current) = 1 then 'only_current'
            else 'only_challenger'
        end as who
    from sides
    group by challenger, segment_code, customer_key

)

select
    grouped.segment_code,
    grouped.challenger,
    grouped.who,
    count(*) as customers,
    count(case when profiles.orders_30d > 0 then 1 end) / cast(count(*) as double) as conversion_30d,
    cast(sum(cast(profiles.spend_90d as decimal(18, 4))) as double) / count(*) as spend_90d_per_customer,
    {{ exact_mean('profiles.engagement_score') }} as engagement_score,
    {{ exact_mean('profiles.churn_90d') }} as churn_90d
from grouped
inner join {{ ref('customer_360') }} as profiles on grouped.customer_key = profiles.customer_key
group by grouped.segment_code, grouped.challenger, grouped.who
