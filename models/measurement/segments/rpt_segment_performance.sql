-- One row per segment, window before as_of and order channel (all, or one), and of all customers (segment_code null):
-- what its members of today did. It describes who is in a segment; what addressing changed is in rpt_incrementality.
{% set windows = [30, 90, 365] %}
with

members as (

    select segment_code, customer_key from {{ ref('segment_membership') }}
    union all
    -- The baseline: everybody.
    select cast(null as string) as segment_code, customer_key from {{ ref('customer_360') }}

),

orders as (

    select
        customer_key,
        coalesce(order_channel, 'unknown') as order_channel,
        cast(net_usd as decimal(18, 4)) as net_usd,
        {{ elapsed('day', 'ordered_at', as_of()) }} as age_days
    from {{ ref('fct_orders') }}
    where is_purchase and customer_key is not null and ordered_at < {{ as_of() }}

),

by_channel as (

    {% for days in windows %}
    select
        cast({{ days }} as bigint) as window_days,
        customer_key,
        order_channel,
        sum(case when age_days <= {{ days }} then 1 else 0 end) as purchases,
        sum(case when age_days <= {{ days }} then net_usd else 0 end) as net_usd,
        sum(case when age_days > {{ days }} then 1 else 0 end) as purchases_before
    from orders
    where age_days <= {{ 2 * days }}
    group by customer_key, order_channel
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

bought as (

    select * from by_channel
    union all
    select
        window_days,
        customer_key,
        'all' as order_channel,
        sum(purchases) as purchases,
        sum(net_usd) as net_usd,
        sum(purchases_before) as purchases_before
    from by_channel
    group by window_days, customer_key

),

earned as (

    select
        members.segment_code,
        bought.window_days,
        bought.order_channel,
        count(case when bought.purchases > 0 then 1 end) as buyers,
        sum(bought.purchases) as purchases,
        sum(bought.net_usd) as net_usd,
        count(case when bought.purchases_before > 0 then 1 end) as buyers_before,
        count(case when bought.purchases > 0 and bought.purchases_before > 0 then 1 end) as kept
    from members
    inner join bought on members.customer_key = bought.customer_key
    group by members.segment_code, bought.window_days, bought.order_channel

),

profiles as (

    select
        members.segment_code,
        count(*) as members,
        {{ exact_sum('profiles.engagement_score') }} / count(profiles.engagement_score) as engagement_score,
        {{ exact_sum('profiles.lifetime_value_90d_usd') }} / count(profiles.lifetime_value_90d_usd)
            as lifetime_value_90d_usd,
        {{ exact_sum('profiles.churn_90d') }} / count(profiles.churn_90d) as churn_90d
    from members
    inner join {{ ref('customer_360') }} as profiles on members.customer_key = profiles.customer_key
    group by members.segment_code

),

-- What nobody in a segment did is a row, too.
grid as (

    select profiles.*, kinds.window_days, kinds.order_channel
    from profiles
    cross join (select distinct window_days, order_channel from bought) as kinds

),

measured as (

    select
        grid.*,
        coalesce(earned.buyers, 0) as buyers,
        coalesce(earned.purchases, 0) as purchases,
        cast(coalesce(earned.net_usd, 0) as double) as revenue_usd,
        coalesce(earned.buyers, 0) / cast(grid.members as double) as conversion,
        cast(earned.net_usd as double) / nullif(earned.purchases, 0) as aov_usd,
        earned.kept / cast(nullif(earned.buyers_before, 0) as double) as retention
    from grid
    left join earned
        on
            grid.segment_code is not distinct from earned.segment_code
            and grid.window_days = earned.window_days
            and grid.order_channel = earned.order_channel

)

select
    cast(measured.segment_code as string) as segment_code,
    cast(measured.window_days as bigint) as window_days,
    cast(measured.order_channel as string) as order_channel,
    cast(measured.members as bigint) as members,
    cast(measured.buyers as bigint) as buyers,
    cast(measured.purchases as bigint) as purchases,
    cast(measured.revenue_usd as double) as revenue_usd,
    cast(measured.conversion as double) as conversion,
    cast(measured.aov_usd as double) as aov_usd,
    cast(measured.revenue_usd / measured.members as double) as revenue_per_member_usd,
    cast(measured.retention as double) as retention,
    cast(measured.engagement_score as double) as engagement_score,
    cast(measured.lifetime_value_90d_usd as double) as lifetime_value_90d_usd,
    cast(measured.churn_90d as double) as churn_90d,
    cast(baseline.conversion as double) as baseline_conversion,
    cast(baseline.aov_usd as double) as baseline_aov_usd,
    cast(baseline.revenue_usd / baseline.members as double) as baseline_revenue_per_member_usd,
    cast(baseline.retention as double) as baseline_retention
from measured
inner join measured as baseline
    on
        measured.window_days = baseline.window_days
        and measured.order_channel = baseline.order_channel
        and baseline.segment_code is null
