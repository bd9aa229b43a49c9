-- One row per customer and moment: how often campaigns reached them, and which offers they redeemed. Null where the
-- landing has no campaign touches.
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

),

counted as (

    select
        customer_key,
        moment_at,
        count(*) filter (where touch_name in ('mailed', 'shown') and {{ in_window(90, 'day') }})
            as campaign_touches_90d,
        count(*) filter (where touch_name = 'redeemed') as redemptions_365d
    from touches
    where {{ in_window(365, 'day') }}
    group by customer_key, moment_at

)

select
    spine.customer_key,
    spine.moment_at,
    case when present.has_campaign_touches then coalesce(counted.campaign_touches_90d, 0) end as campaign_touches_90d,
    case when present.has_campaign_touches then coalesce(counted.redemptions_365d, 0) end as redemptions_365d
from {{ ref('int_feature_spine') }} as spine
cross join {{ ref('stg_landing__presence') }} as present
left join counted on spine.customer_key = counted.customer_key and spine.moment_at = counted.moment_at
