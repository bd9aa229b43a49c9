-- One row per simulated person: their data, their identifiers, and how much they buy and browse.
with

numbered as (

    select
        range as person_id,
        pick([
            'US', 'US', 'US', 'US', 'US', 'US', 'US', 'US', 'US', 'US', 'US', 'US', 'US', 'US',
            'FR', 'FR', 'AU', 'AU', 'GB', 'DE'
        ], chance(range, 1)) as country_code,
        pick([
            'Ada', 'Ben', 'Cleo', 'Dan', 'Eva', 'Finn', 'Gina', 'Hugo', 'Ines', 'Jack', 'Kim', 'Leo', 'Mia',
            'Noah', 'Olga', 'Paul', 'Quin', 'Rosa', 'Sam', 'Tess', 'Uma', 'Vic', 'Wes', 'Xena', 'Yann', 'Zoe'
        ], chance(range, 2)) as first_name,
        pick([
            'Abbott', 'Baker', 'Carter', 'Dupont', 'Evans', 'Fischer', 'Garcia', 'Hill', 'Ito', 'Jones', 'Klein',
            'Lopez', 'Moore', 'Nguyen', 'Olsen', 'Patel', 'Quinn', 'Reed', 'Smith', 'Taylor', 'Usher', 'Vega',
            'Walker', 'Xu', 'Young', 'Zeller'
        ], chance(range, 3)) as last_name,
        pick(['CA', 'NY', 'TX', 'OH', 'WA', 'FL'], chance(range, 4)) as us_region,
        date '1940-01-01' + cast(floor(chance(range, 5) * 24000) as integer) as birth_date,
        chance(range, 6) < 0.85 as has_account,
        chance(range, 7) < 0.60 as has_card,
        chance(range, 8) < 0.95 as has_email,
        chance(range, 9) < 0.40 as has_phone,
        -- The shop has grown for four years: half of the people joined in the last one and a half.
        1460 * power(chance(range, 10), 1.4) + 3 as joined_days_ago,
        case when chance(range, 11) < 0.4 then chance(range, 12) else 0 end as share_of_time_away,
        -- Long tails: the most active people buy and browse hundreds of times as much as the median.
        case when chance(range, 13) < 0.12 then 0 else exp(1.1 * bell(range, 14)) end as buying,
        exp(0.9 * bell(range, 16) + 0.4 * bell(range, 14)) as browsing
    from range(1, cast(getvariable('customers') as bigint) + 1)

),

placed as (

    select
        *,
        row_number() over (partition by country_code order by has_phone desc, chance(person_id, 18), person_id)
            as phone_place
    from numbered

)

select
    placed.person_id,
    placed.country_code,
    placed.first_name,
    placed.last_name,
    placed.birth_date,
    placed.joined_days_ago,
    placed.share_of_time_away * placed.joined_days_ago as left_days_ago,
    placed.buying,
    placed.browsing,
    case when placed.country_code = 'US' then placed.us_region end as region,
    printf('%05d', 10000 + placed.person_id % 80000) as postal_code,
    pick(['Oak', 'Elm', 'Mill', 'Church', 'Station', 'Park', 'Hill', 'Lake'], chance(placed.person_id, 28)) || ' '
    || pick(['Street', 'Road', 'Lane', 'Avenue'], chance(placed.person_id, 29)) as street,
    cast(1 + placed.person_id % 180 as varchar) as house_number,
    case when placed.has_email
        then lower(placed.first_name || '.' || placed.last_name) || placed.person_id || '@example.com'
    end as email,
    case when placed.has_phone then numbers.phone end as phone,
    case when placed.has_account then 'a' || printf('%09d', placed.person_id) end as account_id,
    case when placed.has_card then printf('77%010d', placed.person_id) end as card_number,
    'c' || printf('%09d', placed.person_id) as contact_id
from placed
left join phone_numbers as numbers
    on placed.country_code = numbers.country_code and placed.phone_place = numbers.place
