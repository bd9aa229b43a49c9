-- One row per segment and outcome: the smallest lift that a holdout on it could show. It is estimated from what today's
-- members did in the last window of the same length. Read it before you start an experiment.
{#- z(.975) + z(.80): an experiment of this size finds the lift four times out of five. -#}
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
        cast(sum(cast(orders.net_revenue as decimal(18, 4))) as decimal(18, 4)) as net_revenue
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
        count(*) as members,
        percentile_cont(0.5) within group (order by members.gap_mean_days) as median_gap_days,
        cast(count(bought.customer_key) as double) as buyers,
        cast(coalesce(sum(bought.net_revenue), 0) as double) as spent,
        cast(coalesce(sum(bought.net_revenue * bought.net_revenue), 0) as double) as spent_squared
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
        'revenue' as outcome_name,
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
        -- Where all members have the same value there is nothing to estimate from.
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
    segment_code,
    outcome_name,
    nullif(holdout_experiment, '') as experiment_code,
    members,
    holdout_share,
    attribution_days,
    median_gap_days,
    coalesce(attribution_days >= median_gap_days, false) as window_fits,
    mean,
    deviation as standard_deviation,
    {{ z }} * deviation * size_factor as minimum_detectable_lift,
    {{ z }} * deviation * size_factor / nullif(mean, 0) as minimum_detectable_relative_lift
from planned
