-- One row per lifetime version that could score from today on: the verdict, and why. Recipes are judged by their
-- back-tests: the one whose amounts order customers best scores. Of recipes within 0.005 of it, the one with the lowest
-- mean error. Without a back-test the spend rate scores.
with

candidates as (

    select
        fits.model_code,
        fits.version,
        fits.method,
        fits.status,
        fits.why,
        recipes.tests,
        recipes.tested_customers,
        recipes.spearman,
        recipes.mae,
        recipes.capture_10pc,
        recipes.ratio_of_totals,
        recipes.ranks_well,
        max(recipes.tests) over (partition by fits.model_code) as most_tests,
        max(case when fits.status = 'fitted' then recipes.spearman end) over (partition by fits.model_code)
            as best_spearman,
        max(case when fits.method = 'spend_rate' then recipes.mae end) over (partition by fits.model_code)
            as spend_rate_mae
    from {{ ref('int_fits') }} as fits
    left join {{ ref('int_lifetime_recipes') }} as recipes
        on fits.model_code = recipes.model_code and fits.method = recipes.recipe
    where fits.place = 0 and fits.kind = 'lifetime'

),

placed as (

    select
        *,
        row_number() over (
            partition by model_code
            order by
                case when status = 'fitted' then 0 else 1 end,
                -- Fewer tests are other tests.
                case when tests = most_tests and spearman >= best_spearman - 0.005 then 0 else 1 end,
                case when tests = most_tests then mae end nulls last,
                -- In a shop of less than a year these two are the same. Afterwards it mostly pays to expect nothing of
                -- customers who bought nothing for a year.
                case method when 'spend_rate' then 0 when 'two_part_active' then 1 else 2 end,
                version
        ) as place_among
    from candidates

)

select
    placed.model_code,
    placed.version,
    case
        when placed.status <> 'fitted' then placed.status
        -- A fit that failed is no reason to go back to the spend rate, as long as an earlier version scores.
        when
            placed.method = 'spend_rate' and incumbents.version is not null
            and bool_or(placed.status = 'failed') over (partition by placed.model_code)
            then 'rejected'
        when placed.place_among > 1 then 'rejected'
        when placed.version = incumbents.version then 'unchanged'
        else 'champion'
    end as verdict,
    case
        when placed.status <> 'fitted' then placed.why
        when placed.tests is null then 'nothing to test it on yet'
        else
            'Spearman ' || cast(round(placed.spearman, 3) as string) || ', mean error '
            || cast(round(placed.mae, 2) as string) || ' {{ var("currency") }} where the spend rate has '
            || cast(round(placed.spend_rate_mae, 2) as string) || ', over ' || cast(placed.tests as string)
            || ' back-tests'
    end as why,
    placed.tested_customers,
    placed.spearman,
    placed.mae,
    placed.capture_10pc,
    placed.ratio_of_totals,
    -- What customers spent needs no proof that it orders them.
    coalesce(placed.ranks_well, placed.method = 'spend_rate') as ranks_well,
    coalesce(placed.mae <= placed.spend_rate_mae, false) as predicts_well
from placed
left join {{ ref('int_incumbents') }} as incumbents on placed.model_code = incumbents.model_code
