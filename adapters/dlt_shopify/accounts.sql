-- One row per customer.
with

customer_rows as (

    select
        *,
        lower(email_marketing_consent_state) as email_state,
        lower(sms_marketing_consent_state) as sms_state
    from customer_table
    where id is not null
    qualify row_number() over (partition by id order by dlt_load_id desc nulls last, row_number desc) = 1

)

select
    row_number,
    id as account_id,
    email,
    coalesce(phone, default_address_phone) as phone,
    first_name,
    last_name,
    default_address_address1 as street,
    default_address_address2 as address_2,
    default_address_city as city,
    default_address_province_code as region,
    default_address_zip as postal_code,
    default_address_country_code as country_code,
    -- Not subscribed, pending and invalid decide nothing. The older accepts_marketing counts where there is no state.
    case
        when email_state in ('not_subscribed', 'pending', 'invalid') then null
        when email_state = 'redacted' then 'unsubscribed'
        else coalesce(email_state, accepts_marketing)
    end as email_opt_in,
    case when email_state = 'unsubscribed' then email_marketing_consent_consent_updated_at end as unsubscribed_at,
    case
        when sms_state in ('not_subscribed', 'pending', 'invalid') then null
        when sms_state = 'redacted' then 'unsubscribed'
        else sms_state
    end as sms_opt_in,
    created_at,
    updated_at
from customer_rows
