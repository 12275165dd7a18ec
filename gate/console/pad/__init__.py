"""The PIN pad at a door, and the page where pads are added."""
