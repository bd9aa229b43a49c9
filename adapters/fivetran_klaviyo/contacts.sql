-- One row per profile.
with

person_rows as (

    select * from people
    where id is not null
    qualify row_number() over (partition by id order by fivetran_synced desc nulls last, row_number desc) = 1

),

-- Addresses that cannot be reached. That refuses nothing.
dead_addresses as (

    select person_id from exclusions
    where klaviyo_is_bounce(reason) and not coalesce(is_yes(fivetran_deleted), false)

)

select
    row_number,
    id as contact_id,
    email,
    phone_number as phone,
    first_name,
    last_name,
    custom_birthday as birth_date,
    address_1 as street,
    address_2,
    city,
    region,
    zip as postal_code,
    country as country_code,
    -- Never subscribed decides nothing. The older properties count where there is no consent.
    case
        when subscriptions_email_marketing_consent is not null
            then klaviyo_opt_in(subscriptions_email_marketing_consent)
        when custom_accepts_marketing is not null then custom_accepts_marketing
        when lower(custom_consent) like '%email%' then 'yes'
    end as email_opt_in,
    -- Suppressed in Klaviyo, for another reason than a bounce.
    case
        when is_yes(custom_suppress) then 'yes'
        when
            lower(subscriptions_email_marketing_can_receive_email_marketing) in ('false', 'f', 'no', '0')
            and id not in (select person_id from dead_addresses where person_id is not null) then 'yes'
    end as email_opt_out,
    case
        when lower(subscriptions_email_marketing_consent) = 'unsubscribed' then subscriptions_email_marketing_timestamp
    end as unsubscribed_at,
    case
        when subscriptions_sms_marketing_consent is not null then klaviyo_opt_in(subscriptions_sms_marketing_consent)
        else custom_sms_consent
    end as sms_opt_in,
    created as created_at,
    updated as updated_at
from person_rows
where not coalesce(is_yes(fivetran_deleted), false)
