# What is generated from the model and the list of kinds, and the extract of Kubernetes' schemas that it is generated with.

.PHONY: generate generate-check kubernetes-schemas

generate: ## Write anew what comes from the model: CRD, API reference, rights, table of children
	@$(UV) run --quiet python -m dev.generate

generate-check: ## Fail if what `make generate` writes is not current
	@$(UV) run --quiet python -m dev.generate --check

kubernetes-schemas: ## Fetch the schemas of newly used Kubernetes types (needs Go)
	@$(UV) run --quiet python -m dev.kubernetes_schemas
