# The benchmark: our operator beside the limit and a tutorial's operator. BENCH= holds further options, such as --peer.

.PHONY: bench bench-quick bench-hostile bench-full

BENCH_RUN = $(UV) run --quiet --group bench python -m dev.bench

bench: ## Measure the operator beside others, in under 30 minutes; renews docs/performance.md
	@$(BENCH_RUN) standard $(BENCH)

bench-quick: ## The same with few apps, in under five minutes; changes no file of docs/
	@$(BENCH_RUN) quick $(BENCH)

bench-hostile: ## Healthy apps beside 200 hostile objects of other tenants, in some five minutes
	@$(BENCH_RUN) hostile $(BENCH)

bench-full: ## The same with 10,000 apps, in an hour and more
	@$(BENCH_RUN) full $(BENCH)
