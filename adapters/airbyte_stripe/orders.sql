-- One row per charge, and one per refund or lost dispute.
-- noqa: disable=structure.unused_cte, because stripe_returns reads them by their names
with

charge_rows as (

    select
        *,
        customer as customer_id,
        try_cast(billing_details as json) as billing,
        try_cast(shipping as json) as shipping_json
    from charge_stream
    where id is not null
    qualify row_number() over (partition by id order by airbyte_extracted_at desc nulls last, row_number desc) = 1

),

customer_rows as (

    select id, max_by(email, airbyte_extracted_at) as email, max_by(phone, airbyte_extracted_at) as phone
    from customer_stream
    group by id

),

placed as (

    select
        charge_rows.*,
        coalesce(
            charge_rows.receipt_email, json_extract_string(charge_rows.billing, '$.email'), customer_rows.email
        ) as email,
        coalesce(
            json_extract_string(charge_rows.billing, '$.phone'),
            json_extract_string(charge_rows.shipping_json, '$.phone'),
            customer_rows.phone
        ) as phone,
        coalesce(
            json_extract_string(charge_rows.shipping_json, '$.address.country'),
            json_extract_string(charge_rows.billing, '$.address.country')
        ) as country,
        stripe_charge_status(charge_rows.status, charge_rows.captured) as state,
        -- What is not live is a test.
        coalesce(is_yes(charge_rows.livemode), true) as is_live
    from charge_rows
    left join customer_rows on charge_rows.customer_id = customer_rows.id

),

refund_rows as (

    select *, charge as charge_id, balance_transaction as balance_transaction_id from refund_stream
    where id is not null
    qualify row_number() over (partition by id order by airbyte_extracted_at desc nulls last, row_number desc) = 1

),

dispute_rows as (

    select *, charge as charge_id from dispute_stream
    where id is not null
    qualify row_number() over (partition by id order by airbyte_extracted_at desc nulls last, row_number desc) = 1

)

select
    row_number,
    id as order_id,
    created as ordered_at,
    from_minor_unit(
        case when state = 'paid' then coalesce(amount_captured, amount) else amount end, currency
    ) as total,
    customer_id as account_id,
    email,
    phone,
    country as country_code,
    state as status,
    null as original_order_id,
    upper(currency) as currency
from placed
where is_live
union all
select
    returned.row_number,
    returned.id,
    returned.created,
    from_minor_unit(negated(returned.amount), returned.currency),
    placed.customer_id,
    placed.email,
    placed.phone,
    placed.country,
    'returned',
    returned.charge_id,
    upper(returned.currency)
from stripe_returns('charge_rows', 'refund_rows', 'dispute_rows') as returned
left join placed on returned.charge_id = placed.id
where placed.id is null or (placed.is_live and placed.state = 'paid')
