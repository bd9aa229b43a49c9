-- One row per visitor who was identified, by the first call that did it; and per later call with a refusal of ads.
with

calls as (

    select
        row_number,
        id,
        coalesce("timestamp", received_at) as called_at,
        anonymous_id,
        coalesce(user_id, lower(email), phone) as account_id,
        segment_refuses_ads(
            context_consent_category_preferences_advertising, context_consent_category_preferences_targeting,
            context_consent_category_preferences_marketing, context_consent_category_preferences_data_sharing,
            context_consent_management_denied_consent_ids, context_gpc, context_device_ad_tracking_enabled,
            context_device_att_tracking_status
        ) as refuses_ads
    from identifies
    where anonymous_id is not null
    union all
    -- An alias names the visitor or an earlier login, which then is a merged id of the account.
    select row_number, id, coalesce("timestamp", received_at), previous_id, user_id, false
    from aliases
    where previous_id not in (
        select user_id from identifies where user_id is not null
        union all
        select id from users where id is not null
    )

)

select
    row_number,
    id as event_id,
    called_at as occurred_at,
    'login' as event_name,
    anonymous_id,
    account_id,
    case when refuses_ads then 'gpc' end as privacy_signal
from calls
qualify
    (account_id is not null or refuses_ads) and (
        refuses_ads or row_number() over (
            partition by anonymous_id, account_id order by moment_of(called_at) nulls last, row_number
        ) = 1
    )
