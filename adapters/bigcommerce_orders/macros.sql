-- One detail of a product in Product Details: what follows "Product SKU: " up to the next one. A name may have commas.
create macro product_detail(product, detail) as nullif(trim(regexp_extract(
    product,
    '(?:^|, )Product ' || detail
    || ': ?(.*?)(?:, Product (?:ID|Qty|SKU|Name|Weight|Variation Details|Unit Price|Total Price):|$)',
    1
)), '');
-- The products of an order are divided by vertical bars, and so may a name be.
create macro products_of(details) as string_split(
    regexp_replace(details, '\s*\|\s*(Product (ID|Qty|SKU|Name): )', chr(1) || '\1', 'g'), chr(1)
);
-- The date of an order. 13th Mar 2024 and Mar 13th 2024 are 2024-03-13; a date of numbers alone stays as it is.
create macro date_of(x) as coalesce(
    strftime(
        try_strptime(
            regexp_replace(replace(x, ',', ''), '([0-9])(st|nd|rd|th)\b', '\1', 'i'),
            ['%d %b %Y', '%b %d %Y', '%d %B %Y', '%B %d %Y', '%a %d %b %Y']
        ), '%Y-%m-%d'
    ), x
);
