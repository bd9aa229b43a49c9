-- One row per order, and one per refund. Amounts are in the currency of the shop.
with

order_rows as (

    select * from order_stream
    where id is not null
    qualify row_number() over (partition by id order by airbyte_extracted_at desc nulls last, row_number desc) = 1

),

placed as (

    select
        *,
        coalesce(processed_at, created_at) as ordered_at,
        try_cast(customer as json) as customer_json,
        try_cast(billing_address as json) as billing,
        try_cast(shipping_address as json) as shipping,
        case
            when cancelled_at is not null or lower(financial_status) in ('voided', 'expired') then 'cancelled'
            when lower(financial_status) in ('pending', 'authorized') then 'pending'
            when lower(financial_status) in ('paid', 'partially_paid', 'partially_refunded', 'refunded') then 'paid'
            else financial_status
        end as status,
        case
            when lower(source_name) = 'pos' then 'store'
            when lower(source_name) in ('web', 'checkout_next') then 'web'
            when lower(source_name) in ('iphone', 'android') then 'app'
        end as order_channel,
        -- Deleted orders and tests are no orders.
        deleted_at is null and not coalesce(is_yes(test), false) as is_order
    from order_rows

),

-- A refund is in its order, and in a stream of its own.
refund_texts as (

    select 1 as place, row_number, id as order_id, unnest(json_extract(try_cast(refunds as json), '$[*]')) as refund
    from placed
    union all
    select
        2,
        row_number,
        order_id,
        json_object(
            'id', id, 'created_at', created_at, 'processed_at', processed_at,
            'refund_line_items', try_cast(refund_line_items as json),
            'transactions', try_cast(transactions as json),
            'order_adjustments', try_cast(order_adjustments as json)
        )
    from refund_stream

),

refund_rows as (

    select
        row_number,
        order_id,
        json_extract_string(refund, '$.id') as id,
        coalesce(
            json_extract_string(refund, '$.processed_at'), json_extract_string(refund, '$.created_at')
        ) as refunded_at,
        json_extract(refund, '$.transactions[*]') as payments,
        json_extract(refund, '$.refund_line_items[*]') as lines,
        json_extract(refund, '$.order_adjustments[*]') as adjustments
    from refund_texts
    qualify row_number() over (partition by json_extract_string(refund, '$.id') order by place, row_number) = 1

),

payment_rows as (

    select id, unnest(payments) as payment from refund_rows

),

paid_back as (

    select
        id,
        sum_of(
            case
                when lower(json_extract_string(payment, '$.status')) = 'success'
                    then json_extract_string(payment, '$.amount')
                else '0'
            end
        ) as amount,
        max(json_extract_string(payment, '$.currency')) as currency
    from payment_rows
    where lower(json_extract_string(payment, '$.kind')) = 'refund'
    group by id

),

-- The same refund by its lines, less its adjustments, which are negative where more was paid back.
parts as (

    select id, json_extract_string(unnest(lines), '$.subtotal') as amount from refund_rows
    union all
    select id, json_extract_string(unnest(lines), '$.total_tax') from refund_rows
    union all
    select id, negated(json_extract_string(unnest(adjustments), '$.amount')) from refund_rows
    union all
    select id, negated(json_extract_string(unnest(adjustments), '$.tax_amount')) from refund_rows

),

by_lines as (

    select id, sum_of(amount) as amount from parts group by id

),

-- It counts once: what was paid back, if it is in the currency of the order, else what its lines add up to.
returns as (

    select
        refund_rows.row_number,
        refund_rows.id as refund_id,
        refund_rows.order_id,
        refund_rows.refunded_at,
        case
            when paid_back.amount is not null and coalesce(paid_back.currency = placed.currency, true)
                then paid_back.amount
            else coalesce(by_lines.amount, paid_back.amount)
        end as amount,
        case
            when by_lines.amount is null then coalesce(paid_back.currency, placed.currency)
            else coalesce(placed.currency, paid_back.currency)
        end as amount_currency,
        placed.customer_json,
        placed.email,
        placed.order_channel
    from refund_rows
    left join placed on refund_rows.order_id = placed.id
    left join paid_back on refund_rows.id = paid_back.id
    left join by_lines on refund_rows.id = by_lines.id
    where placed.id is null or (placed.is_order and coalesce(placed.status, 'paid') = 'paid')

)

select
    row_number,
    id as order_id,
    ordered_at,
    total_price as total,
    json_extract_string(customer_json, '$.id') as account_id,
    email,
    coalesce(phone, json_extract_string(billing, '$.phone'), json_extract_string(shipping, '$.phone')) as phone,
    coalesce(
        json_extract_string(shipping, '$.country_code'), json_extract_string(billing, '$.country_code')
    ) as country_code,
    status,
    null as original_order_id,
    total_discounts as discount,
    currency,
    order_channel,
    -- A box left open refuses nothing once the customer has subscribed.
    case
        when
            json_extract_string(customer_json, '$.email_marketing_consent.state') = 'subscribed'
            and try_cast(
                json_extract_string(customer_json, '$.email_marketing_consent.consent_updated_at') as timestamptz
            ) >= try_cast(ordered_at as timestamptz)
            and not is_yes(buyer_accepts_marketing) then null
        else buyer_accepts_marketing
    end as email_opt_in,
    -- What the customer's record says, for landings without customers.
    case
        when json_extract_string(customer_json, '$.email_marketing_consent.state') = 'unsubscribed' then 'yes'
        when
            json_extract_string(customer_json, '$.email_marketing_consent.state') is null
            and json_extract_string(customer_json, '$.accepts_marketing') = 'false' then 'yes'
    end as email_opt_out,
    case
        when json_extract_string(customer_json, '$.sms_marketing_consent.state') = 'unsubscribed' then 'yes'
    end as sms_opt_out,
    updated_at
from placed
where is_order
union all
select
    row_number,
    'refund ' || refund_id,
    refunded_at,
    negated(amount),
    json_extract_string(customer_json, '$.id'),
    email,
    null,
    null,
    'returned',
    order_id,
    null,
    amount_currency,
    order_channel,
    null,
    null,
    null,
    null
from returns
where coalesce(number_of(amount), 1) <> 0 and amount is not null
union all
-- Refunds that are no JSON cannot be read: a row without a number, which is refused.
select
    row_number, 'refunds of ' || id, ordered_at, 'no JSON: ' || left(refunds, 30),
    null, null, null, null, null, null, null, null, null, null, null, null, null
from placed
where refunds is not null and try_cast(refunds as json) is null
