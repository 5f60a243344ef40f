"""What the tests drive the product with."""
