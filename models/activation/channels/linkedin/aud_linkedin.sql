-- One row per audience and customer for LinkedIn Matched Audiences.
with

shape as (

    select
        members.audience_code,
        members.customer_key,
        identifiers.email_sha256 as sha256_email
    from {{ ref('int_audience_members') }} as members
    inner join {{ ref('int_hashed_identifiers') }} as identifiers
        on members.customer_key = identifiers.customer_key
    where members.channel = 'linkedin' and identifiers.email_sha256 is not null

)

{{ audience_rows('shape', channel='linkedin', key=['audience_code', 'customer_key'], hashed=[
    'audience_code', 'sha256_email'
]) }}
