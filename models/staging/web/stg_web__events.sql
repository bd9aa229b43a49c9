-- One row per event of a visitor on the website or in the app, by the name that features know, with its kind. An event
-- of a name that is not known keeps it and counts as engagement.
select
    latest.event_id,
    latest.occurred_at,
    coalesce(kinds.event_name, {{ replace_all('lower(trim(latest.event_name))', '[ .:/-]+', '_') }}) as event_name,
    coalesce(kinds.event_kind, 'engagement') as event_kind,
    kinds.event_kind is not null as is_known_event,
    latest.anonymous_id,
    latest.account_id,
    latest.product_id,
    latest.order_id,
    latest.page,
    latest.referrer,
    latest.utm_source,
    latest.utm_medium,
    latest.utm_campaign,
    case
        when lower(latest.device_type) in ('desktop', 'mobile', 'tablet', 'tv') then lower(latest.device_type)
        when lower(latest.device_type) in ('smartphone', 'phone', 'iphone', 'android') then 'mobile'
        when lower(latest.device_type) in ('computer', 'pc', 'laptop', 'web') then 'desktop'
        when lower(latest.device_type) in ('ipad') then 'tablet'
        when lower(latest.device_type) in ('smart tv', 'smarttv', 'connected tv', 'ctv') then 'tv'
        when latest.device_type is not null then 'other'
    end as device_type,
    upper(latest.country_code) as country_code,
    latest.seconds,
    latest.properties,
    latest.privacy_signal
from {{ latest_version('web_events', ['event_id'], event_at='occurred_at') }}
left join {{ ref('event_kinds') }} as kinds
    on lower({{ letters_and_digits('latest.event_name') }}) = kinds.written_name
