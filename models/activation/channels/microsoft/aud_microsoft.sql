-- One row per audience and customer for Microsoft Customer Match.
with

shape as (

    select
        members.audience_code,
        members.customer_key,
        identifiers.email_sha256 as hashed_email
    from {{ ref('int_audience_members') }} as members
    inner join {{ ref('int_hashed_identifiers') }} as identifiers
        on members.customer_key = identifiers.customer_key
    where members.channel = 'microsoft' and identifiers.email_sha256 is not null

)

{{ audience_rows('shape', channel='microsoft', key=['audience_code', 'customer_key'], hashed=[
    'audience_code', 'hashed_email'
]) }}
