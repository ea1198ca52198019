"""PostgreSQL, asked for its health only when it may have gone."""
