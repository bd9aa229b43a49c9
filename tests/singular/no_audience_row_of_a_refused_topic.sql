-- Law: nobody is addressed on a channel for a segment whose topic they refused last, nor for any segment if they
-- refused a topic that nobody knows. It is checked from the decisions themselves, not from the tables that activation
-- uses.
with

last_decisions as (

    select
        customer_key,
        topic,
        status
    from {{ ref('int_preference_decisions') }}
    where topic is not null and status <> 'limited' and channel is null and purpose = 'email_marketing'
    -- A refusal of the same moment counts.
    qualify row_number() over (
        partition by customer_key, topic
        order by decided_at desc, case when status = 'granted' then 1 else 0 end
    ) = 1

),

refused as (

    select
        last_decisions.customer_key,
        topics.topic
    from last_decisions
    left join {{ ref('topics') }} as topics on last_decisions.topic = topics.topic
    where last_decisions.status <> 'granted'

)

select
    members.channel,
    members.segment_code,
    members.customer_key
from {{ ref('int_audience_members') }} as members
inner join {{ ref('dim_segments') }} as segments on members.segment_code = segments.segment_code
inner join refused on members.customer_key = refused.customer_key
where members.channel = 'email' and coalesce(refused.topic, segments.topic) = segments.topic
