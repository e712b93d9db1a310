# The demo. CLUSTER=current uses the cluster of your kubectl context; IMAGE_REGISTRY= names a registry for its images.

.PHONY: demo demo-first images

# A target of its own, so that this is said before make fetches uv to run the rest.
demo-first:
	@echo "It needs git, make and python3 beforehand; uv and Python packages come from PyPI, into your cache and .venv here."

demo: demo-first ## Show the whole product: cluster, images, operator, an app
	@$(UV) run python -m dev.demo

images: ## Build the two images (by docker where its daemon runs, else by buildah)
	@$(UV) run python -m dev.images
