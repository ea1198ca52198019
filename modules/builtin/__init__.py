"""Modules shipped with Watchfloor. The runner puts this folder on the path of the child that runs them."""
