-- One row per customer who may be e-mailed, with the segments to mail them for.
with

addressed as (

    select
        people.customer_key as external_id,
        customers.email,
        people.segment_codes,
        people.primary_segment,
        people.entered_at,
        people.variants,
        true as subscribed
    from {{ ref('int_customer_audiences') }} as people
    inner join {{ ref('dim_customers') }} as customers on people.customer_key = customers.customer_key
    where people.channel = 'email' and customers.email is not null and customers.is_email_deliverable

),

said as (

    select
        {{ audience_row_id('email', "'all'", 'external_id') }} as audience_row_id,
        cast('all' as string) as audience_code,
        external_id,
        email,
        segment_codes,
        primary_segment,
        entered_at,
        variants,
        subscribed,
        {{ row_hash([
            'external_id', 'email', 'segment_codes', 'primary_segment', 'entered_at', 'variants', 'subscribed'
        ]) }} as row_hash
    from addressed

)

select
    said.*,
    {{ since_last_change() }}
from said
left join {{ ref('stg_ledger__audience_rows') }} as last_rows
    on
        last_rows.channel = 'email'
        and said.audience_row_id = last_rows.audience_row_id
        and said.row_hash = last_rows.row_hash
