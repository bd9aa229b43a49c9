-- One row per customer who may be e-mailed, as a Customer.io person. Timestamps are seconds since 1970.
select
    audience_row_id,
    external_id as id,
    email,
    false as unsubscribed,
    segment_codes,
    primary_segment,
    variants,
    messages_json,
    cast(
        floor({{ micros_between("cast('1970-01-01' as timestamp)", 'entered_at') }} / 1000000) as bigint
    ) as entered_at,
    row_hash,
    build_id,
    updated_at
from {{ ref('aud_email') }}
