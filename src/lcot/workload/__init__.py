"""Floor 2: from a model's config.json to operators."""
