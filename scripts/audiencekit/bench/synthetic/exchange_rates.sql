select
    'EUR' as currency,
    in_time(cast(cast(getvariable('as_of') as date) - cast(30 * month as integer) as timestamp)) as valid_from,
    cast(1.05 + month / 1000.0 as double) as rate,
    cast(null as timestamp) as updated_at
from range(1, 13) as t (month)
