"""Activities: unpack, call one client, pack."""
