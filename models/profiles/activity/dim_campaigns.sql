-- One row per campaign, with the days it ran.
select
    campaign_id,
    max(campaign_name) as campaign_name,
    min(campaign_starts_on) as starts_on,
    max(campaign_ends_on) as ends_on
from {{ ref('stg_campaigns__touches') }}
group by campaign_id
