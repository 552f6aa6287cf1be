"""The engine: DBOS Transact behind a port, with our own reaper and our own wording."""
