"""The ``aerostack`` command: author, publish, install and update functions.

It speaks HTTP to a Hub and shares no code with it. Sockets live in ``client.py``,
project writes in ``plan.py``, and everything printed goes through ``output.py``.
"""

__version__ = "0.1.0"
