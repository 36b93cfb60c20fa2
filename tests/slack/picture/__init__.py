"""Pictures of what people see on Slack, made from the payloads that the loopback Slack holds."""
