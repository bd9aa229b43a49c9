-- One row per customer and consent event that is about a topic or the frequency of messages. A wish for less counts for
-- every customer whose records contain the identifier, or another spelling of the same mailbox; a wish for more where
-- the identifier names one customer. A grant with a limit is a wish for less and one for more.
with

wishes as (

    select *
    from {{ ref('stg_consent__events') }}
    where topic is not null or (at_most_every_days is not null and status in ('granted', 'limited'))

),

for_less as (

    select distinct
        customers.customer_key,
        case when wishes.status = 'granted' then 'limited' else wishes.status end as status_for_less,
        wishes.*
    from wishes
    inner join {{ ref('int_consent_records') }} as records
        on wishes.id_type = records.id_type and wishes.id_value = records.raw_value
    inner join {{ ref('int_record_customers') }} as customers on records.record_id = customers.record_id
    where wishes.status in ('denied', 'withdrawn') or wishes.at_most_every_days > 0

),

for_more as (

    select
        identifiers.customer_key,
        wishes.*
    from wishes
    inner join {{ ref('int_named_customers') }} as identifiers
        on wishes.id_type = identifiers.id_type and wishes.id_value = identifiers.raw_value
    where
        (wishes.status = 'granted' and wishes.topic is not null)
        or (wishes.status = 'limited' and wishes.at_most_every_days = 0)

)

select
    customer_key,
    purpose,
    channel,
    topic,
    status_for_less as status,
    at_most_every_days,
    decided_at,
    consent_event_id as decision_id
from for_less
union
select customer_key, purpose, channel, topic, status, at_most_every_days, decided_at, consent_event_id
from for_more
