-- One row per event. The events of a day come first from the table of the day that is not over, and then for good.
with

parsed as (

    select
        *,
        ga4_set(user_pseudo_id) as anonymous_id,
        ga4_set(param_ga_session_id) as session_id,
        try_cast(timestamp as timestamptz) as happened_at,
        lower(ga4_set(privacy_info_ads_storage)) as ads_storage,
        ga4_event_id(
            user_pseudo_id, timestamp, name, bundle_sequence_id, batch_page_id, batch_ordering_id, batch_event_index
        ) as made_id
    from events

),

event_rows as (

    select * from parsed
    qualify row_number() over (partition by fivetran_id order by fivetran_synced desc nulls last, row_number desc) = 1

),

-- An early copy of an event counts as long as there is no final one.
final_rows as (

    select * from event_rows
    qualify
        not coalesce(is_yes(is_intraday), false)
        or not bool_or(not coalesce(is_yes(is_intraday), false)) over (partition by made_id)

),

first_items as (

    select fivetran_id, min_by(id, number_of(index)) as item_id from items group by fivetran_id

),

with_answer as (

    select
        final_rows.*,
        first_items.item_id,
        row_number() over (partition by made_id order by final_rows.fivetran_id) as repeat_number,
        ga4_agreed_later(ads_storage, happened_at, anonymous_id, session_id) as agreed_later
    from final_rows
    left join first_items on final_rows.fivetran_id = first_items.fivetran_id

)

select
    row_number,
    case when repeat_number = 1 then made_id else made_id || '-' || repeat_number end as event_id,
    timestamp as occurred_at,
    name as event_name,
    anonymous_id,
    ga4_set(user_id) as account_id,
    coalesce(ga4_set(item_id), ga4_set(param_item_id)) as product_id,
    coalesce(ga4_set(ecommerce_transaction_id), ga4_set(param_transaction_id)) as order_id,
    coalesce(
        ga4_set(param_page_location), ga4_set(param_firebase_screen), ga4_set(param_firebase_screen_class)
    ) as page,
    ga4_set(param_page_referrer) as referrer,
    ga4_set(collected_traffic_source_manual_source) as utm_source,
    ga4_set(collected_traffic_source_manual_medium) as utm_medium,
    ga4_set(collected_traffic_source_manual_campaign_name) as utm_campaign,
    ga4_set(device_category) as device_type,
    ga4_set(geo_country) as country_code,
    cast(number_of(param_engagement_time_msec) / 1000 as varchar) as seconds,
    cast(json_merge_patch(
        coalesce(parameters_of(properties), '{}'),
        json_object('ga_session_id', session_id, 'page_location', param_page_location)
    ) as varchar) as properties,
    ga4_privacy_signal(
        ads_storage,
        agreed_later,
        user_property_non_personalized_ads,
        user_property_allow_ad_personalization_signals,
        param_gpc
    ) as privacy_signal
from with_answer
