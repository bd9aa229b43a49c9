-- One row per time a campaign reached a customer or was answered.
select
    cast(touches.touch_id as string) as touch_id,
    cast(identifiers.customer_key as string) as customer_key,
    cast(touches.touched_at as timestamp) as touched_at,
    cast(touches.campaign_id as string) as campaign_id,
    cast(touches.touch_name as string) as touch_name,
    cast(touches.channel as string) as channel
from {{ ref('stg_campaigns__touches') }} as touches
inner join {{ ref('int_raw_identifiers') }} as identifiers
    on touches.id_type = identifiers.id_type and touches.id_value = identifiers.raw_value
