-- One row per customer, as the custom fields of a Salesforce contact or lead that is upserted by an external id.
select
    audience_row_id,
    external_id as external_id__c,
    {{ semicolon_list('segment_codes') }} as segments__c,
    primary_segment as primary_segment__c,
    lead_score as lead_score__c,
    lead_grade as lead_grade__c,
    best_channel as best_channel__c,
    next_best_action as next_best_action__c,
    reason as next_best_action_reason__c,
    row_hash,
    build_id,
    updated_at
from {{ ref('aud_crm') }}
