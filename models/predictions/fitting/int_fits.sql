-- One row per version that this build tried to fit: what it is, what it was trained on, and whether the fit succeeded.
with

facts as (

    select
        model_code,
        version,
        {% for fact in ['status', 'why', 'method', 'algorithm', 'variant', 'cutoff', 'data_hash', 'library'] %}
        max(label) filter (where item = '{{ fact }}') as {{ fact }},
        {% endfor %}
        {% for fact in ['rows', 'customers', 'positives', 'seed'] %}
        max(try_cast(label as bigint)) filter (where item = '{{ fact }}') as {{ fact }},
        {% endfor %}
        max(try_cast(label as double)) filter (where item = 'training_auc') as training_auc,
        max(label) filter (where item = 'is_stable') as is_stable
    from {{ ref('int_fit_rows') }}
    where part = 'fact'
    group by model_code, version

),

-- The baseline of lifetime models is a version like any other: spend continues at last year's rate.
spend_rates as (

    select
        model_code,
        cutoff_at,
        tested_at,
        place,
        horizon_days
    from {{ ref('int_training_plan') }}
    where method = 'lifetime'

)

select
    facts.model_code,
    facts.version,
    facts.status,
    facts.why,
    coalesce(facts.method, facts.algorithm) as method,
    facts.variant,
    facts.data_hash,
    facts.library,
    coalesce(facts.rows, facts.customers) as rows,
    facts.positives,
    facts.seed,
    facts.training_auc,
    facts.is_stable = 'true' as is_stable,
    plan.cutoff_at,
    plan.tested_at,
    plan.place,
    plan.horizon_days,
    plan.method as kind,
    case
        when plan.method <> 'classifier' then true
        -- How many of the rarer outcome a version must have learned from: ten for each of few features, and more for
        -- trees.
        else
            least(facts.positives, facts.rows - facts.positives)
            >= case coalesce(facts.variant, facts.method)
                when 'recency' then 10 when 'rfm' then 30 when 'boosted' then 300 else 50
            end
    end as may_score
from facts
inner join {{ ref('int_training_plan') }} as plan
    on facts.model_code = plan.model_code and cast(facts.cutoff as timestamp) = plan.cutoff_at
union all
select
    model_code,
    'spend_rate',
    'fitted',
    null,
    'spend_rate',
    'baseline',
    null,
    null,
    null,
    null,
    null,
    null,
    null,
    cutoff_at,
    tested_at,
    place,
    horizon_days,
    'lifetime',
    true
from spend_rates
