{#-
    Text in Unicode's composed form (NFC): e and a combining accent become one letter. Spark has no such function,
    so there the text comes back as it is: names typed in decomposed form hash differently there.
-#}
{% macro nfc(text) -%}
    {{ return(adapter.dispatch('nfc', 'audiencekit')(text)) }}
{%- endmacro %}

{% macro default__nfc(text) -%} {{ text }} {%- endmacro %}

{% macro duckdb__nfc(text) -%} nfc_normalize({{ text }}) {%- endmacro %}
