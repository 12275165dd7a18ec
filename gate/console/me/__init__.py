"""What a resident sees and does on the own phone."""
