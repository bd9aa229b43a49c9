-- One row per identify call and topic that it refuses, and one per call that asks for at most one message in a number of
-- days. A write key is public, so no call takes back a refusal: that needs a row of consent_events of its own.
with

calls as (

    select
        row_number,
        id,
        coalesce(user_id, lower(email), phone) as account_id,
        coalesce("timestamp", received_at) as decided_at,
        string_split(translate(coalesce(refused_topics, ''), '[]",', '   ;'), ';') as topics,
        try_cast(try_cast(email_at_most_every_days as double) as bigint) as days
    from identifies

),

refusals as (

    select distinct on (id, topic) row_number, id, account_id, decided_at, topic
    from (select * exclude (topics), lower(trim(unnest(topics))) as topic from calls)
    where account_id is not null and topic <> '' and not is_no(topic)
    order by id, topic, row_number

)

select
    row_number,
    id || ':' || topic as consent_event_id,
    'account_id' as id_type,
    account_id as id_value,
    'email_marketing' as purpose,
    topic,
    'denied' as status,
    null as at_most_every_days,
    decided_at,
    'identify call' as consent_source
from refusals
union all
select
    row_number, id || ':frequency', 'account_id', account_id, 'email_marketing', null, 'limited',
    cast(least(days, 366) as varchar), decided_at, 'identify call'
from calls
where account_id is not null and days > 0
