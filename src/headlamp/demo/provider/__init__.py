"""A small OpenID Connect provider whose sign-in page lets one choose whom to be."""
