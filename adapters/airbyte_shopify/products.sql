-- One row per product. Deleted products were bought before.
select
    max(row_number) as row_number,
    id as product_id,
    max_by(title, airbyte_extracted_at) as product_name,
    max_by(product_type, airbyte_extracted_at) as category,
    max_by(vendor, airbyte_extracted_at) as brand,
    max(updated_at) as updated_at
from product_stream
where id is not null
group by id
