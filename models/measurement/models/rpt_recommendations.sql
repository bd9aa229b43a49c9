-- One row per back-test, list and method of recommending ten products to each customer: how many of them they bought in
-- the 90 days after. The method with is_used makes the list now.
select
    tests.tested_at,
    tests.list_name,
    tests.method,
    tests.customers,
    tests.recall_at_10,
    tests.hit_rate_at_10,
    tests.repeat_recall_at_10,
    tests.new_recall_at_10,
    tests.repeat_share,
    tests.gain,
    tests.gain_error,
    verdicts.is_used
from {{ ref('int_recommendation_tests') }} as tests
inner join {{ ref('int_recommendation_verdicts') }} as verdicts
    on tests.list_name = verdicts.list_name and tests.method = verdicts.method
