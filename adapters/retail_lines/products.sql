-- One row per product that was sold, with the name that its last sale has. What is not sold has notes such as damaged.
select
    max(row_number) as row_number,
    stock_code as product_id,
    max_by(description, row_number) as product_name
from lines
where
    not regexp_full_match(
        upper(stock_code),
        'POST|DOT|C2|C3|D|M|S|B|CRUK|PADS|ADJUST[0-9]*|TEST[0-9]+|BANK CHARGES|AMAZONFEE'
    )
    and number_of(unit_price) <> 0
group by stock_code
