"""Sessions: what the server keeps about somebody who is signed in, and how a browser proves that it is theirs."""
