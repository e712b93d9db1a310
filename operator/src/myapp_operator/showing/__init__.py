"""What `diff` and `explain` show. Nothing here writes to the cluster."""
