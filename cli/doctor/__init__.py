"""``tintype doctor``: what is there, what is missing, and what to do about each."""

from cli.doctor.findings import Finding, State

__all__ = ["Finding", "State"]
