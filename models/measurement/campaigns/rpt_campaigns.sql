-- One row per campaign and channel: the customers it reached, its cost, the revenue that each attribution method gives
-- it, and the return. Attribution shares out what was bought; only a holdout shows what a campaign caused.
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
        cast(sum(cast(cost as decimal(18, 4))) as double) as cost
    from {{ ref('stg_campaigns__costs') }}
    group by campaign_id, channel

),

earned as (

    select
        campaign_id,
        channel,
        {{ exact_sum("case when method = 'first' then revenue end") }} as first_revenue,
        {{ exact_sum("case when method = 'last' then revenue end") }} as last_revenue,
        {{ exact_sum("case when method = 'linear' then revenue end") }} as linear_revenue,
        {{ exact_sum("case when method = 'position' then revenue end") }} as position_revenue
    from {{ ref('rpt_attribution') }}
    where campaign_id is not null
    group by campaign_id, channel

)

select
    coalesce(touches.campaign_id, costs.campaign_id) as campaign_id,
    campaigns.campaign_name,
    coalesce(touches.channel, costs.channel) as channel,
    touches.first_touched_at,
    coalesce(touches.touches, 0) as touches,
    coalesce(touches.people, 0) as people,
    coalesce(touches.clicks, 0) as clicks,
    coalesce(touches.redemptions, 0) as redemptions,
    costs.cost,
    coalesce(earned.first_revenue, 0) as first_revenue,
    coalesce(earned.last_revenue, 0) as last_revenue,
    coalesce(earned.linear_revenue, 0) as linear_revenue,
    coalesce(earned.position_revenue, 0) as position_revenue,
    -- Without touches nothing is attributed, and a return of -1 would mislead.
    case
        when touches.touches > 0
            then (coalesce(earned.linear_revenue, 0) - costs.cost) / nullif(costs.cost, 0)
    end as linear_roi
from touches
full join costs
    on touches.campaign_id = costs.campaign_id and touches.channel is not distinct from costs.channel
left join earned
    on touches.campaign_id = earned.campaign_id and touches.channel is not distinct from earned.channel
left join {{ ref('dim_campaigns') }} as campaigns
    on coalesce(touches.campaign_id, costs.campaign_id) = campaigns.campaign_id
