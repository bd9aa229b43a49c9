-- What adapters say more than once. A text that is no number stays as it is, so that intake refuses its row.
-- 1,234.50 is a number, 1234,50 is not: nobody knows what its comma means.
create macro number_of(x) as try_cast(
    case when regexp_full_match(x, '[+-]?[0-9]{1,3}(,[0-9]{3})+([.][0-9]*)?') then replace(x, ',', '') else x end
    as decimal(18, 4)
);
create macro negated(x) as coalesce(cast(-number_of(x) as varchar), x);
create macro from_cents(x) as coalesce(cast(try_cast(x as decimal(18, 2)) / 100 as varchar), x);
create macro is_yes(x) as lower(x) in ('true', 't', 'yes', 'y', '1', '1.0', 'x');
-- Tables of Fivetran: whether a row is the current one. In history mode a table also has the versions before it.
create macro is_current(deleted, active) as not coalesce(is_yes(deleted), false) and coalesce(is_yes(active), true);
-- The sum of a group as text; a text that is no number, if there is one.
create macro sum_of(x) as coalesce(
    max(case when number_of(x) is null then x end), cast(sum(number_of(x)) as varchar)
);
-- An amount in the smallest unit of its currency, as payment services write it: cents, but whole yen.
create macro from_minor_unit(x, currency) as coalesce(
    cast(
        try_cast(x as decimal(18, 2))
        / case
            when upper(currency) in (
                'BIF', 'CLP', 'DJF', 'GNF', 'JPY', 'KMF', 'KRW', 'MGA', 'PYG', 'RWF', 'VND', 'VUV', 'XAF', 'XOF', 'XPF'
            ) then 1
            when upper(currency) in ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') then 1000
            else 100
        end as varchar
    ), x
);
