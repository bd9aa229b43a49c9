-- One row per audience and customer for X Custom Audiences.
with

shape as (

    select
        members.audience_code,
        members.customer_key,
        identifiers.email_sha256 as hashed_email,
        identifiers.phone_digits_sha256 as hashed_phone_number
    from {{ ref('int_audience_members') }} as members
    inner join {{ ref('int_hashed_identifiers') }} as identifiers
        on members.customer_key = identifiers.customer_key
    where
        members.channel = 'x'
        and coalesce(identifiers.email_sha256, identifiers.phone_digits_sha256) is not null

)

{{ audience_rows('shape', channel='x', key=['audience_code', 'customer_key'], hashed=[
    'audience_code', 'hashed_email', 'hashed_phone_number'
]) }}
