-- One row per call. A track call is in tracks and in the table of its event: the row with more properties is used.
with

calls as (

    select *, coalesce(event_text, event) as event_name, coalesce(url, context_page_url, context_page_path) as page
    from events
    union all by name
    select *, 'page_view' as event_name, url as page from pages
    union all by name
    select *, 'screen_view' as event_name, name as page from screens

),

with_signal as (

    select
        *,
        coalesce(id, file_name || row_number) as version_of,
        lower(coalesce(context_device_type, '')) as device,
        lower(coalesce(context_user_agent, '')) as browser,
        segment_refuses_ads(
            context_consent_category_preferences_advertising, context_consent_category_preferences_targeting,
            context_consent_category_preferences_marketing, context_consent_category_preferences_data_sharing,
            context_consent_management_denied_consent_ids, context_gpc, context_device_ad_tracking_enabled,
            context_device_att_tracking_status
        ) as refuses_ads
    from calls

),

-- No version loses a refusal.
versions as (

    select
        *,
        bool_or(refuses_ads) over (partition by version_of) as is_refused,
        row_number() over (
            partition by version_of
            order by
                length(concat_ws(' ', properties, product_id, order_id, products, seconds, url)) desc,
                uuid_ts desc nulls last,
                file_name, row_number
        ) as place
    from with_signal

)

select
    row_number,
    id as event_id,
    coalesce("timestamp", original_timestamp, received_at) as occurred_at,
    event_name,
    anonymous_id,
    user_id as account_id,
    coalesce(
        product_id, field_of(products, '$[0].product_id'), field_of(products, '$[0].productId'),
        field_of(products, '$[0].sku')
    ) as product_id,
    order_id,
    coalesce(page, path) as page,
    coalesce(referrer, context_page_referrer) as referrer,
    context_campaign_source as utm_source,
    context_campaign_medium as utm_medium,
    context_campaign_name as utm_campaign,
    case
        when device = 'ios' and browser like '%ipad%' then 'tablet'
        when device = 'ios' then 'mobile'
        when device <> '' then device
        when regexp_matches(browser, 'smart-?tv|appletv|googletv|bravia') then 'tv'
        when regexp_matches(browser, 'ipad|tablet|kindle|silk/') then 'tablet'
        when regexp_matches(browser, 'mobi|iphone|ipod') then 'mobile'
        when browser like '%android%' then 'tablet'
        when regexp_matches(browser, 'windows|macintosh|linux|cros') then 'desktop'
    end as device_type,
    context_location_country as country_code,
    coalesce(
        seconds, case when regexp_matches(lower(event_name), '^video[ _]') then field_of(properties, '$.position') end
    ) as seconds,
    properties,
    case when is_refused then 'gpc' end as privacy_signal
from versions
where place = 1
