-- One row per line of an order, net of its own discount.
select
    row_number,
    name as order_id,
    row_number() over (partition by name order by row_number) as line_number,
    coalesce(lineitem_sku, lineitem_name) as product_id,
    lineitem_quantity as quantity,
    cast(
        number_of(lineitem_quantity) * number_of(lineitem_price) - coalesce(number_of(lineitem_discount), 0) as varchar
    ) as amount,
    lineitem_discount as discount,
    max(currency) over (partition by name) as currency
from lines
where
    lineitem_name is not null
    and name not in (select test.name from lines as test where is_test_payment(test.payment_method))
