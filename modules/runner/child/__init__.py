"""The untrusted side: what runs in a module's interpreter, and the namespaces it offers to the module.

Inside the child this package is called `watchfloor_runner`, therefore its imports are relative.
"""
