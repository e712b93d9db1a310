# What is generated, and what of Kubernetes' sources it is generated from: an extract of its schemas, reasons of events.

.PHONY: generate generate-check kubernetes-schemas event-reasons

generate: ## Write anew what is generated: CRD, API reference, rights, table of children, page on events
	@$(UV) run --quiet python -m dev.generate

generate-check: ## Fail if what `make generate` writes is not current
	@$(UV) run --quiet python -m dev.generate --check

kubernetes-schemas: ## Fetch the schemas of newly used Kubernetes types (needs Go)
	@$(UV) run --quiet python -m dev.kubernetes_schemas

event-reasons: ## List anew the reasons of events in the sources of Kubernetes (needs Go)
	@$(UV) run --quiet python -m dev.event_reasons
