-- One row per set of identifiers that orders contain: orders with the same login, card, e-mail, phone and country count
-- as one record. An order without any identifier is in none.
select
    account_id,
    card_number,
    email,
    phone,
    country_code,
    {{ checkout_record_id() }} as record_id,
    min(ordered_at) as first_ordered_at,
    max(ordered_at) as last_ordered_at
from {{ ref('stg_shop__orders') }}
where coalesce(account_id, card_number, email, phone) is not null
group by account_id, card_number, email, phone, country_code
