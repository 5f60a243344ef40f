"""`headlamp demo`: an identity provider, a simulated cluster and the product's server, for trying it out.

Everything here is a simulation on loopback. No product room depends on it; only `cli` starts it.
"""

from headlamp.demo.launch import run
from headlamp.demo.options import DemoOptions

__all__ = ["DemoOptions", "run"]
