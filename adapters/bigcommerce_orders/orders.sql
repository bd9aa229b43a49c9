-- One row per order, and one per order that was refunded in whole or in part. The export does not say when.
with

-- Where every product has a row of its own, an order has several rows, and its amounts are on each of them.
numbered as (

    select
        *,
        regexp_replace(lower(order_status), '[^a-z]', '', 'g') as state
    from orders
    qualify row_number() over (partition by order_id order by row_number) = 1

),

placed as (

    select
        row_number,
        order_id,
        concat_ws(' ', date_of(order_date), order_time) as ordered_at,
        coalesce(cast(number_of(order_total_inc_tax) as varchar), order_total_inc_tax) as total,
        -- The login of a guest is 0.
        nullif(customer_id, '0') as account_id,
        coalesce(customer_email, billing_email) as email,
        coalesce(customer_phone, billing_phone) as phone,
        coalesce(shipping_country, billing_country) as country_code,
        order_currency_code as currency,
        case
            when number_of(refund_amount) <> 0 then cast(abs(number_of(refund_amount)) as varchar)
            when state = 'refunded' then order_total_inc_tax
            -- Nobody knows how much of it was refunded: quarantine.
            when state = 'partiallyrefunded' then 'no refund amount'
            when number_of(refund_amount) is null then refund_amount
        end as refund,
        case
            when state in ('incomplete', 'pending', 'awaitingpayment', 'manualverificationrequired') then 'pending'
            when state in ('cancelled', 'canceled', 'declined') then 'cancelled'
            when state in ('awaitingfulfillment', 'awaitingshipment', 'awaitingpickup', 'disputed') then 'paid'
            when state in ('shipped', 'partiallyshipped') then 'shipped'
            when state in ('completed', 'refunded', 'partiallyrefunded') then 'completed'
            else coalesce(order_status, 'no status')
        end as status
    from numbered

)

select
    row_number,
    order_id,
    ordered_at,
    total,
    account_id,
    email,
    phone,
    country_code,
    status,
    null as original_order_id,
    currency
from placed
union all
select
    row_number,
    order_id || ' refund',
    ordered_at,
    negated(refund),
    account_id,
    email,
    phone,
    country_code,
    'returned',
    order_id,
    currency
from placed
where refund is not null and status not in ('pending', 'cancelled')
