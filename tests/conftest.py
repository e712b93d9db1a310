"""What holds for every test: hypothesis tries the same cases each time, however slow the machine is."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "always-alike",
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow],  # that of the machine
)
settings.load_profile("always-alike")
