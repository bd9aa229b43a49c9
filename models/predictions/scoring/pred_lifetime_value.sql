-- One row per customer, lifetime version and moment it scores: expected purchase days and net spend in the horizon.
-- BG/NBD or MBG/NBD says how often, and Gamma-Gamma how much. Time is in weeks. The spend rate is the baseline: spend
-- continues as in the last 365 days.
{% set names = ['r', 'alpha', 'a', 'b', 'p', 'q', 'gamma'] %}
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
    where jobs.method in ('bg_nbd', 'mbg_nbd', 'spend_rate')

),

-- MBG/NBD also lets customers stop after the first purchase: one more chance to stop.
shaped as (

    select
        *,
        r + repeat_days as s,
        b + repeat_days + case when method = 'mbg_nbd' then 1 else 0 end as beta,
        horizon_weeks / (alpha + tenure_weeks + horizon_weeks) as z,
        ln(alpha + tenure_weeks + horizon_weeks) - ln(alpha + tenure_weeks) as age
    from histories

),

placed as (

    select
        *,
        a + beta - 1 as c,
        a + beta - 1 - s as gap
    from shaped

),

expected as (

    select
        *,
        {{ purchases_while_alive('a', 'beta', 's', 'c', 'gap', 'z', 'age') }} as purchases_while_alive,
        case method
            {% for method in ['bg_nbd', 'mbg_nbd'] %}
            when '{{ method }}' then {{ probability_alive(
                method, 'repeat_days', 'first_to_last_weeks', 'tenure_weeks', 'r', 'alpha', 'a', 'b'
            ) }}
            {% endfor %}
        end as probability_alive,
        -- Returns can leave a spend of zero or less, and Gamma-Gamma is defined for positive spend only.
        case when repeat_day_spend > 0 then repeat_days else 0 end as spending_days
    from placed

)

select
    model_code,
    version,
    customer_key,
    moment_at,
    purchases_while_alive * probability_alive as expected_purchases,
    probability_alive,
    case
        when method = 'spend_rate' then spend_at_last_rate
        else
            purchases_while_alive * probability_alive
            * p * (gamma + spending_days * repeat_day_spend) / (p * spending_days + q - 1)
    end as expected_spend
from expected
