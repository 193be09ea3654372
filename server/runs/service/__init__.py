"""Use cases of runs: open, plan, dispatch, fold what happened, keep where they were."""
