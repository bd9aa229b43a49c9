-- One row per customer who may be e-mailed, with the segments to mail them for.
with

addressed as (

    select
        people.customer_key as external_id,
        customers.email,
        people.segment_codes,
        people.primary_segment,
        people.entered_at,
        true as subscribed
    from {{ ref('int_person_audiences') }} as people
    inner join {{ ref('dim_customers') }} as customers on people.customer_key = customers.customer_key
    where people.channel = 'email' and customers.email is not null and customers.is_email_deliverable

)

select
    {{ audience_row_id('email', "'all'", 'external_id') }} as audience_row_id,
    cast('all' as string) as audience_code,
    external_id,
    email,
    segment_codes,
    primary_segment,
    entered_at,
    subscribed,
    {{ audience_stamp(['external_id', 'email', 'segment_codes', 'primary_segment', 'entered_at', 'subscribed']) }}
from addressed
