-- Law: reporting holds aggregates only: no table of it has a column that names or keys a person.
{% set named = ['email', 'phone', 'first_name', 'last_name', 'customer_key', 'account_id', 'contact_id', 'id_value'] %}
{% for node in models_named('rpt_') %}
{% for column in node.columns.keys() if column in named %}
select '{{ node.name }}.{{ column }}' as offender
union all
{% endfor %}
{% endfor %}
select cast(null as string) as offender
where false
