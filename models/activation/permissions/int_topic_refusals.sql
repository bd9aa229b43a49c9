-- One row per customer, channel and topic that they do not want to hear about there. A refusal of a topic that
-- seeds/topics.csv does not list may mean any: it counts for every topic, and for segments without one, whose topic is
-- the empty text.
with

latest_wishes as (

    select
        preferences.customer_key,
        purposes.channel,
        preferences.topic,
        preferences.status
    from {{ ref('int_preferences') }} as preferences
    inner join {{ ref('channel_purposes') }} as purposes
        on
            -- A newsletter is e-mail.
            case
                when preferences.purpose = 'newsletter' then 'email_marketing' else preferences.purpose
            end = purposes.purpose
    where
        preferences.topic is not null
        and preferences.status <> 'limited'
        and coalesce(preferences.channel, purposes.channel) = purposes.channel
    qualify row_number() over (
        partition by preferences.customer_key, purposes.channel, preferences.topic
        order by
            case
                when preferences.status = 'granted'
                    then {{ micros_between("timestamp '1970-01-01'", 'preferences.decided_at') }}
                else {{ last_moment_meant('preferences.decided_at') }}
            end desc,
            case when preferences.status = 'granted' then 1 else 0 end,
            preferences.decision_id
    ) = 1

),

refusals as (

    select
        latest_wishes.customer_key,
        latest_wishes.channel,
        topics.topic
    from latest_wishes
    left join {{ ref('topics') }} as topics on latest_wishes.topic = topics.topic
    where latest_wishes.status <> 'granted'

)

select customer_key, channel, topic
from refusals
where topic is not null
union
select refusals.customer_key, refusals.channel, all_topics.topic
from refusals
cross join (
    select topic from {{ ref('topics') }}
    union all
    select ''
) as all_topics
where refusals.topic is null
