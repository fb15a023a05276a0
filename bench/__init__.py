"""What scripts/bench runs: gateways side by side, the same calls for all, and what each call cost."""
