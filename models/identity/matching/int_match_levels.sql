-- One row per pair of records that are compared, and how far each field agrees, as macros/agreement.sql spells it.
{{ agreement(ref('int_match_candidates'), kept=['is_random']) }}
