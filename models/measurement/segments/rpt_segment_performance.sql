-- One row per segment, window before as_of and order channel (all, or one), and of all customers (segment_code null):
-- what today's members did. It describes who is in a segment; what addressing them changed is in rpt_incrementality.
with

members as (

    select segment_code, customer_key from {{ ref('segment_membership') }}
    union all
    -- The baseline: all customers.
    select cast(null as string) as segment_code, customer_key from {{ ref('customer_360') }}

),

purchases as (

    select * from {{ ref('int_customer_purchases') }}

),

earned as (

    select
        members.segment_code,
        purchases.window_days,
        purchases.order_channel,
        count(case when purchases.purchases > 0 then 1 end) as buyers,
        cast(sum(purchases.purchases) as bigint) as purchases,
        cast(sum(purchases.net_revenue) as double) as revenue,
        count(case when purchases.purchases_before > 0 then 1 end) as buyers_before,
        count(case when purchases.purchases > 0 and purchases.purchases_before > 0 then 1 end) as retained
    from members
    inner join purchases on members.customer_key = purchases.customer_key
    group by members.segment_code, purchases.window_days, purchases.order_channel

),

profiles as (

    select
        members.segment_code,
        count(*) as members,
        {{ exact_mean('profiles.engagement_score') }} as engagement_score,
        {{ exact_mean('profiles.lifetime_value_90d') }} as lifetime_value_90d,
        {{ exact_mean('profiles.churn_90d') }} as churn_90d
    from members
    inner join {{ ref('customer_360') }} as profiles on members.customer_key = profiles.customer_key
    group by members.segment_code

),

-- A segment has a row for every window and channel, also where no member bought.
grid as (

    select profiles.*, kinds.window_days, kinds.order_channel
    from profiles
    cross join (select distinct window_days, order_channel from purchases) as kinds

),

measured as (

    select
        grid.*,
        coalesce(earned.buyers, 0) as buyers,
        coalesce(earned.purchases, 0) as purchases,
        coalesce(earned.revenue, 0) as revenue,
        coalesce(earned.buyers, 0) / cast(grid.members as double) as conversion,
        earned.revenue / nullif(earned.purchases, 0) as aov,
        earned.retained / cast(nullif(earned.buyers_before, 0) as double) as retention
    from grid
    left join earned
        on
            grid.segment_code is not distinct from earned.segment_code
            and grid.window_days = earned.window_days
            and grid.order_channel = earned.order_channel

)

select
    measured.segment_code,
    measured.window_days,
    measured.order_channel,
    measured.members,
    measured.buyers,
    measured.purchases,
    measured.revenue,
    measured.conversion,
    measured.aov,
    measured.revenue / measured.members as revenue_per_member,
    measured.retention,
    measured.engagement_score,
    measured.lifetime_value_90d,
    measured.churn_90d,
    baseline.conversion as baseline_conversion,
    baseline.aov as baseline_aov,
    baseline.revenue / baseline.members as baseline_revenue_per_member,
    baseline.retention as baseline_retention
from measured
inner join measured as baseline
    on
        measured.window_days = baseline.window_days
        and measured.order_channel = baseline.order_channel
        and baseline.segment_code is null
