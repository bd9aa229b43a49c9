-- One row per audience and customer for Meta Custom Audiences. All but extern_id is hashed.
with

addressed as (

    select
        members.audience_code,
        members.customer_key as extern_id,
        {{ hashed('customers.email') }} as email,
        {{ hashed("replace(customers.phone, '+', '')") }} as phone,
        {{ hashed(plain_name('customers.first_name')) }} as fn,
        {{ hashed(plain_name('customers.last_name')) }} as ln,
        {{ hashed(replace_all('lower(customers.city)', "[ .,''-]", '')) }} as ct,
        {{ hashed(replace_all('lower(customers.region)', '[ .]', '')) }} as st,
        {{ hashed(
            "case when customers.country_code = 'US' then substring(customers.postal_code, 1, 5) "
            ~ "else replace(lower(customers.postal_code), ' ', '') end"
        ) }} as zip,
        {{ hashed('lower(customers.country_code)') }} as country,
        {{ hashed('cast(extract(year from customers.birth_date) as string)') }} as doby
    from {{ ref('int_audience_members') }} as members
    inner join {{ ref('dim_customers') }} as customers on members.customer_key = customers.customer_key
    where members.channel = 'meta' and coalesce(customers.email, customers.phone) is not null

),

said as (

    select
        {{ audience_row_id('meta', 'audience_code', 'extern_id') }} as audience_row_id,
        audience_code,
        extern_id,
        email,
        phone,
        fn,
        ln,
        ct,
        st,
        zip,
        country,
        doby,
        {{ row_hash([
            'audience_code', 'extern_id', 'email', 'phone', 'fn', 'ln', 'ct', 'st', 'zip', 'country', 'doby'
        ]) }} as row_hash
    from addressed

)

select
    said.*,
    {{ since_last_change() }}
from said
left join {{ source('ledger', 'audience_rows') }} as last_rows
    on
        last_rows.channel = 'meta'
        and said.audience_row_id = last_rows.audience_row_id
        and said.row_hash = last_rows.row_hash
