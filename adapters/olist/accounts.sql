-- One row per person, with the place of their latest order.
select
    max_by(customers.row_number, coalesce(orders.order_purchase_timestamp, '')) as row_number,
    customers.customer_unique_id as account_id,
    max_by(customers.customer_city, coalesce(orders.order_purchase_timestamp, '')) as city,
    max_by(customers.customer_state, coalesce(orders.order_purchase_timestamp, '')) as region,
    'BR' as country_code
from customers
left join orders on customers.customer_id = orders.customer_id
where customers.customer_unique_id is not null
group by customers.customer_unique_id
