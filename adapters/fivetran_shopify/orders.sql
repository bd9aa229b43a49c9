-- One row per order, and one per refund. Amounts are in the currency of the shop.
with

order_rows as (

    select * from orders
    where id is not null
    qualify row_number() over (partition by id order by fivetran_synced desc nulls last, row_number desc) = 1

),

placed as (

    select
        *,
        -- When it was placed, also for orders that were imported later.
        coalesce(processed_at, created_at) as ordered_at,
        case
            when cancelled_at is not null or lower(financial_status) in ('voided', 'expired') then 'cancelled'
            when lower(financial_status) in ('pending', 'authorized') then 'pending'
            when lower(financial_status) in ('paid', 'partially_paid', 'partially_refunded', 'refunded') then 'paid'
            else financial_status
        end as status,
        case
            when lower(source_name) in ('pos', 'point_of_sale') then 'store'
            when lower(source_name) in ('web', 'checkout_next', 'online') then 'web'
            when lower(source_name) in ('iphone', 'android') then 'app'
        end as order_channel,
        -- A test is no order.
        is_current(fivetran_deleted, fivetran_active) and not coalesce(is_yes(test), false) as is_order
    from order_rows

),

subscribers as (

    select id, email_marketing_consent_updated_at as subscribed_at
    from customers
    where lower(email_marketing_consent_state) = 'subscribed' and is_current(fivetran_deleted, fivetran_active)
    qualify row_number() over (partition by id order by fivetran_synced desc nulls last, row_number desc) = 1

),

refund_rows as (

    select
        row_number,
        id,
        order_id,
        coalesce(processed_at, created_at) as refunded_at,
        total_refunded_set_shop_amount,
        total_refunded_set_shop_currency_code
    from refunds
    where not coalesce(is_yes(fivetran_deleted), false)
    qualify row_number() over (partition by id order by fivetran_synced desc nulls last, row_number desc) = 1

),

-- What was paid back. A transaction that names no refund counts where its order has no row in the table refund.
payment_rows as (

    select
        row_number,
        coalesce(refund_id, 'transaction ' || id) as refund_id,
        order_id,
        coalesce(processed_at, created_at) as paid_at,
        case when lower(status) = 'success' then amount else '0' end as amount,
        currency
    from transactions
    where
        lower(kind) = 'refund'
        and not coalesce(is_yes(test), false)
        and not coalesce(is_yes(fivetran_deleted), false)
        and (refund_id is not null or order_id not in (select order_id from refund_rows where order_id is not null))
    qualify row_number() over (partition by id order by fivetran_synced desc nulls last, row_number desc) = 1

),

payments as (

    select
        refund_id,
        min(row_number) as row_number,
        min(order_id) as order_id,
        max(paid_at) as paid_at,
        sum_of(amount) as amount,
        max(currency) as currency
    from payment_rows
    group by refund_id

),

refund_line_rows as (

    select * from refund_lines
    where not coalesce(is_yes(fivetran_deleted), false)
    qualify row_number() over (partition by id order by fivetran_synced desc nulls last, row_number desc) = 1

),

adjustment_rows as (

    select * from adjustments
    where not coalesce(is_yes(fivetran_deleted), false)
    qualify row_number() over (partition by id order by fivetran_synced desc nulls last, row_number desc) = 1

),

-- The same refund by its lines, less its adjustments, which are negative where more was paid back.
parts as (

    select refund_id, subtotal as amount from refund_line_rows
    union all
    select refund_id, total_tax from refund_line_rows
    union all
    select refund_id, negated(amount) from adjustment_rows
    union all
    select refund_id, negated(tax_amount) from adjustment_rows

),

by_lines as (

    select refund_id, sum_of(amount) as amount from parts group by refund_id

),

refunded as (

    select
        coalesce(refund_rows.row_number, payments.row_number) as row_number,
        coalesce(refund_rows.id, payments.refund_id) as refund_id,
        coalesce(refund_rows.order_id, payments.order_id) as order_id,
        coalesce(refund_rows.refunded_at, payments.paid_at) as refunded_at,
        payments.amount as paid_back,
        payments.currency as paid_currency,
        refund_rows.total_refunded_set_shop_amount as stated,
        refund_rows.total_refunded_set_shop_currency_code as stated_currency,
        by_lines.amount as by_lines
    from refund_rows
    full outer join payments on refund_rows.id = payments.refund_id
    left join by_lines on refund_rows.id = by_lines.refund_id

),

-- A refund has an amount in the transactions, in its own row and in its lines. It counts once.
returns as (

    select
        refunded.*,
        placed.* exclude (row_number),
        case
            when paid_back is not null and coalesce(paid_currency = placed.currency, true) then paid_back
            when coalesce(number_of(stated), 1) <> 0 and stated is not null then stated
            when by_lines is not null then by_lines
            else paid_back
        end as amount,
        case
            when stated is null and by_lines is null then coalesce(paid_currency, placed.currency)
            else coalesce(placed.currency, stated_currency, paid_currency)
        end as amount_currency
    from refunded
    left join placed on refunded.order_id = placed.id
    where placed.id is null or (placed.is_order and coalesce(placed.status, 'paid') = 'paid')

)

select
    placed.row_number,
    placed.id as order_id,
    placed.ordered_at,
    placed.total_price as total,
    placed.customer_id as account_id,
    placed.email,
    coalesce(placed.phone, placed.billing_address_phone, placed.shipping_address_phone) as phone,
    coalesce(placed.shipping_address_country_code, placed.billing_address_country_code) as country_code,
    placed.status,
    null as original_order_id,
    placed.total_discounts as discount,
    placed.currency,
    placed.order_channel,
    -- A box left open refuses nothing once the customer has subscribed.
    case
        when
            try_cast(subscribers.subscribed_at as timestamptz) >= try_cast(placed.ordered_at as timestamptz)
            and not is_yes(placed.buyer_accepts_marketing) then null
        else placed.buyer_accepts_marketing
    end as email_opt_in,
    placed.updated_at
from placed
left join subscribers on placed.customer_id = subscribers.id
where placed.is_order
union all
select
    row_number,
    'refund ' || refund_id,
    refunded_at,
    negated(amount),
    customer_id,
    email,
    coalesce(phone, billing_address_phone, shipping_address_phone),
    coalesce(shipping_address_country_code, billing_address_country_code),
    'returned',
    order_id,
    null,
    amount_currency,
    order_channel,
    null,
    null
from returns
where coalesce(number_of(amount), 1) <> 0 and amount is not null
