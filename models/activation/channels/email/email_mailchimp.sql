-- One row per customer who may be e-mailed, as a Mailchimp list member, whose id is the MD5 of the address.
select
    audience_row_id,
    cast(md5(email) as string) as subscriber_hash,
    email as email_address,
    cast('subscribed' as string) as status_if_new,
    segment_codes as tags,
    cast({{ json_text({
        'EXTERNALID': "'\"' || external_id || '\"'",
        'SEGMENT': "'\"' || primary_segment || '\"'",
        'VARIANTS': "'\"' || " ~ semicolon_list('variants') ~ " || '\"'"
    }) }} as string) as merge_fields,
    row_hash,
    build_id,
    updated_at
from {{ ref('aud_email') }}
