"""Real processes on real servers, and something that dies while they work.

``test_each.py`` has one test for each fault (``make test-faults``); ``test_soak.py`` picks faults
at random from a printed seed (60 seconds in ``make test``, any time in ``make soak``).
"""
