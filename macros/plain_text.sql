{#-
    A name or place in one spelling: without invisible characters (joiners, direction marks, soft hyphens, emoji
    styles: those of INVISIBLE in contact_points.py), every Unicode space a plain one and none at the ends, in NFC
    and lower case.

    Engines lower İ and a final Σ differently, so both are lowered before, one character to one. A lowered letter can
    compose where its capital could not (ǰ), so NFC comes twice. Control characters are written as chr(), because
    a carriage return does not outlive a text file.

    What is plain ASCII needs none of this, and is told apart first: that is eight times faster.
-#}
{% macro plain_text(text) -%}
    {%- set controls = "chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || chr(133)" -%}
    {%- set spaces = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029"
        ~ "\u202f\u205f\u3000" -%}
    {%- set invisible = "\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
        ~ "\u2060\u2061\u2062\u2063\u2064\u2065\u2066\u2067\u2068\u2069\u206a\u206b\u206c\u206d"
        ~ "\u206e\u206f\ufe0e\ufe0f\ufeff" -%}
    {%- set plain = ' ' * (6 + spaces | length) -%}
    {%- set seen = "translate(" ~ text ~ ", " ~ controls ~ " || '" ~ spaces ~ invisible ~ "', '" ~ plain ~ "')" -%}
    case
        when {{ matches(text, '[^ -~]') }}
            then trim({{ nfc("lower(translate(" ~ nfc(seen) ~ ", 'İΣ', 'iσ'))") }})
        else trim(lower({{ text }}))
    end
{%- endmacro %}
