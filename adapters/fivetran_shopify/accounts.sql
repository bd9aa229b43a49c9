-- One row per customer.
with

customer_rows as (

    select * from customers
    where id is not null
    qualify row_number() over (partition by id order by fivetran_synced desc nulls last, row_number desc) = 1

),

default_addresses as (

    select addresses.*
    from addresses
    left join customer_rows on addresses.customer_id = customer_rows.id
    where not coalesce(is_yes(addresses.fivetran_deleted), false)
    qualify row_number() over (
        partition by addresses.customer_id
        order by
            coalesce(addresses.id = customer_rows.default_address_id, false) desc,
            coalesce(is_yes(addresses.is_default), false) desc,
            addresses.fivetran_synced desc nulls last,
            addresses.id desc
    ) = 1

),

known as (

    select
        customer_rows.*,
        default_addresses.address_1,
        default_addresses.address_2,
        default_addresses.city,
        default_addresses.province_code,
        default_addresses.zip,
        default_addresses.country_code,
        default_addresses.phone as address_phone,
        lower(customer_rows.email_marketing_consent_state) as email_state,
        lower(customer_rows.sms_marketing_consent_state) as sms_state
    from customer_rows
    left join default_addresses on customer_rows.id = default_addresses.customer_id
    where is_current(customer_rows.fivetran_deleted, customer_rows.fivetran_active)

)

select
    row_number,
    id as account_id,
    email,
    coalesce(phone, address_phone) as phone,
    first_name,
    last_name,
    address_1 as street,
    address_2,
    city,
    province_code as region,
    zip as postal_code,
    country_code,
    -- Not subscribed, pending and invalid decide nothing. The older accepts_marketing counts where there is no state.
    case
        when email_state in ('not_subscribed', 'pending', 'invalid') then null
        when email_state = 'redacted' then 'unsubscribed'
        else coalesce(email_state, accepts_marketing)
    end as email_opt_in,
    case when email_state = 'unsubscribed' then email_marketing_consent_updated_at end as unsubscribed_at,
    case
        when sms_state in ('not_subscribed', 'pending', 'invalid') then null
        when sms_state = 'redacted' then 'unsubscribed'
        else sms_state
    end as sms_opt_in,
    created_at,
    updated_at
from known
