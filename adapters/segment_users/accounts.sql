-- One row per user, with the latest value of each trait. A call without a user id is that of its e-mail or phone.
with

identified as (

    select *, coalesce(user_id, lower(email), phone) as account_id, "timestamp" as called_at, true as is_call
    from identifies
    union all by name
    select *, id as account_id, received_at as called_at, false as is_call from users
    union all by name
    select row_number, user_id as account_id, previous_id, "timestamp" as called_at, true as is_call from aliases

),

in_order as (

    select
        *,
        coalesce(called_at, received_at) as changed_at,
        -- Null where the call says nothing of it, so that the last answer counts.
        case when coalesce(
            context_consent_category_preferences_advertising, context_consent_category_preferences_targeting,
            context_consent_category_preferences_marketing, context_consent_category_preferences_data_sharing,
            context_consent_management_denied_consent_ids, context_gpc, context_device_ad_tracking_enabled,
            context_device_att_tracking_status
        ) is not null then segment_refuses_ads(
            context_consent_category_preferences_advertising, context_consent_category_preferences_targeting,
            context_consent_category_preferences_marketing, context_consent_category_preferences_data_sharing,
            context_consent_management_denied_consent_ids, context_gpc, context_device_ad_tracking_enabled,
            context_device_att_tracking_status
        ) end as refuses_ads,
        row_number() over (
            partition by account_id
            order by moment_of(coalesce(called_at, received_at)) nulls first, is_call desc, row_number
        ) as place
    from identified
    where account_id is not null

)

select
    coalesce(min(row_number) filter (where is_call), min(row_number)) as row_number,
    account_id,
    max_by(email, place) as email,
    max_by(phone, place) as phone,
    coalesce(max_by(first_name, place), first_word(max_by(name, place))) as first_name,
    coalesce(max_by(last_name, place), other_words(max_by(name, place))) as last_name,
    max_by(birthday, place) as birth_date,
    max_by(address_street, place) as street,
    max_by(address_city, place) as city,
    max_by(address_state, place) as region,
    max_by(address_postal_code, place) as postal_code,
    max_by(address_country, place) as country_code,
    string_agg(distinct previous_id, ';' order by previous_id) filter (where previous_id <> account_id) as merged_ids,
    max_by(email_opt_in, place) as email_opt_in,
    coalesce(
        max_by(email_opt_out, place) filter (where not is_no(email_opt_out)), max_by(email_opt_out, place)
    ) as email_opt_out,
    max_by(newsletter_opt_in, place) as newsletter_opt_in,
    max_by(sms_opt_in, place) as sms_opt_in,
    coalesce(
        max_by(sms_opt_out, place) filter (where not is_no(sms_opt_out)), max_by(sms_opt_out, place)
    ) as sms_opt_out,
    case
        when max_by(refuses_ads, place) then 'true'
        else coalesce(max_by(ads_opt_out, place) filter (where not is_no(ads_opt_out)), max_by(ads_opt_out, place))
    end as ads_opt_out,
    max_by(unsubscribed_at, place) as unsubscribed_at,
    coalesce(max_by(created_at, place), min_by(changed_at, place)) as created_at,
    max_by(changed_at, place) as updated_at
from in_order
group by account_id
