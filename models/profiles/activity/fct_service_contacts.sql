-- One row per ticket, call or chat of a customer with customer service. It belongs to the customer whom its login
-- names, else its contact id, its e-mail or its phone.
with

contacts as (

    select * from {{ ref('stg_service__contacts') }}

),

identifiers as (

    select * from {{ ref('int_raw_identifiers') }}

)

select
    contacts.service_contact_id,
    coalesce(logins.customer_key, ids.customer_key, emails.customer_key, phones.customer_key) as customer_key,
    contacts.opened_at,
    contacts.closed_at,
    contacts.contact_channel,
    contacts.status,
    contacts.satisfaction,
    contacts.topic
from contacts
left join identifiers as logins on logins.id_type = 'account_id' and contacts.account_id = logins.raw_value
left join identifiers as ids on ids.id_type = 'contact_id' and contacts.contact_id = ids.raw_value
left join identifiers as emails on emails.id_type = 'email' and contacts.email = emails.raw_value
left join identifiers as phones on phones.id_type = 'phone' and contacts.phone = phones.raw_value
where coalesce(logins.customer_key, ids.customer_key, emails.customer_key, phones.customer_key) is not null
