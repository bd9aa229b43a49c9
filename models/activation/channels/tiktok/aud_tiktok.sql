-- One row per audience and customer for TikTok Custom Audiences.
{% set phone = 'phone_e164_sha256' if var('tiktok_phone_has_plus') else 'phone_digits_sha256' %}
with

shape as (

    select
        members.audience_code,
        members.customer_key,
        identifiers.email_tiktok_sha256 as email_sha256,
        identifiers.{{ phone }} as phone_sha256
    from {{ ref('int_audience_members') }} as members
    inner join {{ ref('int_hashed_identifiers') }} as identifiers
        on members.customer_key = identifiers.customer_key
    where members.channel = 'tiktok' and coalesce(identifiers.email_tiktok_sha256, identifiers.{{ phone }}) is not null

)

{{ audience_rows('shape', channel='tiktok', key=['audience_code', 'customer_key'], hashed=[
    'audience_code', 'email_sha256', 'phone_sha256'
]) }}
