-- One row per campaign, with the days it ran.
select
    cast(campaign_id as string) as campaign_id,
    cast(max(campaign_name) as string) as campaign_name,
    cast(min(campaign_starts_on) as date) as starts_on,
    cast(max(campaign_ends_on) as date) as ends_on
from {{ ref('stg_campaigns__touches') }}
group by campaign_id
