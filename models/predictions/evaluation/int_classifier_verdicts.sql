-- One row per classifier version that could score from today on: the verdict, and why. Recipes are judged by their
-- back-tests, and the recipe that is chosen scores, fitted on the newest outcomes. The logistic regression on all
-- features is chosen, unless another recipe beats it: a Brier score lower by more than two standard errors over at
-- least three tests, and no lower AUC.
with

candidates as (

    select
        fits.model_code,
        fits.version,
        fits.status,
        fits.why,
        coalesce(fits.variant, fits.method) as recipe,
        {% for column in [
            'tests', 'compared_tests', 'gain', 'gain_error', 'tested_customers', 'auc', 'pr_auc', 'brier', 'ece', 'lift_10pc',
            'share_brier', 'ranks_well', 'predicts_well'
        ] %}
        recipes.{{ column }},
        {% endfor %}
        coalesce(recipes.tests, 0) > 0 as is_tested,
        -- The newest back-test was tested on what this version learned from. A version that orders it worse than the
        -- back-test, which had not seen it, is no good fit. That of a year also learned from other quarters.
        fits.status = 'fitted' and fits.may_score
        and coalesce(fits.training_auc >= recipes.newest_auc - 0.02 or fits.variant = 'year', true) as may_score,
        coalesce(
            recipes.compared_tests >= 3 and recipes.gain > 2 * recipes.gain_error and recipes.auc_gain >= 0, false
        ) as is_better
    from {{ ref('int_fits') }} as fits
    left join {{ ref('int_classifier_recipes') }} as recipes
        on fits.model_code = recipes.model_code and coalesce(fits.variant, fits.method) = recipes.recipe
    where fits.place = 0 and fits.kind = 'classifier'

),

placed as (

    select
        *,
        row_number() over (
            partition by model_code
            order by
                may_score desc,
                is_better desc,
                case when is_better then gain end desc nulls last,
                case when recipe = 'full' and is_tested then 0 else 1 end,
                is_tested desc,
                brier nulls last,
                -- Without a test the simplest scores.
                case recipe when 'recency' then 0 when 'rfm' then 1 else 2 end,
                version
        ) as place_among
    from candidates

)

select
    placed.model_code,
    placed.version,
    case
        when placed.status <> 'fitted' then placed.status
        when not placed.may_score or placed.place_among > 1 then 'rejected'
        when placed.version = incumbents.version then 'unchanged'
        else 'champion'
    end as verdict,
    case
        when placed.status <> 'fitted' then placed.why
        when not placed.is_tested then 'the shop is too young for a back-test'
        else
            'AUC ' || cast(round(placed.auc, 3) as string) || ', Brier ' || cast(round(placed.brier, 4) as string)
            || ' where the base rate has ' || cast(round(placed.share_brier, 4) as string)
            || ', over ' || cast(placed.tests as string) || ' back-tests'
    end as why,
    {% for figure in ['tested_customers', 'auc', 'pr_auc', 'brier', 'ece', 'lift_10pc'] %}
    placed.{{ figure }},
    {% endfor %}
    -- Recency needs no proof that it orders customers.
    coalesce(placed.ranks_well, placed.recipe = 'recency') as ranks_well,
    coalesce(placed.predicts_well, false) as predicts_well
from placed
left join {{ ref('int_incumbents') }} as incumbents on placed.model_code = incumbents.model_code
