-- One row per table of the landing contract: is it there, and how many rows came through intake.
select
    table_name,
    is_present,
    file_names,
    rows_in,
    rows_kept,
    rows_quarantined,
    rows_held_back,
    newest_at
from {{ source('intake', 'tables') }}
