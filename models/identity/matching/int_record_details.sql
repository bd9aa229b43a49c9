-- One row per contact or account, with the details that matching compares, as staging has them.
select
    'contact:' || contact_id as record_id,
    coalesce(source_system, 'crm') as source_system,
    first_name, last_name, street, house_number, address_2, city, region, postal_code, country_code, birth_digits,
    email, phone
from {{ ref('stg_crm__contacts') }}
union all
select
    'account:' || account_id,
    'shop',
    first_name, last_name, street, house_number, address_2, city, region, postal_code, country_code, birth_digits,
    email, phone
from {{ ref('stg_shop__accounts') }}
