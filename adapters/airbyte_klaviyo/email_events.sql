-- One row per event of an e-mail, and one per reason for which Klaviyo excludes an address.
with

event_rows as (

    select
        *,
        -- An event whose metric has no name may be a refusal. No event is called so, and its row is refused.
        coalesce(
            klaviyo_event(metric), case when metric is null then 'no name for metric ' || coalesce(metric_id, '') end
        ) as event_name
    from events_of('event_stream', 'object_stream')

),

excluded as (

    select row_number, id, email, unnest(suppressions_of(subscriptions)) as suppression
    from profiles_of('object_stream')
    where email is not null

)

select
    row_number,
    id as event_id,
    datetime as occurred_at,
    event_name,
    email,
    coalesce(property_of(properties, 'flow'), property_of(properties, 'message')) as campaign_id,
    case
        when
            is_yes(property_of(properties, 'machine_open'))
            or is_yes(property_of(properties, 'apple_privacy_open'))
            or is_yes(property_of(properties, 'bot_click'))
            then 'true'
    end as machine
from event_rows
where event_name is not null and (email is not null or metric is null)
union all
select
    row_number,
    concat_ws(
        ' ',
        'exclusion',
        id,
        'of ' || json_extract_string(suppression, '$.list_id'),
        lower(json_extract_string(suppression, '$.reason'))
    ),
    json_extract_string(suppression, '$.timestamp'),
    klaviyo_exclusion(json_extract_string(suppression, '$.reason')),
    email,
    null,
    null
from excluded
