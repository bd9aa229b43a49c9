-- One row per customer who may be e-mailed, as a Mailchimp list member, whose id is the MD5 of the address.
-- It has no messages, because merge fields are for short plain texts.
select
    audience_row_id,
    md5(email) as subscriber_hash,
    email as email_address,
    'subscribed' as status_if_new,
    segment_codes as tags,
    {{ json_text({
        'EXTERNALID': "'\"' || external_id || '\"'",
        'SEGMENT': "'\"' || primary_segment || '\"'",
        'VARIANTS': "'\"' || " ~ semicolon_list('variants') ~ " || '\"'"
    }) }} as merge_fields,
    row_hash,
    build_id,
    updated_at
from {{ ref('aud_email') }}
