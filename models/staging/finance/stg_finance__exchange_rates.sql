-- One row per currency and span in which a rate applies. Intake has stopped where amounts are from before the first
-- rate, unless their table was accepted: then the first rate applies to them, too.
-- Rates come daily or monthly: a newest rate of more than a month before is probably not the newest there is.
{% set days_of_newest_rate = 31 -%}
with

rates as (

    select
        upper(currency) as currency,
        valid_from,
        rate
    from {{ latest_version(
        'exchange_rates', ['currency', 'valid_from'], event_at='valid_from', latest_by='updated_at'
    ) }}
    where upper(currency) <> upper('{{ var("currency") }}')
    -- Capitals make no difference: eur and EUR are one currency.
    qualify row_number() over (
        partition by upper(currency), valid_from order by updated_at desc nulls last, rate desc
    ) = 1

)

select
    currency,
    rate,
    case
        when row_number() over (partition by currency order by valid_from) = 1 then cast('0001-01-01' as timestamp)
        else valid_from
    end as valid_from,
    coalesce(
        lead(valid_from) over (partition by currency order by valid_from), cast('9999-12-31' as timestamp)
    ) as valid_until,
    case
        when lead(valid_from) over (partition by currency order by valid_from) is null
            then {{ dbt.dateadd('day', days_of_newest_rate, 'valid_from') }}
    end as outdated_from
from rates
