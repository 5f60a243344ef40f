"""What claims about performance rest on: `make bench`. Figures are ratios of two ways to do the same, in one run."""
