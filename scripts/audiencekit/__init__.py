"""audiencekit: customer segments as SQL, and the audiences every channel picks up.

dbt models hold what is true; this package holds what SQL cannot: reading a user's files,
connected components, contact-point parsing, the publish gate and the command line.
"""

__version__ = "0.1.0"
