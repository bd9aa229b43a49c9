-- One row per customer who may be e-mailed, with the segments to mail them for and the messages to send.
with

shape as (

    select
        'all' as audience_code,
        audiences.customer_key as external_id,
        customers.email,
        audiences.segment_codes,
        audiences.primary_segment,
        audiences.entered_at,
        audiences.variants,
        audiences.messages_json,
        true as subscribed
    from {{ ref('int_customer_audiences') }} as audiences
    inner join {{ ref('dim_customers') }} as customers on audiences.customer_key = customers.customer_key
    where audiences.channel = 'email' and customers.email is not null and customers.is_email_deliverable

)

{{ audience_rows('shape', channel='email', key=['audience_code', 'external_id'], hashed=[
    'external_id', 'email', 'segment_codes', 'primary_segment', 'entered_at', 'variants', 'messages_json',
    'subscribed'
]) }}
