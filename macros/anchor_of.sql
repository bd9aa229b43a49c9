{#-
    How strong the claim of an identifier on a customer key is, the strongest first: 0 for the login, card or contact id
    that the key was assigned for, else the rank of its kind. An e-mail or phone may be reassigned to somebody else, so
    the one that the key was assigned for is only half a rank stronger than another. Reads identifier_hash,
    is_reassignable and anchor_rank.
-#}
{% macro anchor_of(assigned_key_column) -%}
    case
        when identifier_hash = {{ assigned_key_column }} and is_reassignable then anchor_rank - 0.5
        when identifier_hash = {{ assigned_key_column }} then 0
        else anchor_rank
    end
{%- endmacro %}
