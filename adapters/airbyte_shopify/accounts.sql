-- One row per customer.
with

customer_rows as (

    select
        *,
        try_cast(default_address as json) as address,
        try_cast(email_marketing_consent as json) as email_consent,
        lower(json_extract_string(try_cast(email_marketing_consent as json), '$.state')) as email_state,
        lower(json_extract_string(try_cast(sms_marketing_consent as json), '$.state')) as sms_state
    from customer_stream
    where id is not null
    qualify row_number() over (partition by id order by airbyte_extracted_at desc nulls last, row_number desc) = 1

)

select
    row_number,
    id as account_id,
    email,
    coalesce(phone, json_extract_string(address, '$.phone')) as phone,
    first_name,
    last_name,
    json_extract_string(address, '$.address1') as street,
    json_extract_string(address, '$.address2') as address_2,
    json_extract_string(address, '$.city') as city,
    json_extract_string(address, '$.province_code') as region,
    json_extract_string(address, '$.zip') as postal_code,
    json_extract_string(address, '$.country_code') as country_code,
    -- Not subscribed, pending and invalid decide nothing.
    case
        when email_state in ('not_subscribed', 'pending', 'invalid') then null
        when email_state = 'redacted' then 'unsubscribed'
        -- A text that is no JSON with a state is not known, and stops the run.
        else coalesce(email_state, accepts_marketing, email_marketing_consent)
    end as email_opt_in,
    case
        when email_state = 'unsubscribed' then json_extract_string(email_consent, '$.consent_updated_at')
    end as unsubscribed_at,
    case
        when sms_state in ('not_subscribed', 'pending', 'invalid') then null
        when sms_state = 'redacted' then 'unsubscribed'
        else sms_state
    end as sms_opt_in,
    created_at,
    updated_at
from customer_rows
where deleted_at is null
