-- One row per time a campaign reached a customer or the customer responded.
select
    touches.touch_id,
    identifiers.customer_key,
    touches.touched_at,
    touches.campaign_id,
    touches.touch_name,
    touches.channel
from {{ ref('stg_campaigns__touches') }} as touches
inner join {{ ref('int_raw_identifiers') }} as identifiers
    on touches.id_type = identifiers.id_type and touches.id_value = identifiers.raw_value
