-- One row per channel that can show variants, and customer it can reach: e-mail by a deliverable address, the website
-- by a login or device.
select 'email' as channel, customer_key
from {{ ref('dim_customers') }}
where email is not null and is_email_deliverable
union all
select distinct 'website' as channel, customer_key
from (
    select customer_key from {{ ref('int_identifiers') }}
    where id_type = 'account_id'
    union all
    select customer_key from {{ ref('int_anonymous_visitors') }}
) as visitors
