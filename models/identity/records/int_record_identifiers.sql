-- One row per source record and identifier it carries. Orders that carry the same identifiers are one record.
with

emails as (

    select raw_value, contact_point from {{ ref('int_contact_points') }}
    where kind = 'email' and contact_point is not null

),

phones as (

    select raw_value, country_code, contact_point from {{ ref('int_contact_points') }}
    where kind = 'phone' and contact_point is not null

),

order_buyers as (

    select
        account_id,
        card_number,
        email,
        phone,
        country_code,
        min(ordered_at) as seen_at
    from {{ ref('stg_shop__orders') }}
    where coalesce(account_id, card_number, email, phone) is not null
    group by account_id, card_number, email, phone, country_code

),

records as (

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
        'order:' || concat_ws(
            '|',
            coalesce(account_id, ''),
            coalesce(card_number, ''),
            coalesce(email, ''),
            coalesce(phone, ''),
            coalesce(country_code, '')
        ),
        null,
        account_id,
        card_number,
        email,
        phone,
        coalesce(country_code, ''),
        seen_at
    from order_buyers
    union all
    select
        'consent:' || id_type || '|' || id_value,
        case when id_type = 'contact_id' then id_value end,
        case when id_type = 'account_id' then id_value end,
        case when id_type = 'card_number' then id_value end,
        case when id_type = 'email' then id_value end,
        case when id_type = 'phone' then id_value end,
        '',
        min(decided_at)
    from {{ ref('stg_consent__events') }}
    group by id_type, id_value
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

),

carried as (

    select record_id, seen_at, 'contact_id' as id_type, contact_id as id_value from records
    union all
    select record_id, seen_at, 'account_id', account_id from records
    union all
    select record_id, seen_at, 'card_number', card_number from records
    union all
    select records.record_id, records.seen_at, 'email', emails.contact_point
    from records
    inner join emails on records.email = emails.raw_value
    union all
    select records.record_id, records.seen_at, 'phone', phones.contact_point
    from records
    inner join phones
        on records.phone = phones.raw_value and records.country_code = phones.country_code

)

select
    record_id,
    id_type,
    id_value,
    seen_at
from carried
where id_value is not null
