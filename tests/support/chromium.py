"""How Chromium is started wherever this repository drives it: headless, as root, and with no wish to call home."""

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# How long a page may take for what is waited for, on a machine that has other things to do.
PATIENCE_MS = 30_000
