-- One row per pair of records that may be one person, with the evidence (bits) and the probability. A rare name or
-- place says more than a common one when it agrees, but only compared with strangers: people of one household share it
-- too. A pair of unchanged records is not compared again: its recorded pattern gets a new weight.
{% set rare = {'first_name': 1, 'last_name': 2, 'street': 3, 'address_2': 5, 'city': 6} %}
with

records as (

    select * from {{ ref('int_match_records') }}

),

unchanged as (

    select
        records.record_id,
        records.record_no
    from records
    cross join {{ ref('int_match_plan') }} as plan
    inner join {{ ref('stg_ledger__match_records') }} as earlier
        on records.record_id = earlier.record_id and records.fingerprint = earlier.fingerprint
    where not plan.is_due

),

pairs as (

    select left_no, right_no, pattern
    from {{ ref('int_match_levels') }}
    where not is_random
    union
    select lefts.record_no, rights.record_no, earlier.pattern
    from {{ ref('stg_ledger__match_scores') }} as earlier
    inner join unchanged as lefts on earlier.left_record_id = lefts.record_id
    inner join unchanged as rights on earlier.right_record_id = rights.record_id

),

likely_pairs as (

    select
        pairs.left_no,
        pairs.right_no,
        pairs.pattern,
        weights.household_bits,
        weights.strangers_bits
    from pairs
    inner join {{ ref('int_match_weights') }} as weights on pairs.pattern = weights.pattern
    -- Rare values can add to strangers_bits only, so the bound on them is lower.
    where weights.household_bits > -7 and weights.strangers_bits > -20

),

{% for field in rare %}
{{ field }}_counts as (

    select
        {{ field }},
        ln(sum(count(*) * count(*)) over () / sum(count(*)) over () / count(*)) / ln(2) as rarity
    from records
    where {{ field }} is not null
    group by {{ field }}

),
{% endfor %}

weighed as (

    select
        likely_pairs.left_no,
        likely_pairs.right_no,
        lefts.record_id as left_record_id,
        rights.record_id as right_record_id,
        lefts.source_system as left_source,
        rights.source_system as right_source,
        likely_pairs.pattern,
        likely_pairs.household_bits,
        likely_pairs.strangers_bits
        {%- for field, place in rare.items() %}
        + case when substring(likely_pairs.pattern, {{ place }}, 1) = '4' then {{ field }}_counts.rarity else 0 end
        {%- endfor %} as strangers_bits
    from likely_pairs
    inner join records as lefts on likely_pairs.left_no = lefts.record_no
    inner join records as rights on likely_pairs.right_no = rights.record_no
    {% for field in rare -%}
    left join {{ field }}_counts on lefts.{{ field }} = {{ field }}_counts.{{ field }}
    {% endfor %}

),

combined as (

    select
        *,
        least(household_bits, strangers_bits)
        - ln(1 + power(2, least(household_bits, strangers_bits) - greatest(household_bits, strangers_bits))) / ln(2)
            as match_weight
    from weighed

)

select
    left_no,
    right_no,
    left_record_id,
    right_record_id,
    left_source,
    right_source,
    pattern,
    match_weight,
    1 / (1 + power(2, -greatest(least(match_weight, 60), -60))) as match_probability
from combined
where match_weight > -7
