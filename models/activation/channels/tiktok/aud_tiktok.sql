-- One row per audience and customer for TikTok Custom Audiences.
{% set phone = 'phone_e164_sha256' if var('tiktok_phone_has_plus') else 'phone_digits_sha256' %}
with

addressed as (

    select
        members.audience_code,
        members.customer_key,
        identifiers.email_tiktok_sha256 as email_sha256,
        identifiers.{{ phone }} as phone_sha256
    from {{ ref('int_audience_members') }} as members
    inner join {{ ref('int_hashed_identifiers') }} as identifiers
        on members.customer_key = identifiers.customer_key
    where members.channel = 'tiktok' and coalesce(identifiers.email_tiktok_sha256, identifiers.{{ phone }}) is not null

),

said as (

    select
        {{ audience_row_id('tiktok', 'audience_code', 'customer_key') }} as audience_row_id,
        audience_code,
        customer_key,
        email_sha256,
        phone_sha256,
        {{ row_hash(['audience_code', 'email_sha256', 'phone_sha256']) }} as row_hash
    from addressed

)

select
    said.*,
    {{ since_last_change() }}
from said
left join {{ ref('stg_ledger__audience_rows') }} as last_rows
    on
        last_rows.channel = 'tiktok'
        and said.audience_row_id = last_rows.audience_row_id
        and said.row_hash = last_rows.row_hash
