"""Building the container images and bringing them to a cluster, with or without Docker and a registry.

    built = build(OPERATOR)            # nothing is built twice from the same files
    load(destination, built)           # the name by which the cluster then knows the image

Tests build images of their own the same way: `build(Image("tutorial", context=folder))`.
"""

from dev.images.build import Built, build
from dev.images.load import Destination, destination_of_context, load
from dev.images.recipe import APP, OPERATOR, Image

__all__ = ["APP", "OPERATOR", "Built", "Destination", "Image", "build", "destination_of_context", "load"]
