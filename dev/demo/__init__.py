"""`make demo`: the whole product on a real Kubernetes, with the commands that a user would type."""
