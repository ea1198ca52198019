"""Third-party modules, run in processes of their own. Only the standard library; nothing here knows Django.

`host.py` and what it imports belong to the trusted side. `child/` runs in the module's interpreter, where
it is loaded as `watchfloor_runner` and finds nothing else of Watchfloor.
"""
