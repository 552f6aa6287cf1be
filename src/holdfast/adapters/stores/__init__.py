"""Where everything is kept: one SQLite file on one machine, or PostgreSQL."""
