"""The one error of the benchmark."""


class BenchError(Exception):
    """One clear sentence that says what went wrong; shown without a traceback, in the table as a failure."""
