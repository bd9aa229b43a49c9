{#- A digit that sorts the reasons for leaving a customer out: consent first, then experiments, then our own rules. -#}
{% macro reason_rank(reason) -%}
    case {{ reason }}
        when 'consent_withdrawn' then '1'
        when 'consent_expired' then '2'
        when 'no_consent' then '3'
        when 'holdout' then '4'
        when 'inactive' then '5'
        when 'excluded' then '6'
        when 'cap' then '7'
        else '8'
    end
{%- endmacro %}
