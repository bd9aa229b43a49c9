{#- A digit that sorts the reasons for leaving a customer out: consent and topics first, then experiments, then our own rules. -#}
{% macro reason_rank(reason) -%}
    case {{ reason }}
        when 'consent_withdrawn' then '1'
        when 'consent_expired' then '2'
        when 'no_consent' then '3'
        when 'topic_refused' then '4'
        when 'holdout' then '5'
        when 'not_assigned' then '5'
        when 'inactive' then '6'
        when 'excluded' then '7'
        when 'cap' then '8'
        else '9'
    end
{%- endmacro %}
