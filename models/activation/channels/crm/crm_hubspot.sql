-- One row per customer, as the properties of a HubSpot contact that is upserted by a unique property.
select
    audience_row_id,
    external_id as ak_external_id,
    {{ semicolon_list('segment_codes') }} as ak_segments,
    primary_segment as ak_primary_segment,
    lead_score as ak_lead_score,
    lead_grade as ak_lead_grade,
    best_channel as ak_best_channel,
    next_best_action as ak_next_best_action,
    reason as ak_next_best_action_reason,
    row_hash,
    build_id,
    updated_at
from {{ ref('aud_crm') }}
