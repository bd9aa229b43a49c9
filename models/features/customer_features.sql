-- One row per customer and moment: every column of every feature table. Now is one of the moments. Where models are
-- to be trained, their cut-offs are the others. A new column of a feature table is here without a change, and so are
-- the feature tables of a project of one's own.
-- noqa: disable=structure.using, ambiguous.column_count, references.qualification
select *
from {{ ref('int_feature_spine') }}
left join {{ ref('feat_orders') }} using (customer_key, moment_at)
left join {{ ref('feat_rfm') }} using (customer_key, moment_at)
left join {{ ref('feat_categories') }} using (customer_key, moment_at)
left join {{ ref('feat_web') }} using (customer_key, moment_at)
left join {{ ref('feat_interests') }} using (customer_key, moment_at)
left join {{ ref('feat_service') }} using (customer_key, moment_at)
left join {{ ref('feat_email') }} using (customer_key, moment_at)
left join {{ ref('feat_campaigns') }} using (customer_key, moment_at)
left join {{ ref('feat_engagement') }} using (customer_key, moment_at)
left join {{ ref('feat_rhythm') }} using (customer_key, moment_at)
{% for feature in var('own_features') %}
left join {{ ref('feat_' ~ feature) }} using (customer_key, moment_at)
{% endfor %}
