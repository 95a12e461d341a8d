"""The ``tintype`` command."""
