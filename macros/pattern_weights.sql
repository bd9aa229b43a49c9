{#-
    How much each pattern of a relation (pattern, each once) speaks for one person: the logarithm to base 2 of how much
    likelier it is of two records of one person than of two people's: of one household, of strangers, of either
    (pattern_weight). A select, to be named in a CTE.
-#}
{% macro pattern_weights(patterns) -%}
with

params as (

    select * from {{ ref('int_match_params') }}

),

levels as (

    {{ pattern_levels(patterns, kept='pattern') }}

),

likelihoods as (

    select
        levels.pattern,
        params.relation,
        {{ exact_sum('ln(params.value)') }} as log_likelihood
    from levels
    inner join params on levels.field = params.field and levels.level = params.level
    group by levels.pattern, params.relation

),

joint as (

    select
        likelihoods.pattern,
        max(case when priors.relation = 'same' then ln(priors.value) + log_likelihood end) as log_same,
        max(case when priors.relation = 'household' then ln(priors.value) + log_likelihood end) as log_household,
        max(case when priors.relation = 'strangers' then ln(priors.value) + log_likelihood end) as log_strangers
    from likelihoods
    inner join params as priors on likelihoods.relation = priors.relation and priors.field = 'prior'
    group by likelihoods.pattern

)

select
    pattern,
    cast((log_same - log_household) / ln(2) as double) as household_bits,
    cast((log_same - log_strangers) / ln(2) as double) as strangers_bits,
    cast((
        log_same - greatest(log_household, log_strangers)
        - ln(1 + exp(least(log_household, log_strangers) - greatest(log_household, log_strangers)))
    ) / ln(2) as double) as pattern_weight
from joint
{%- endmacro %}
