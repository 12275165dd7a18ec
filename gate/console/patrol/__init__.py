"""The page for whoever walks through the compound and sees to it that nobody is parked in."""
