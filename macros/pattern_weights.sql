{#-
    How much each pattern of a relation (column pattern, each once) speaks for one person, in bits: the logarithm to
    base 2 of how much more likely the pattern is for two records of one person than for records of two people of one
    household (household_bits), of strangers (strangers_bits), or of either (pattern_weight). The macro writes a select,
    for a CTE.
-#}
{% macro pattern_weights(patterns) -%}
{%- set relations = match_relations()['one_person'] + match_relations()['two_people'] -%}
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
        {% for relation in relations -%}
        max(
            case when priors.relation = '{{ relation }}' then priors.value * exp(likelihoods.log_likelihood) end
        ) as {{ relation }}{{ ',' if not loop.last }}
        {% endfor %}
    from likelihoods
    inner join params as priors on likelihoods.relation = priors.relation and priors.field = 'prior'
    group by likelihoods.pattern

),

sides as (

    select
        pattern,
        same + moved as one_person,
        household,
        namesakes + family_name + birthday + strangers as strangers
    from joint

)

select
    pattern,
    cast(ln(one_person / household) / ln(2) as double) as household_bits,
    cast(ln(one_person / strangers) / ln(2) as double) as strangers_bits,
    cast(ln(one_person / (household + strangers)) / ln(2) as double) as pattern_weight
from sides
{%- endmacro %}
