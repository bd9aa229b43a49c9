-- One row per product, also of those that are only known by their order lines.
with

product_rows as (

    select * from catalog
    where id is not null
    qualify row_number() over (partition by id order by fivetran_synced desc nulls last, row_number desc) = 1

),

sold as (

    select
        max(row_number) as row_number,
        coalesce(product_id, sku, title) as product_id,
        max_by(title, row_number) as product_name,
        max_by(vendor, row_number) as brand
    from line_items
    where coalesce(product_id, sku, title) is not null
    group by coalesce(product_id, sku, title)

)

select
    row_number,
    id as product_id,
    title as product_name,
    product_type as category,
    vendor as brand,
    updated_at
from product_rows
union all
select row_number, product_id, product_name, null, brand, null
from sold
where product_id not in (select id from product_rows)
