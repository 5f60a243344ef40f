"""The real parts that the product works with, as plain processes on loopback."""
