"""One module a command: reads options, calls the rooms, prints. Holds no arithmetic."""
