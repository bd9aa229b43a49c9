-- One row per classifier and recipe (which algorithm, which features, how much history) that this build back-tested:
-- its mean figures over the back-tests, and how much lower its Brier score is than that of the logistic regression on
-- all features, on the same tests.
with

tests as (

    select
        fits.model_code,
        coalesce(fits.variant, fits.method) as recipe,
        fits.tested_at,
        fits.place,
        metrics.customers,
        metrics.auc,
        metrics.pr_auc,
        metrics.brier,
        metrics.ece,
        metrics.lift_10pc,
        metrics.positives / cast(metrics.customers as double) as share,
        fits.positives / cast(fits.rows as double) as training_share,
        -- The variance of the AUC of a score that knows nothing (Mann and Whitney 1947).
        (metrics.customers + 1)
        / (12.0 * metrics.positives * (metrics.customers - metrics.positives)) as chance_variance
    from {{ ref('int_fits') }} as fits
    inner join {{ ref('int_classifier_metrics') }} as metrics
        on
            fits.model_code = metrics.model_code and fits.version = metrics.version
            and fits.tested_at = metrics.tested_at
    where fits.place > 0 and fits.kind = 'classifier' and metrics.people = 'everybody' and metrics.auc is not null

),

compared as (

    select
        tests.*,
        -- The Brier score of the training set's share, for everybody.
        tests.share * (1 - tests.share)
        + (tests.training_share - tests.share) * (tests.training_share - tests.share) as share_brier,
        reference.brier - tests.brier as gain,
        tests.auc - reference.auc as auc_gain
    from tests
    left join tests as reference
        on
            tests.model_code = reference.model_code and tests.tested_at = reference.tested_at
            and reference.recipe = 'full'

),

sums as (

    select
        model_code,
        recipe,
        count(*) as tests,
        cast(max(customers) as bigint) as tested_customers,
        max(case when place = 1 then auc end) as newest_auc,
        {% for figure in ['auc', 'pr_auc', 'brier', 'ece', 'lift_10pc', 'share_brier', 'chance_variance'] %}
        {{ exact_mean(figure) }} as {{ figure }},
        {% endfor %}
        count(gain) as compared_tests,
        {{ exact_mean('gain') }} as gain,
        {{ exact_mean('auc_gain') }} as auc_gain,
        {{ exact_sum('gain * gain') }} as gain_squares
    from compared
    group by model_code, recipe

)

select
    model_code,
    recipe,
    tests,
    tested_customers,
    newest_auc,
    {% for figure in ['auc', 'pr_auc', 'brier', 'ece', 'lift_10pc', 'share_brier', 'gain', 'auc_gain'] %}
    round({{ figure }}, 9) as {{ figure }},
    {% endfor %}
    compared_tests,
    round(sqrt(
        greatest(gain_squares - compared_tests * gain * gain, 0) / nullif(compared_tests - 1, 0) / compared_tests
    ), 9) as gain_error,
    -- Better than chance, beyond two standard errors of one test: the windows of the tests overlap.
    auc - 0.5 > 2 * sqrt(chance_variance) as ranks_well,
    brier < share_brier as predicts_well
from sums
