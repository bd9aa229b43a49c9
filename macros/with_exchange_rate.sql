{#-
    A relation `alias`, with exchange_rate: what one unit of the row's currency was worth in the reporting currency at the
    time `at`, and has_outdated_rate: whether the newest rate was old by then. Rows without a currency are in the reporting
    currency. Intake has stopped where a rate is missing.
-#}
{% macro with_exchange_rate(relation, alias, at) -%}
    (
        select
            {{ alias }}.*,
            coalesce(rates.rate, 1) as exchange_rate,
            coalesce({{ at }} > rates.outdated_from, false) as has_outdated_rate
        from {{ relation }}
        left join {{ ref('stg_finance__exchange_rates') }} as rates
            on
                upper({{ alias }}.currency) = rates.currency
                and rates.valid_from <= {{ at }}
                and rates.valid_until > {{ at }}
    ) as priced
{%- endmacro %}

{#- An amount in the reporting currency. An amount that is in it already stays as it is, to the last digit. -#}
{% macro in_reporting_currency(amount) -%}
    case when exchange_rate = 1 then {{ amount }} else round({{ amount }} * exchange_rate, 4) end
{%- endmacro %}
