-- One row per lifetime model and recipe that this build back-tested: its mean figures over the back-tests.
with

tests as (

    select
        fits.model_code,
        fits.method as recipe,
        metrics.customers,
        metrics.spearman,
        metrics.mae,
        metrics.capture_10pc,
        metrics.ratio_of_totals
    from {{ ref('int_fits') }} as fits
    inner join {{ ref('int_lifetime_metrics') }} as metrics
        on
            fits.model_code = metrics.model_code and fits.version = metrics.version
            and fits.tested_at = metrics.tested_at
    where fits.place > 0 and fits.kind = 'lifetime' and metrics.spearman is not null

)

select
    model_code,
    recipe,
    count(*) as tests,
    cast(max(customers) as bigint) as tested_customers,
    {% for figure in ['spearman', 'mae', 'capture_10pc', 'ratio_of_totals'] %}
    round({{ exact_mean(figure) }}, 9) as {{ figure }},
    {% endfor %}
    -- Beyond two standard errors of the rank correlation of two unrelated orders, 1 / sqrt(n - 1).
    {{ exact_mean('spearman') }} > 2 / sqrt(greatest(max(customers) - 1, 1)) as ranks_well
from tests
group by model_code, recipe
