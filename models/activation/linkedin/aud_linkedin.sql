-- One row per audience and customer for LinkedIn Matched Audiences.
with

addressed as (

    select
        members.audience_code,
        members.customer_key,
        {{ hashed('customers.email') }} as sha256_email
    from {{ ref('int_audience_members') }} as members
    inner join {{ ref('dim_customers') }} as customers on members.customer_key = customers.customer_key
    where members.channel = 'linkedin' and customers.email is not null

)

select
    {{ audience_row_id('linkedin', 'audience_code', 'customer_key') }} as audience_row_id,
    audience_code,
    sha256_email,
    {{ audience_stamp(['audience_code', 'sha256_email']) }}
from addressed
