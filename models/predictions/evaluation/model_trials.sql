-- One row per version that this build tried: what it was trained on, how it did, and the decision. A back-test has the
-- figures of its test. The version that may score learned from the newest outcomes, so nothing is left to test it on:
-- it has the mean figures of its recipe's back-tests. Publishing appends these rows to the registry, and nothing ever
-- changes them.
with

-- Clusters have no outcome to be tested on. They must come back when customers are drawn again.
clusters as (

    select
        fits.model_code,
        fits.version,
        case
            when fits.status <> 'fitted' then fits.status
            when fits.is_stable or incumbents.version is null then 'champion'
            else 'rejected'
        end as verdict
    from {{ ref('int_fits') }} as fits
    left join {{ ref('int_incumbents') }} as incumbents on fits.model_code = incumbents.model_code
    where fits.kind = 'clusters'

),

classifiers as (

    select *, 0 as place from {{ ref('int_classifier_verdicts') }}

),

lifetimes as (

    select *, 0 as place from {{ ref('int_lifetime_verdicts') }}

)

select
    fits.model_code,
    fits.version,
    fits.method,
    fits.variant,
    fits.place,
    case
        when fits.place = 0 then coalesce(classifiers.verdict, lifetimes.verdict, clusters.verdict)
        when fits.status = 'fitted' then 'back-test'
        else fits.status
    end as status,
    coalesce(classifiers.why, lifetimes.why, fits.why) as why,
    plan.why_due,
    fits.horizon_days,
    fits.cutoff_at,
    fits.tested_at,
    fits.rows as training_rows,
    fits.positives as training_positives,
    coalesce(
        metrics.customers, lifetime.customers, classifiers.tested_customers, lifetimes.tested_customers
    ) as tested_customers,
    {% for figure in ['auc', 'pr_auc', 'brier', 'ece', 'lift_10pc'] %}
    coalesce(metrics.{{ figure }}, classifiers.{{ figure }}) as {{ figure }},
    {% endfor %}
    {% for figure in ['spearman', 'mae', 'capture_10pc', 'ratio_of_totals'] %}
    coalesce(lifetime.{{ figure }}, lifetimes.{{ figure }}) as {{ figure }},
    {% endfor %}
    {% for gate in ['ranks_well', 'predicts_well'] %}
    coalesce(classifiers.{{ gate }}, lifetimes.{{ gate }}) as {{ gate }},
    {% endfor %}
    {{ model_features_hash('plan.method') }} as features_hash,
    fits.data_hash,
    fits.seed,
    fits.library,
    {{ as_of() }} as decided_at,
    '{{ var("build_id") }}' as build_id
from {{ ref('int_fits') }} as fits
inner join {{ ref('int_training_plan') }} as plan
    on fits.model_code = plan.model_code and fits.place = plan.place
left join clusters
    on fits.model_code = clusters.model_code and fits.version = clusters.version
left join classifiers
    on
        fits.model_code = classifiers.model_code and fits.version = classifiers.version
        and fits.place = classifiers.place
left join lifetimes
    on
        fits.model_code = lifetimes.model_code and fits.version = lifetimes.version
        and fits.place = lifetimes.place
left join {{ ref('int_classifier_metrics') }} as metrics
    on
        fits.model_code = metrics.model_code and fits.version = metrics.version
        and fits.tested_at = metrics.tested_at and metrics.people = 'everybody'
left join {{ ref('int_lifetime_metrics') }} as lifetime
    on
        fits.model_code = lifetime.model_code and fits.version = lifetime.version
        and fits.tested_at = lifetime.tested_at
