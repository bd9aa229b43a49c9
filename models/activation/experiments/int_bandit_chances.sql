-- One row per bandit and variant: the chance that its rate is the highest. The chance is the integral of the variant's
-- density times the other variants' distribution functions. The points of the integral are dense where any of the
-- rates is likely.
with

posteriors as (

    select
        *,
        a / (a + b) as mean,
        sqrt(a * b / (a + b + 1)) / (a + b) as deviation
    from {{ ref('int_bandit_posteriors') }}

),

digits as (

    {% for digit in range(10) %}
    select {{ digit }} as digit {{ 'union all' if not loop.last }}
    {% endfor %}

),

points as (

    -- From 8 deviations below the mean to 12 above: a rare success has a long right tail.
    select distinct
        posteriors.experiment_code,
        least(greatest(
            posteriors.mean + posteriors.deviation
            * ((ones.digit + 10 * tens.digit + 100 * hundreds.digit) / 20.0 - 8),
            1e-12
        ), 1 - 1e-12) as rate
    from posteriors
    cross join digits as ones
    cross join digits as tens
    cross join digits as hundreds
    where hundreds.digit < 4

),

densities as (

    select
        points.experiment_code,
        points.rate,
        posteriors.variant,
        -- Relative to the density at the mean, so that it neither underflows nor overflows.
        exp(
            (posteriors.a - 1) * (ln(points.rate) - ln(posteriors.mean))
            + (posteriors.b - 1) * (ln(1 - points.rate) - ln(1 - posteriors.mean))
        ) as density
    from points
    inner join posteriors on points.experiment_code = posteriors.experiment_code

),

slices as (

    select
        *,
        (density + lag(density, 1, density) over at_variant)
        / 2 * (rate - lag(rate, 1, rate) over at_variant) as mass
    from densities
    window at_variant as (partition by experiment_code, variant order by rate)

),

cumulated as (

    select
        *,
        sum(cast(mass as decimal(38, 18))) over (
            partition by experiment_code, variant order by rate rows between unbounded preceding and current row
        ) as mass_below,
        sum(cast(mass as decimal(38, 18))) over (partition by experiment_code, variant) as whole_mass
    from slices

),

probabilities as (

    select
        experiment_code,
        rate,
        variant,
        mass / cast(whole_mass as double) as probability,
        -- At the middle of the slice.
        ln(greatest((cast(mass_below as double) - mass / 2) / cast(whole_mass as double), 1e-300)) as log_below
    from cumulated

),

compared as (

    select
        *,
        cast(sum(cast(log_below as decimal(38, 18))) over (partition by experiment_code, rate) as double)
            as log_all_below
    from probabilities

),

chances as (

    select
        experiment_code,
        variant,
        {{ exact_sum('probability * exp(log_all_below - log_below)') }} as chance
    from compared
    group by experiment_code, variant

)

select
    experiment_code,
    variant,
    -- Scaled, because the integrals of a bandit add up to 1 only approximately.
    chance / cast(sum(cast(chance as decimal(38, 18))) over (partition by experiment_code) as double) as chance_best
from chances
