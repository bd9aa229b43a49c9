"""audiencekit: customer segments as SQL, and the audiences every channel picks up.

The dbt models define the data. This package does what SQL cannot: it reads a user's files, finds
connected components, parses contact points, checks and publishes, and is the command line.
"""

from importlib.metadata import version

__version__ = version("audiencekit")
