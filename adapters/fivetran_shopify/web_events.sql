-- One row per checkout that was begun by a known customer and not finished.
select
    row_number,
    'checkout ' || id as event_id,
    created_at as occurred_at,
    'checkout' as event_name,
    customer_id as account_id
from checkouts
where completed_at is null and customer_id is not null and not coalesce(is_yes(fivetran_deleted), false)
