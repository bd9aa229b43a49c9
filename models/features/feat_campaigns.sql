-- One row per customer and moment in whose year before a campaign reached them, and how they answered.
with

touches as (

    select
        spine.customer_key,
        spine.moment_at,
        touches.touch_name,
        {{ micros_between('touches.touched_at', 'spine.moment_at') }} as age_micros
    from {{ ref('fct_touches') }} as touches
    inner join {{ ref('int_feature_spine') }} as spine on touches.customer_key = spine.customer_key
    where
        touches.touched_at >= (
            select {{ dbt.dateadd('day', -365, 'min(moment_at)') }} from {{ ref('int_feature_spine') }}
        )

)

select
    customer_key,
    moment_at,
    count(*) filter (where touch_name in ('mailed', 'shown') and {{ in_window(90, 'day') }}) as campaign_touches_90d,
    count(*) filter (where touch_name = 'redeemed') as redemptions_365d
from touches
where {{ in_window(365, 'day') }}
group by customer_key, moment_at
