-- One row per id of a contact that is also a login: where the shop calls its customers by the ids of the CRM. Only an
-- e-mail or a long id of letters and digits is certain to mean one person. Short ones, such as 1001, may occur in two
-- systems by chance.
with

logins as (

    select account_id from {{ ref('stg_shop__orders') }}
    union
    select account_id from {{ ref('stg_shop__accounts') }}
    union
    select account_id from {{ ref('stg_web__events') }}

),

contact_ids as (

    select contact_id from {{ ref('stg_crm__contacts') }}
    union
    select merged_id from {{ ref('int_merged_ids') }}
    where id_type = 'contact_id'

)

select
    contact_ids.contact_id,
    contact_ids.contact_id like '%@%' or (
        length(contact_ids.contact_id) >= 15
        and {{ matches('contact_ids.contact_id', '[A-Za-z]') }}
        and {{ matches('contact_ids.contact_id', '[0-9]') }}
    ) as is_certain
from contact_ids
inner join logins on contact_ids.contact_id = logins.account_id
