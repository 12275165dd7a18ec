"""The enrollers' pages: finding a household, its people and vehicles, their consents, photos and ways in."""
