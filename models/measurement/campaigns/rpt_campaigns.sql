-- One row per campaign and channel: whom it reached, what it cost, what each way of sharing gives it, and the return.
-- Attribution shares out what was bought; what a campaign caused, only a holdout tells.
with

touches as (

    select
        campaign_id,
        channel,
        count(*) as touches,
        count(distinct customer_key) as people,
        count(case when touch_name = 'clicked' then 1 end) as clicks,
        count(case when touch_name = 'redeemed' then 1 end) as redemptions,
        min(touched_at) as first_touched_at
    from {{ ref('fct_touches') }}
    group by campaign_id, channel

),

costs as (

    select
        campaign_id,
        channel,
        cast(sum(cast(cost_usd as decimal(18, 4))) as double) as cost_usd
    from {{ ref('stg_campaigns__costs') }}
    group by campaign_id, channel

),

earned as (

    select
        campaign_id,
        channel,
        {{ exact_sum("case when method = 'first' then revenue_usd end") }} as first_revenue_usd,
        {{ exact_sum("case when method = 'last' then revenue_usd end") }} as last_revenue_usd,
        {{ exact_sum("case when method = 'linear' then revenue_usd end") }} as linear_revenue_usd,
        {{ exact_sum("case when method = 'position' then revenue_usd end") }} as position_revenue_usd
    from {{ ref('rpt_attribution') }}
    where campaign_id is not null
    group by campaign_id, channel

)

select
    cast(coalesce(touches.campaign_id, costs.campaign_id) as string) as campaign_id,
    cast(campaigns.campaign_name as string) as campaign_name,
    cast(coalesce(touches.channel, costs.channel) as string) as channel,
    cast(touches.first_touched_at as timestamp) as first_touched_at,
    cast(coalesce(touches.touches, 0) as bigint) as touches,
    cast(coalesce(touches.people, 0) as bigint) as people,
    cast(coalesce(touches.clicks, 0) as bigint) as clicks,
    cast(coalesce(touches.redemptions, 0) as bigint) as redemptions,
    cast(costs.cost_usd as double) as cost_usd,
    cast(coalesce(earned.first_revenue_usd, 0) as double) as first_revenue_usd,
    cast(coalesce(earned.last_revenue_usd, 0) as double) as last_revenue_usd,
    cast(coalesce(earned.linear_revenue_usd, 0) as double) as linear_revenue_usd,
    cast(coalesce(earned.position_revenue_usd, 0) as double) as position_revenue_usd,
    -- What nobody was reached with cannot be told to have earned nothing.
    cast(case
        when touches.touches > 0
            then (coalesce(earned.linear_revenue_usd, 0) - costs.cost_usd) / nullif(costs.cost_usd, 0)
    end as double) as linear_roi
from touches
full join costs
    on touches.campaign_id = costs.campaign_id and touches.channel is not distinct from costs.channel
left join earned
    on touches.campaign_id = earned.campaign_id and touches.channel is not distinct from earned.channel
left join {{ ref('dim_campaigns') }} as campaigns
    on coalesce(touches.campaign_id, costs.campaign_id) = campaigns.campaign_id
