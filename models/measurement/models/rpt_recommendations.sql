-- One row per back-test, list and method of recommending ten products to each customer: how many of them they bought in
-- the 90 days after. The method with is_used makes the list now.
select
    tested_at,
    list_name,
    method,
    customers,
    recall_at_10,
    hit_rate_at_10,
    repeat_recall_at_10,
    new_recall_at_10,
    repeat_share,
    gain,
    gain_error,
    is_used
from {{ ref('int_recommendation_tests') }}
