"""The enrollers' pages."""
