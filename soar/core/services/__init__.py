"""Writing users, credentials and audit seals."""
