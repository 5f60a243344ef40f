"""The soak: many people look at lists that change for long, while the parts around the product are restarted."""
