# The local cluster. NODE=real (the default) runs real containers and needs root;
# NODE=simulated needs none: its pods turn Ready without running anything.
.PHONY: cluster cluster-metrics cluster-down

cluster: ## Start a local Kubernetes (NODE=real or NODE=simulated)
	@$(UV) run --quiet python -m dev.cluster up $(if $(NODE),--node $(NODE))

cluster-metrics: ## Add metrics-server to the local Kubernetes with real containers, for `kubectl top` and autoscaling
	@$(UV) run --quiet python -m dev.cluster metrics

cluster-down: ## Remove the local Kubernetes, the tests' one too, and everything they made
	@$(UV) run --quiet python -m dev.cluster down $(if $(NODE),--node $(NODE))
