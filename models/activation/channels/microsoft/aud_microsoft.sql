-- One row per audience and customer for Microsoft Customer Match.
with

addressed as (

    select
        members.audience_code,
        members.customer_key,
        identifiers.email_sha256 as hashed_email
    from {{ ref('int_audience_members') }} as members
    inner join {{ ref('int_hashed_identifiers') }} as identifiers
        on members.customer_key = identifiers.customer_key
    where members.channel = 'microsoft' and identifiers.email_sha256 is not null

),

said as (

    select
        {{ audience_row_id('microsoft', 'audience_code', 'customer_key') }} as audience_row_id,
        audience_code,
        customer_key,
        hashed_email,
        {{ row_hash(['audience_code', 'hashed_email']) }} as row_hash
    from addressed

)

select
    said.*,
    {{ since_last_change() }}
from said
left join {{ ref('stg_ledger__audience_rows') }} as last_rows
    on
        last_rows.channel = 'microsoft'
        and said.audience_row_id = last_rows.audience_row_id
        and said.row_hash = last_rows.row_hash
