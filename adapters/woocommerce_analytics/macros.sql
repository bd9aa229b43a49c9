-- The amounts in a formatted total, as their digits, points and commas. After a refund there are two: what the order came
-- to, and what is left of it.
create macro formatted_amounts(shown) as list_transform(
    regexp_extract_all(shown, '[0-9][0-9.,'' \x{a0}\x{202f}]*'),
    lambda each: regexp_replace(each, '[^0-9.,]|[.,]+$', '', 'g')
);
-- An amount as a number: $1,234.50 and 1.234,50 € are 1234.50. Three digits after the last point or comma are thousands,
-- except where the net sales show that they are decimals, as in 12.500 KWD.
create macro unformatted(digits, net_sales) as replace(
    case
        when
            regexp_full_match(digits, '[0-9]+|[0-9.,]+[.,][0-9]{3}')
            and not coalesce(
                number_of(regexp_replace(digits, '[.,]', '', 'g')) > 50 * nullif(net_sales, 0), false
            )
            then regexp_replace(digits, '[.,]', '', 'g')
        else regexp_replace(regexp_replace(digits, '[.,]([0-9]+)$', '!\1'), '[.,]', '', 'g')
    end, '!', '.'
);
-- The part of an amount that a share of a whole has. Three decimals are enough for every currency.
create macro part_of(amount, share, whole) as cast(round(amount * share / nullif(whole, 0), 3) as varchar);
