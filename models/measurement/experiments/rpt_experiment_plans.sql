-- One row per segment and outcome: what a holdout on it could show, from what its members did in the last window as
-- long as the experiment's. Read it before you start one.
{% set z = '2.8015852181129683e+00' %}
with

segments as (

    select
        segment_code,
        holdout_experiment,
        attribution_days,
        case when holdout_share > 0 then holdout_share else 0.1 end as holdout_share
    from {{ ref('dim_segments') }}

),

members as (

    select
        membership.segment_code,
        membership.customer_key,
        profiles.gap_mean_days
    from {{ ref('segment_membership') }} as membership
    inner join {{ ref('customer_360') }} as profiles on membership.customer_key = profiles.customer_key

),

bought as (

    select
        members.segment_code,
        members.customer_key,
        sum(cast(orders.net_usd as decimal(18, 4))) as net_usd
    from members
    inner join segments on members.segment_code = segments.segment_code
    inner join {{ ref('fct_orders') }} as orders on members.customer_key = orders.customer_key
    where
        orders.is_purchase
        and orders.ordered_at < {{ as_of() }}
        and {{ elapsed('day', 'orders.ordered_at', as_of()) }} <= segments.attribution_days
    group by members.segment_code, members.customer_key

),

sums as (

    select
        members.segment_code,
        cast(count(*) as double) as members,
        percentile_cont(0.5) within group (order by members.gap_mean_days) as median_gap_days,
        cast(count(bought.customer_key) as double) as buyers,
        cast(coalesce(sum(bought.net_usd), 0) as double) as spent,
        coalesce({{ exact_sum('cast(bought.net_usd as double) * cast(bought.net_usd as double)') }}, 0) as spent_squared
    from members
    left join bought
        on members.segment_code = bought.segment_code and members.customer_key = bought.customer_key
    group by members.segment_code

),

outcomes as (

    select
        segment_code,
        members,
        median_gap_days,
        'purchased' as outcome_name,
        buyers / members as mean,
        buyers as squares
    from sums
    union all
    select
        segment_code,
        members,
        median_gap_days,
        'revenue_usd' as outcome_name,
        spent / members as mean,
        spent_squared as squares
    from sums

),

planned as (

    select
        segments.*,
        outcomes.outcome_name,
        outcomes.members,
        outcomes.median_gap_days,
        outcomes.mean,
        -- What all did alike says nothing about what they would do.
        nullif(sqrt(
            greatest(outcomes.squares - outcomes.members * outcomes.mean * outcomes.mean, 0)
            / nullif(outcomes.members - 1, 0)
        ), 0) as deviation,
        sqrt(1 / (outcomes.members * segments.holdout_share) + 1 / (outcomes.members * (1 - segments.holdout_share)))
            as size_factor
    from outcomes
    inner join segments on outcomes.segment_code = segments.segment_code

)

select
    cast(segment_code as string) as segment_code,
    cast(outcome_name as string) as outcome_name,
    cast(nullif(holdout_experiment, '') as string) as experiment_code,
    cast(members as bigint) as members,
    cast(holdout_share as double) as holdout_share,
    cast(attribution_days as bigint) as attribution_days,
    cast(median_gap_days as double) as median_gap_days,
    cast(coalesce(attribution_days >= median_gap_days, false) as boolean) as window_fits,
    cast(mean as double) as mean,
    cast(deviation as double) as standard_deviation,
    cast({{ z }} * deviation * size_factor as double) as minimum_detectable_lift,
    cast({{ z }} * deviation * size_factor / nullif(mean, 0) as double) as minimum_detectable_relative_lift
from planned
