"""What clusters there are, how they are trusted, and the one door to them."""
