-- One row per pattern of agreement that this build met or the last one recorded, with how much it speaks for one person
-- (bits).
with

patterns as (

    select pattern from {{ ref('int_match_patterns') }}
    union
    select pattern from {{ ref('stg_ledger__match_scores') }}

),

weights as (

    {{ pattern_weights('patterns') }}

)

select pattern, household_bits, strangers_bits, pattern_weight
from weights
