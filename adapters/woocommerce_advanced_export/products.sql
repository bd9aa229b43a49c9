-- One row per product, with the name that its last line has.
select
    max(row_number) as row_number,
    coalesce(sku, item_name) as product_id,
    max_by(item_name, row_number) as product_name,
    max_by(category, row_number) as category
from lines
where coalesce(sku, item_name) is not null
group by coalesce(sku, item_name)
