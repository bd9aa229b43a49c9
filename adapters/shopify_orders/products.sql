-- One row per product, with the name that its last line has.
select
    max(row_number) as row_number,
    coalesce(lineitem_sku, lineitem_name) as product_id,
    max_by(lineitem_name, row_number) as product_name,
    max_by(vendor, row_number) as brand
from lines
where lineitem_name is not null
group by coalesce(lineitem_sku, lineitem_name)
