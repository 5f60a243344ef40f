module pyheadlamp/bench/proxy/peer

go 1.25
