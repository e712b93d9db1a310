"""`make bench`: our operator measured beside the limit, a tutorial's operator and any other; docs/performance.md."""
