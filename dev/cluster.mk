# The local cluster. NODE=real (the default) runs real containers and needs root;
# NODE=simulated needs none: its pods turn Ready without running anything.
NODE ?= real

.PHONY: cluster cluster-down

cluster: ## Start a local Kubernetes (NODE=real or NODE=simulated)
	@$(UV) run --quiet python -m dev.cluster up --node $(NODE)

cluster-down: ## Remove the local Kubernetes and everything it made
	@$(UV) run --quiet python -m dev.cluster down --node $(NODE)
