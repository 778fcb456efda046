package graph

// ExecutorOnly leaves every answer to the executor.
func ExecutorOnly(c *Config) { c.executorOnly = true }
