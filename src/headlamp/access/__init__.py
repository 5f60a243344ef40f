"""What a user may do in a cluster: who they are there, their rules, the namespaces they can see.

Everything here is the API server's own answer, asked with the user's own credential; nothing is decided by us.
"""

from headlamp.access.namespaces import Namespaces, list_namespaces
from headlamp.access.reviews import Acceptance, Rules, WhoAmI, acceptance, rules, who_am_i

__all__ = ["Acceptance", "Namespaces", "Rules", "WhoAmI", "acceptance", "list_namespaces", "rules", "who_am_i"]
