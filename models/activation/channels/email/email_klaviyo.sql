-- One row per customer who may be e-mailed, as a Klaviyo profile. Klaviyo keeps the value
-- of a field that is sent as null, so a customer who leaves must be sent empty values (docs/pickup.md).
select
    audience_row_id,
    external_id,
    email,
    {{ json_text({
        'segment_codes': 'segment_codes',
        'primary_segment': "'\"' || primary_segment || '\"'",
        'entered_at': "'\"' || cast(entered_at as string) || '\"'",
        'variants': 'variants',
        'messages': 'messages_json'
    }) }} as properties,
    row_hash,
    build_id,
    updated_at
from {{ ref('aud_email') }}
