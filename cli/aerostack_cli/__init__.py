"""The ``aerostack`` command: author, publish, install and update functions.

It speaks HTTP to a Hub and shares no code with it. Only ``client.py`` opens sockets,
only ``plan.py`` writes to projects, only ``output.py`` prints.
"""

__version__ = "0.1.0"
