-- One row per profile.
with

profiles as (

    select
        *,
        json_extract(profile, '$.properties') as properties,
        json_extract(subscriptions, '$.email.marketing') as email_marketing,
        json_extract_string(subscriptions, '$.email.marketing.consent') as email_consent,
        json_extract_string(subscriptions, '$.sms.marketing.consent') as sms_consent,
        suppressions_of(subscriptions) as suppressions
    from profiles_of('object_stream')
    where id is not null

)

select
    row_number,
    id as contact_id,
    email,
    json_extract_string(profile, '$.phone_number') as phone,
    json_extract_string(profile, '$.first_name') as first_name,
    json_extract_string(profile, '$.last_name') as last_name,
    json_extract_string(profile, '$.location.address1') as street,
    json_extract_string(profile, '$.location.address2') as address_2,
    json_extract_string(profile, '$.location.city') as city,
    json_extract_string(profile, '$.location.region') as region,
    json_extract_string(profile, '$.location.zip') as postal_code,
    json_extract_string(profile, '$.location.country') as country_code,
    case
        -- None of these is an answer, so the run stops.
        when coalesce(type, 'no type') <> 'profile' then 'not a profile: ' || coalesce(type, 'no type')
        when profile is null then 'attributes that are no JSON'
        when unread_decision(properties) is not null then 'property not read: ' || unread_decision(properties)
        -- The older properties count where there is no consent.
        when email_consent is not null then klaviyo_opt_in(email_consent)
        when property_of(properties, 'accepts_marketing') is not null then property_of(properties, 'accepts_marketing')
        when lower(property_of(properties, 'consent')) like '%email%' then 'yes'
    end as email_opt_in,
    -- Suppressed for another reason than a bounce, or for none that is given.
    case
        when
            len(list_filter(
                suppressions, lambda each: not klaviyo_is_bounce(json_extract_string(each, '$.reason'))
            )) > 0 then 'yes'
        when
            is_no(json_extract_string(email_marketing, '$.can_receive_email_marketing')) and len(suppressions) = 0
            then 'yes'
    end as email_opt_out,
    case
        when lower(email_consent) = 'unsubscribed'
            then coalesce(
                json_extract_string(email_marketing, '$.consent_timestamp'),
                json_extract_string(email_marketing, '$.timestamp')
            )
    end as unsubscribed_at,
    klaviyo_opt_in(sms_consent) as sms_opt_in,
    json_extract_string(profile, '$.created') as created_at,
    json_extract_string(profile, '$.updated') as updated_at
from profiles
