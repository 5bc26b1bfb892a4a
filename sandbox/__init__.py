"""The vendors in a box: local servers that speak the vendors' real wire protocols with seeded data."""
