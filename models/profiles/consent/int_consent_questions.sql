-- One row per customer, purpose and channel to decide about: 'all' for every customer and purpose, and a single channel
-- where a decision names it.
select
    residents.customer_key,
    residents.jurisdiction,
    purposes.purpose,
    'all' as channel
from {{ ref('int_customer_jurisdictions') }} as residents
cross join (select distinct purpose from {{ ref('consent_defaults') }}) as purposes
union all
select distinct
    residents.customer_key,
    residents.jurisdiction,
    decisions.purpose,
    decisions.channel
from {{ ref('fct_consent') }} as decisions
inner join {{ ref('int_customer_jurisdictions') }} as residents on decisions.customer_key = residents.customer_key
where decisions.channel is not null
