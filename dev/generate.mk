# What is generated from the model, and the extract of Kubernetes' schemas that it is generated with.

.PHONY: generate generate-check kubernetes-schemas

generate: ## Write crds/myapps.yaml and docs/api.md anew from the model
	@$(UV) run --quiet python -m dev.generate

generate-check: ## Fail if crds/myapps.yaml or docs/api.md do not fit the model
	@$(UV) run --quiet python -m dev.generate --check

kubernetes-schemas: ## Fetch the schemas of newly used Kubernetes types (needs Go)
	@$(UV) run --quiet python -m dev.kubernetes_schemas
