-- One row per charge, and one per refund or lost dispute.
-- noqa: disable=structure.unused_cte, because stripe_returns reads them by their names
with

charge_rows as (

    select * from charges
    where id is not null
    qualify row_number() over (partition by id order by loaded_at desc nulls last, row_number desc) = 1

),

customer_rows as (

    select id, max_by(email, loaded_at) as email, max_by(phone, loaded_at) as phone
    from customers
    group by id

),

placed as (

    select
        charge_rows.*,
        coalesce(charge_rows.receipt_email, charge_rows.billing_detail_email, customer_rows.email) as email,
        coalesce(charge_rows.billing_detail_phone, charge_rows.shipping_phone, customer_rows.phone) as phone,
        coalesce(charge_rows.shipping_address_country, charge_rows.billing_detail_address_country) as country,
        stripe_charge_status(charge_rows.status, charge_rows.captured) as state,
        -- What is not live is a test.
        coalesce(is_yes(charge_rows.livemode), true) as is_live
    from charge_rows
    left join customer_rows on charge_rows.customer_id = customer_rows.id

),

refund_rows as (

    select * from refunds
    where id is not null
    qualify row_number() over (partition by id order by loaded_at desc nulls last, row_number desc) = 1

),

dispute_rows as (

    select * from disputes
    where id is not null
    qualify row_number() over (partition by id order by loaded_at desc nulls last, row_number desc) = 1

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
