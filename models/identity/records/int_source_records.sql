-- One row per source record that contains identifiers, with the identifiers as the source wrote them.
select
    'contact:' || contact_id as record_id,
    contact_id,
    account_id,
    card_number,
    email,
    phone,
    coalesce(country_code, '') as country_code,
    coalesce(created_at, updated_at) as seen_at
from {{ ref('stg_crm__contacts') }}
union all
select
    'account:' || account_id,
    null,
    account_id,
    card_number,
    email,
    phone,
    coalesce(country_code, ''),
    coalesce(created_at, updated_at)
from {{ ref('stg_shop__accounts') }}
union all
select
    record_id,
    null,
    account_id,
    card_number,
    email,
    phone,
    coalesce(country_code, ''),
    first_ordered_at
from {{ ref('int_checkout_records') }}
union all
select
    'consent:' || id_type || '|' || id_value,
    case when id_type = 'contact_id' then id_value end,
    case when id_type = 'account_id' then id_value end,
    case when id_type = 'card_number' then id_value end,
    case when id_type = 'email' then id_value end,
    case when id_type = 'phone' then id_value end,
    '',
    decided_at
from {{ ref('int_decision_identifiers') }}
union all
select
    'login:' || account_id,
    null,
    account_id,
    null,
    null,
    null,
    '',
    min(occurred_at)
from {{ ref('stg_web__events') }}
where account_id is not null
group by account_id
union all
select distinct
    'merged:' || id_type || '|' || merged_id,
    case when id_type = 'contact_id' then merged_id end,
    case when id_type = 'account_id' then merged_id end,
    cast(null as string),
    cast(null as string),
    cast(null as string),
    '',
    cast(null as timestamp)
from {{ ref('int_merged_ids') }}
union all
select
    'contact login:' || contact_id,
    contact_id,
    contact_id,
    cast(null as string),
    cast(null as string),
    cast(null as string),
    '',
    cast(null as timestamp)
from {{ ref('int_contact_logins') }}
where is_certain
