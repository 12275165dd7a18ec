"""The guard's page: what happens at the lanes as it happens, and a button that opens each of them.

`create_app` (in `app`) builds it on a `Watch` and `Accounts` (in `watch`); `ConsoleServer` (in `serving`) serves it.
"""
