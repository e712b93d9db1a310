"""The one error of the local cluster."""


class ClusterError(Exception):
    """One clear sentence that says what went wrong and what to do next; shown without a traceback."""
