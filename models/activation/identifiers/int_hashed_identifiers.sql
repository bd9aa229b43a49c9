-- One row per customer: their identifiers as ad platforms hash them. A column without a platform's name is the same
-- for all platforms that take it. docs/identifiers.md says which platform takes which.
with

customers as (

    select * from {{ ref('dim_customers') }}

),

normalised as (

    select
        customer_key,
        email,
        {{ google_email('email') }} as email_google,
        {{ tiktok_email('email') }} as email_tiktok,
        phone as phone_e164,
        replace(phone, '+', '') as phone_digits,
        {{ plain_name('first_name') }} as first_name_google,
        {{ plain_name('last_name') }} as last_name_google,
        {{ letters_and_digits(plain_text('city')) }} as city,
        {{ letters_and_digits(plain_text('region')) }} as region,
        {{ meta_postal_code('postal_code', 'country_code') }} as postal_code_meta,
        {{ letters_and_digits(plain_text('country_code')) }} as country,
        case when extract(year from birth_date) >= 1900 then birth_date end as birth_date,
        country_code,
        postal_code
    from customers

),

named as (

    select
        *,
        {{ letters_and_digits('first_name_google') }} as first_name_meta,
        {{ letters_and_digits('last_name_google') }} as last_name_meta
    from normalised

)

select
    customer_key,
    {{ hashed('email') }} as email_sha256,
    {{ hashed('email_google') }} as email_google_sha256,
    {{ hashed('email_tiktok') }} as email_tiktok_sha256,
    {{ hashed('phone_e164') }} as phone_e164_sha256,
    {{ hashed('phone_digits') }} as phone_digits_sha256,
    {{ hashed('first_name_google') }} as first_name_google_sha256,
    {{ hashed('last_name_google') }} as last_name_google_sha256,
    {{ hashed('first_name_meta') }} as first_name_meta_sha256,
    {{ hashed('substring(first_name_meta, 1, 1)') }} as first_initial_meta_sha256,
    {{ hashed('last_name_meta') }} as last_name_meta_sha256,
    {{ hashed('city') }} as city_sha256,
    {{ hashed('region') }} as region_sha256,
    {{ hashed('postal_code_meta') }} as postal_code_meta_sha256,
    {{ hashed('country') }} as country_sha256,
    {{ hashed('cast(extract(year from birth_date) as string)') }} as birth_year_sha256,
    {{ hashed("lpad(cast(extract(month from birth_date) as string), 2, '0')") }} as birth_month_sha256,
    {{ hashed("lpad(cast(extract(day from birth_date) as string), 2, '0')") }} as birth_day_sha256,
    -- Google takes these two without a hash.
    upper(trim(country_code)) as region_code,
    trim(postal_code) as postal_code
from named
