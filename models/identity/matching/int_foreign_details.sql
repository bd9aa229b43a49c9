-- One row per contact or account with a letter beyond ASCII in its name or address, with these texts in lower case.
{% set texts = ['first_name', 'last_name', 'street', 'house_number', 'address_2', 'city', 'region', 'postal_code'] %}
select
    {% for text in texts %}
    {{ plain_text(text) }} as {{ text }},
    {% endfor %}
    record_id
from {{ ref('int_record_details') }}
where {{ matches("concat_ws(' ', " ~ texts | join(', ') ~ ")", '[^ -~]') }}
