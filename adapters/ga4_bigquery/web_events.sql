-- One row per event. The export has no id of events, so one is made of what tells them apart: the same in every export.
with

parsed as (

    select
        *,
        ga4_parameters(event_params) as parameters,
        ga4_parameters(user_properties) as settings_of_user,
        ga4_set(user_pseudo_id) as anonymous_id,
        try_cast(event_timestamp as bigint) as happened_at,
        lower(ga4_field(privacy_info, '$.ads_storage')) as ads_storage,
        ga4_event_id(
            user_pseudo_id, event_timestamp, event_name, event_bundle_sequence_id, batch_page_id, batch_ordering_id,
            batch_event_index
        ) as made_id
    from events

),

with_session as (

    select
        *,
        ga4_parameter(parameters, 'ga_session_id') as session_id,
        row_number() over (
            partition by made_id order by md5(concat_ws('|', event_params, items, user_id)), row_number
        ) as repeat_number
    from parsed

),

with_answer as (

    select *, ga4_agreed_later(ads_storage, happened_at, anonymous_id, session_id) as agreed_later
    from with_session

)

select
    row_number,
    case when repeat_number = 1 then made_id else made_id || '-' || repeat_number end as event_id,
    event_timestamp as occurred_at,
    event_name,
    anonymous_id,
    ga4_set(user_id) as account_id,
    coalesce(ga4_field(items, '$[0].item_id'), ga4_parameter(parameters, 'item_id')) as product_id,
    coalesce(ga4_field(ecommerce, '$.transaction_id'), ga4_parameter(parameters, 'transaction_id')) as order_id,
    coalesce(
        ga4_parameter(parameters, 'page_location'), ga4_parameter(parameters, 'firebase_screen'),
        ga4_parameter(parameters, 'firebase_screen_class')
    ) as page,
    ga4_parameter(parameters, 'page_referrer') as referrer,
    coalesce(
        ga4_field(collected_traffic_source, '$.manual_source'), ga4_parameter(parameters, 'source')
    ) as utm_source,
    coalesce(
        ga4_field(collected_traffic_source, '$.manual_medium'), ga4_parameter(parameters, 'medium')
    ) as utm_medium,
    coalesce(
        ga4_field(collected_traffic_source, '$.manual_campaign_name'), ga4_parameter(parameters, 'campaign')
    ) as utm_campaign,
    ga4_field(device, '$.category') as device_type,
    ga4_field(geo, '$.country') as country_code,
    cast(number_of(ga4_parameter(parameters, 'engagement_time_msec')) / 1000 as varchar) as seconds,
    '{' || array_to_string(
        list_transform(
            list_filter(parameters, lambda each: ga4_value(each.value) is not null),
            lambda each: to_json(each.key) || ': ' || case
                when each.value.string_value is null and json_valid(ga4_value(each.value)) then ga4_value(each.value)
                else to_json(ga4_value(each.value))
            end
        ),
        ', '
    ) || '}' as properties,
    ga4_privacy_signal(
        ads_storage,
        agreed_later,
        coalesce(ga4_parameter(settings_of_user, 'non_personalized_ads'), ga4_parameter(settings_of_user, '_npa')),
        ga4_parameter(settings_of_user, 'allow_ad_personalization_signals'),
        coalesce(ga4_parameter(parameters, 'gpc'), ga4_parameter(parameters, 'global_privacy_control'))
    ) as privacy_signal
from with_answer
