-- One row per customer who may be e-mailed, as a Braze user object.
select
    audience_row_id,
    external_id,
    email,
    'subscribed' as email_subscribe,
    segment_codes,
    primary_segment,
    variants,
    messages_json,
    row_hash,
    build_id,
    updated_at
from {{ ref('aud_email') }}
