"""Who answers in the sandbox: rules, one file per role, that write from tool results only."""
