-- One row per customer, lifetime version and moment it scores: expected purchase days and net spend in the horizon.
-- BG/NBD or MBG/NBD says how often, Gamma-Gamma how much; time is in weeks. In two parts, a classifier says who buys at
-- all, and MBG/NBD how often those buy. The spend rate is the baseline: spend continues as in the last 365 days.
{% set names = ['r', 'alpha', 'a', 'b', 'p', 'q', 'gamma'] -%}
{% set alive = ['repeat_days', 'first_to_last_weeks', 'tenure_weeks', 'r', 'alpha', 'a', 'b'] -%}
with

versions as (

    select
        model_code,
        version,
        {% for name in names %}
        max(value) filter (where item = '{{ name }}') as {{ name }},
        {% endfor %}
        count(*) as parameters
    from {{ ref('model_params') }}
    where part = 'parameter'
    group by model_code, version

),

histories as (

    select
        jobs.model_code,
        jobs.version,
        jobs.method,
        jobs.moment_at,
        inputs.customer_key,
        inputs.spend_365d * jobs.horizon_days / inputs.observed_days as spend_at_last_rate,
        inputs.spend_365d > 0 as has_spent_365d,
        buying.probability as buying_probability,
        cast(inputs.repeat_days as double) as repeat_days,
        coalesce(inputs.repeat_day_spend, 0) as repeat_day_spend,
        inputs.first_to_last_days / 7 as first_to_last_weeks,
        inputs.tenure_days / 7 as tenure_weeks,
        {% for name in names %}
        versions.{{ name }},
        {% endfor %}
        cast(jobs.horizon_days as double) / 7 as horizon_weeks
    from {{ ref('int_scoring_jobs') }} as jobs
    inner join {{ ref('model_inputs') }} as inputs on jobs.moment_at = inputs.moment_at
    left join versions on jobs.model_code = versions.model_code and jobs.version = versions.version
    left join {{ ref('int_buying_probabilities') }} as buying
        on
            jobs.model_code = buying.model_code and jobs.moment_at = buying.moment_at
            and inputs.customer_key = buying.customer_key
    where jobs.method in ('bg_nbd', 'mbg_nbd', 'two_part', 'two_part_active', 'spend_rate')

),

-- MBG/NBD also lets customers stop after the first purchase: one more chance to stop.
shaped as (

    select
        *,
        r + repeat_days as s,
        b + repeat_days + case when method = 'bg_nbd' then 0 else 1 end as beta,
        horizon_weeks / (alpha + tenure_weeks + horizon_weeks) as z,
        ln(alpha + tenure_weeks + horizon_weeks) - ln(alpha + tenure_weeks) as age
    from histories

),

placed as (

    select *, a + beta - 1 as c, a + beta - 1 - s as gap from shaped

),

expected as (

    select
        *,
        {{ purchases_while_alive('a', 'beta', 's', 'c', 'gap', 'z', 'age') }} as purchases_while_alive,
        case
            when method = 'bg_nbd' then {{ probability_alive('bg_nbd', *alive) }}
            when method <> 'spend_rate' then {{ probability_alive('mbg_nbd', *alive) }}
        end as probability_alive,
        -- Returns can leave a spend of zero or less, and Gamma-Gamma is defined for positive spend only.
        case when repeat_day_spend > 0 then repeat_days else 0 end as spending_days
    from placed

),

purchases as (

    select
        *,
        purchases_while_alive * probability_alive as purchases,
        p * (gamma + spending_days * repeat_day_spend) / (p * spending_days + q - 1) as spend_a_day
    from expected

),

-- Who buys at all buys purchases / (1 - exp(-purchases)) times: the mean of a Poisson distribution without its zero.
in_two_parts as (

    select
        *,
        case
            when method = 'two_part_active' and not has_spent_365d then 0
            when method like 'two_part%' and buying_probability is not null
                then buying_probability * greatest(purchases, 1e-9) / (1 - exp(-greatest(purchases, 1e-9)))
            else purchases
        end as expected_purchases
    from purchases

)

select
    model_code,
    version,
    customer_key,
    moment_at,
    expected_purchases,
    probability_alive,
    case method when 'spend_rate' then spend_at_last_rate else expected_purchases * spend_a_day end as expected_spend
from in_two_parts
