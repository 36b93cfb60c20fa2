"""Pictures of what people see on Discord, made from the payloads that the loopback Discord holds."""
