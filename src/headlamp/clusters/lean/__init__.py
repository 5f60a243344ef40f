"""Our own client to API servers: HTTP/1.1 on llhttp, no more than what `clusters.transport` asks for."""
