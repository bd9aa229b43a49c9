-- One row per profile. What a person refused counts whatever else the profile says. Never subscribed is no answer, and
-- an address that bounces grants nothing. A refusal without a time of its own counts from now, so the row has no time
-- then.
with

values_read as (

    select
        *,
        subscription(email_marketing_consent) as email_consent,
        subscription(sms_marketing_consent) as sms_consent,
        lower(email_suppressions) as suppressions,
        lower(coalesce(sms_suppressions, '')) as sms_suppressed,
        lower(accepts_marketing) in ('false', 'no', '0') as is_refused_in_shop,
        regexp_matches(lower(consent), '\bnever\b') as is_refused_in_form
    from profiles

),

suppressed as (

    select
        *,
        regexp_matches(suppressions, 'bounce|invalid') as has_bounced,
        -- Every suppression but those of an address that does not work was the person's wish, or the shop's for them.
        regexp_matches(regexp_replace(suppressions, '(hard|soft)?[_ ]?bounced?|invalid[_ ]?(email)?', '', 'g'), '[a-z]')
        and suppressions not in ('false', 'no', 'none') as is_suppressed,
        regexp_matches(sms_suppressed, '[a-z]') and sms_suppressed not in ('false', 'no', 'none') as is_sms_suppressed
    from values_read

),

decided as (

    select
        *,
        case
            when
                is_suppressed or is_refused_in_form
                or (is_refused_in_shop and coalesce(email_consent, '') <> 'true')
                then 'false'
            when email_consent <> 'true' or not coalesce(has_bounced, false) then email_consent
        end as email_opt_in,
        case when is_sms_suppressed then 'false' else sms_consent end as sms_opt_in,
        coalesce(
            case when email_consent = 'false' then email_marketing_consent_timestamp end,
            case when is_suppressed then email_suppressions_timestamp end
        ) as unsubscribed_at,
        coalesce(
            case when sms_consent = 'false' then sms_marketing_consent_timestamp end,
            case when is_sms_suppressed then sms_suppressions_timestamp end
        ) as sms_unsubscribed_at
    from suppressed

),

dated as (

    select
        *,
        (email_opt_in = 'false' and unsubscribed_at is null) or (sms_opt_in = 'false' and sms_unsubscribed_at is null)
            as has_undated_refusal
    from decided

)

select
    row_number,
    klaviyo_id as contact_id,
    email,
    phone_number as phone,
    first_name,
    last_name,
    address as street,
    address_2,
    city,
    state_region as region,
    zip_code as postal_code,
    country as country_code,
    email_opt_in,
    sms_opt_in,
    unsubscribed_at,
    case
        when not coalesce(has_undated_refusal, false)
            then coalesce(
                profile_created_on,
                case when email_opt_in = 'true' then email_marketing_consent_timestamp end,
                case when sms_opt_in = 'true' then sms_marketing_consent_timestamp end
            )
    end as created_at,
    case
        when not coalesce(has_undated_refusal, false)
            then greatest(
                profile_created_on, email_marketing_consent_timestamp, sms_marketing_consent_timestamp,
                email_suppressions_timestamp, sms_suppressions_timestamp
            )
    end as updated_at
from dated
