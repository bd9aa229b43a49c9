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
