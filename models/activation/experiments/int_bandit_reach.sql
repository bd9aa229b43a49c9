-- One row per channel whose rows tell a variant and customer they can reach.
select distinct
    cast('email' as string) as channel,
    cast(customer_key as string) as customer_key
from {{ ref('dim_customers') }}
where email is not null and is_email_deliverable
union all
select distinct
    'website' as channel,
    customer_key
from {{ ref('int_identifiers') }}
where id_type = 'account_id'
union all
select distinct
    'website' as channel,
    visitors.customer_key
from {{ ref('int_anonymous_visitors') }} as visitors
left join {{ ref('int_identifiers') }} as logins
    on visitors.customer_key = logins.customer_key and logins.id_type = 'account_id'
where logins.customer_key is null
