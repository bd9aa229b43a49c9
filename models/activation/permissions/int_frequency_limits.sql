-- One row per customer and channel on which they ask for at most one message in a number of days. A limit on one topic
-- counts for the whole channel.
with

latest_wishes as (

    select
        preferences.customer_key,
        purposes.channel,
        preferences.at_most_every_days
    from {{ ref('int_preferences') }} as preferences
    inner join {{ ref('channel_purposes') }} as purposes
        on
            -- A newsletter is e-mail.
            case
                when preferences.purpose = 'newsletter' then 'email_marketing' else preferences.purpose
            end = purposes.purpose
    where
        preferences.at_most_every_days is not null
        and preferences.status in ('granted', 'limited')
        and coalesce(preferences.channel, purposes.channel) = purposes.channel
    qualify row_number() over (
        partition by preferences.customer_key, purposes.channel
        order by preferences.decided_at desc, preferences.at_most_every_days desc
    ) = 1

)

select
    customer_key,
    channel,
    at_most_every_days as window_days
from latest_wishes
where at_most_every_days > 0
